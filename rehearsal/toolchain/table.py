"""The programs a rehearsed environment runs: the version, the Go package, and what will do instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from semver import Version

from rehearsal.toolchain.addon_programs import ADDON_PROGRAMS
from rehearsal.toolchain.amazon_vpc_cni import AMAZON_VPC_CNI_PROGRAMS
from rehearsal.toolchain.cilium import CILIUM_PROGRAMS
from rehearsal.toolchain.csi_sidecars import CSI_SIDECARS
from rehearsal.toolchain.errors import ToolchainError
from rehearsal.toolchain.kubernetes_plugin import KUBERNETES_PLUGIN_TOOL
from rehearsal.toolchain.patches import Patch
from rehearsal.toolchain.release import Release, Tool
from rehearsal.toolchain.versions import (
    MINOR_NOT_OLDER,
    NOT_OLDER_IN_MAJOR,
    SAME_MINOR,
    WITHIN_ONE_MINOR,
    Rule,
)


def _kubernetes_variables() -> tuple[tuple[str, str], ...]:
    # The set that hack/lib/version.sh of Kubernetes links into every program, without commit and date.
    values = (
        ("gitVersion", "v{version}"),
        ("gitMajor", "{major}"),
        ("gitMinor", "{minor}"),
        ("gitTreeState", "clean"),
    )
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return tuple((f"{package}.{name}", value) for package in packages for name, value in values)


PULUMI: Final = Release(
    name="pulumi",
    version=Version(3, 259, 0),
    module="engine",
    pinned_module="github.com/pulumi/pulumi/pkg/v3",
    purpose="the Pulumi engine",
    variables=(("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version", "v{version}"),),
    build_minutes=4,
)
KUBERNETES: Final = Release(
    name="kubernetes",
    version=Version(1, 37, 2),
    module="kubernetes",
    pinned_module="k8s.io/kubernetes",
    purpose="the Kubernetes control plane",
    variables=_kubernetes_variables(),
    build_minutes=8,
)
ETCD: Final = Release(
    name="etcd",
    version=Version(3, 7, 3),
    module="etcd",
    pinned_module="go.etcd.io/etcd/server/v3",
    purpose="the store behind the API server",
    variables=(),
    build_minutes=1,
)
COREDNS: Final = Release(
    name="coredns",
    version=Version(1, 15, 0),
    module="coredns",
    pinned_module="github.com/coredns/coredns",
    purpose="the DNS of pods",
    variables=(),
    build_minutes=4,
)
PROMETHEUS: Final = Release(
    name="prometheus",
    # Prometheus 3.16.0: the module, which has no major version, has that of the program before the minor one.
    version=Version(0, 316, 0),
    module="prometheus",
    pinned_module="github.com/prometheus/prometheus",
    purpose="Prometheus",
    variables=(("github.com/prometheus/common/version.Version", "{version}"),),
    build_minutes=5,
)

KUBE_SCORE: Final = Release(
    name="kube-score",
    version=Version(1, 20, 0),
    module="kube-score",
    pinned_module="github.com/zegl/kube-score",
    purpose="a linter of Kubernetes objects",
    variables=(("main.version", "{version}"),),
    build_minutes=2,
)
TRAEFIK: Final = Release(
    name="traefik",
    version=Version(3, 7, 13),
    module="traefik",
    pinned_module="github.com/traefik/traefik/v3",
    purpose="the router of the edge",
    variables=(("github.com/traefik/traefik/v3/pkg/version.Version", "{version}"),),
    build_minutes=5,
    # Modules of some DNS providers cannot be had, nor the fork of go-http-auth, which has two functions more. Both are
    # for what the edge does not use: the router's own ACME, and passwords.
    patches=(
        Patch("github.com/go-acme/lego/v5", "providers/dns", "no_dns_providers.go.txt", replaces=True),
        Patch("github.com/abbot/go-http-auth", ".", "http_auth.go.txt"),
    ),
)


def _kubernetes(name: str, purpose: str, *, default: bool, rule: Rule = SAME_MINOR) -> Tool:
    version_arguments = {"kubectl": ("version", "--client"), "kubeadm": ("version", "--output=short")}
    return Tool(
        name=name,
        release=KUBERNETES,
        package=f"k8s.io/kubernetes/cmd/{name}",
        purpose=purpose,
        version_arguments=version_arguments.get(name, ("--version",)),
        rule=rule,
        default=default,
    )


_ALL: Final = (
    Tool(
        name="pulumi",
        release=PULUMI,
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        purpose="the engine: previews and updates a stack",
        version_arguments=("version",),
        rule=NOT_OLDER_IN_MAJOR,
        # An engine that came without its Python host cannot run this program, and the rehearsal's stand-in
        # host is only known to fit the pinned engine.
        beside=("pulumi-language-python", "pulumi-language-python-exec"),
        default=True,
    ),
    Tool(
        name="etcd",
        release=ETCD,
        package="go.etcd.io/etcd/server/v3",
        purpose="stores the cluster's objects",
        version_arguments=("--version",),
        rule=MINOR_NOT_OLDER,
        default=True,
    ),
    _kubernetes("kube-apiserver", "serves the Kubernetes API", default=True),
    _kubernetes("kube-controller-manager", "runs the built-in controllers", default=True),
    _kubernetes("kube-scheduler", "places pods on nodes", default=True),
    _kubernetes("kubectl", "looks into the cluster", default=True, rule=WITHIN_ONE_MINOR),
    _kubernetes("kubeadm", "writes the control plane's certificates and static pods", default=True),
    _kubernetes("kubelet", "runs pods on a rehearsed machine", default=False),
    _kubernetes("kube-proxy", "leads to Services on a rehearsed machine", default=False),
    Tool(
        name="etcdctl",
        release=ETCD,
        package="go.etcd.io/etcd/etcdctl/v3",
        purpose="takes snapshots of etcd",
        version_arguments=("version",),
        rule=MINOR_NOT_OLDER,
    ),
    Tool(
        name="etcdutl",
        release=ETCD,
        package="go.etcd.io/etcd/etcdutl/v3",
        purpose="restores snapshots of etcd",
        version_arguments=("version",),
        rule=MINOR_NOT_OLDER,
    ),
    Tool(
        name="promtool",
        release=PROMETHEUS,
        package="github.com/prometheus/prometheus/cmd/promtool",
        purpose="checks configurations and rules of Prometheus",
        version_arguments=("--version",),
        rule=NOT_OLDER_IN_MAJOR,
    ),
    Tool(
        name="prometheus",
        release=PROMETHEUS,
        package="github.com/prometheus/prometheus/cmd/prometheus",
        purpose="asks, keeps and judges metrics",
        version_arguments=("--version",),
        rule=NOT_OLDER_IN_MAJOR,
    ),
    Tool(
        name="coredns",
        release=COREDNS,
        package="github.com/coredns/coredns",
        purpose="answers pods' DNS queries",
        version_arguments=("-version",),
        rule=NOT_OLDER_IN_MAJOR,
    ),
    Tool(
        name="kube-score",
        release=KUBE_SCORE,
        package="github.com/zegl/kube-score/cmd/kube-score",
        purpose="judges rendered Kubernetes objects",
        version_arguments=("version",),
        rule=NOT_OLDER_IN_MAJOR,
    ),
    Tool(
        name="traefik",
        release=TRAEFIK,
        package="github.com/traefik/traefik/v3/cmd/traefik",
        purpose="routes what comes in at the edge",
        version_arguments=("version",),
        rule=SAME_MINOR,
    ),
    *ADDON_PROGRAMS,
    *CSI_SIDECARS,
    *AMAZON_VPC_CNI_PROGRAMS,
    *CILIUM_PROGRAMS,
    KUBERNETES_PLUGIN_TOOL,
)

TOOLS: Final[dict[str, Tool]] = {tool.name: tool for tool in _ALL}
DEFAULT_TOOLS: Final[tuple[str, ...]] = tuple(tool.name for tool in _ALL if tool.default)


def tools_named(names: Sequence[str]) -> list[Tool]:
    """Return the tools of these names, each once, in the order given.

    Raises ToolchainError, naming every unknown name, when one is not in the table.
    """
    unknown = [name for name in names if name not in TOOLS]
    if unknown:
        raise ToolchainError(f"No tool is named {', '.join(map(repr, unknown))}. The tools are: {', '.join(TOOLS)}.")
    return [TOOLS[name] for name in dict.fromkeys(names)]
