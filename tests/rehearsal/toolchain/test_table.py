from __future__ import annotations

import re

import pytest

from rehearsal.toolchain.addon_programs import ADDON_PROGRAMS
from rehearsal.toolchain.amazon_vpc_cni import AMAZON_VPC_CNI
from rehearsal.toolchain.cilium import CILIUM
from rehearsal.toolchain.csi_sidecars import CSI_SIDECARS
from rehearsal.toolchain.errors import ToolchainError
from rehearsal.toolchain.golang import private_version
from rehearsal.toolchain.kubernetes_plugin import KUBERNETES_PLUGIN
from rehearsal.toolchain.release import Release, Tool
from rehearsal.toolchain.table import (
    COREDNS,
    DEFAULT_TOOLS,
    ETCD,
    KUBE_SCORE,
    KUBERNETES,
    PULUMI,
    TOOLS,
    TRAEFIK,
    tools_named,
)

_RELEASES = (PULUMI, KUBERNETES, ETCD, COREDNS, TRAEFIK, KUBE_SCORE, KUBERNETES_PLUGIN, CILIUM, AMAZON_VPC_CNI)
_ADDONS = tuple({tool.release.name: tool.release for tool in (*ADDON_PROGRAMS, *CSI_SIDECARS)}.values())


def _requirements(release: Release) -> dict[str, str]:
    text = (release.folder / "go.mod").read_text(encoding="utf-8")
    return dict(re.findall(r"^(?:\t|require )([^\s(]+) v([^\s/]+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    "release",
    [*_RELEASES, *_ADDONS],
    ids=lambda release: release.name,
)
def test_the_table_and_the_go_module_pin_the_same_version(release: Release) -> None:
    assert _requirements(release)[release.pinned_module] == str(release.version)


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_the_go_module_keeps_every_tool_by_an_import(tool: Tool) -> None:
    assert f'_ "{tool.package}"' in (tool.release.folder / "tools.go").read_text(encoding="utf-8")


def test_every_staging_module_is_replaced_by_the_release_that_belongs_to_kubernetes() -> None:
    text = (KUBERNETES.folder / "go.mod").read_text(encoding="utf-8")
    replaced = re.findall(r"^\t(k8s\.io/\S+) => (\S+) v(\S+)$", text, re.MULTILINE)
    assert len(replaced) == 33
    assert {version for _, _, version in replaced} == {f"0.{KUBERNETES.version.minor}.{KUBERNETES.version.patch}"}
    assert all(module == by for module, by, _ in replaced)


def test_etcd_programs_are_of_one_release() -> None:
    requirements = _requirements(ETCD)
    assert {requirements[f"go.etcd.io/etcd/{name}/v3"] for name in ("server", "etcdctl", "etcdutl")} == {
        str(ETCD.version)
    }


def test_the_private_go_satisfies_every_module() -> None:
    private = tuple(map(int, private_version().split(".")))
    for release in (*_RELEASES, *_ADDONS):
        if release.module == "prometheus":
            continue  # Prometheus asks for a newer one, which Go fetches itself.
        text = (release.folder / "go.mod").read_text(encoding="utf-8")
        match = re.search(r"^go (\S+)$", text, re.MULTILINE)
        assert match is not None
        assert tuple(map(int, match[1].split("."))) <= private


def test_only_what_up_needs_is_provided_by_default() -> None:
    assert DEFAULT_TOOLS == (
        "pulumi",
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubectl",
        "kubeadm",
    )


def test_linker_flags() -> None:
    assert PULUMI.ldflags == "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0"
    assert ETCD.ldflags == "-s -w"
    assert KUBERNETES.ldflags == (
        "-s -w"
        " -X k8s.io/component-base/version.gitVersion=v1.37.2"
        " -X k8s.io/component-base/version.gitMajor=1"
        " -X k8s.io/component-base/version.gitMinor=37"
        " -X k8s.io/component-base/version.gitTreeState=clean"
        " -X k8s.io/client-go/pkg/version.gitVersion=v1.37.2"
        " -X k8s.io/client-go/pkg/version.gitMajor=1"
        " -X k8s.io/client-go/pkg/version.gitMinor=37"
        " -X k8s.io/client-go/pkg/version.gitTreeState=clean"
    )


def test_names_of_built_files_follow_go() -> None:
    built = {tool.name: tool.built_name for tool in TOOLS.values()}
    assert built == {name: name for name in TOOLS} | {
        "etcd": "server",
        "node-termination-handler": "cmd",
        "node-problem-detector": "nodeproblemdetector",
        "cert-manager-controllers": "controller",
        "csi-driver": "driver",
        "aws-cni": "routed-eni-cni-plugin",
        "egress-cni": "egress-cni-plugin",
        "cilium-agent": "daemon",
        "cilium-operator-generic": "operator",
        "cilium-mount": "mount",
        "cilium-sysctlfix": "sysctlfix",
        "cilium-health-responder": "responder",
    }


def test_tools_are_named_once_and_in_order() -> None:
    assert [tool.name for tool in tools_named(["kubectl", "etcd", "kubectl"])] == ["kubectl", "etcd"]


def test_every_unknown_name_is_told() -> None:
    with pytest.raises(ToolchainError) as caught:
        tools_named(["etcd", "kubectx", "helm"])
    assert str(caught.value) == (
        "No tool is named 'kubectx', 'helm'. The tools are: pulumi, etcd, kube-apiserver, "
        "kube-controller-manager, kube-scheduler, kubectl, kubeadm, kubelet, kube-proxy, etcdctl, etcdutl, promtool, "
        "prometheus, coredns, kube-score, traefik, aws-cloud-controller-manager, kube-state-metrics, node_exporter, "
        "alertmanager, amtool, node-termination-handler, node-problem-detector, "
        "cert-manager-controllers, pebble, csi-provisioner, csi-attacher, csi-resizer, csi-driver, "
        "aws-k8s-agent, aws-vpc-cni, aws-vpc-cni-init, aws-cni, egress-cni, "
        "grpc-health-probe, cilium-agent, cilium-operator-generic, cilium-dbg, cilium-cni, "
        "cilium-mount, cilium-sysctlfix, cilium-health-responder, pulumi-resource-kubernetes."
    )
