from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from infra.plan.node.document import files_digest, files_document
from infra.plan.node.user_data import USER_DATA_LIMIT, render_user_data
from infra.spec import EnvironmentSpec, InstanceGroupSpec, SpecError
from tests.infra.plan.node.rendered import VOLUMES, cloud_config, fetched_files, files_of, kubelet_config, user_data
from tests.infra.samples import sample_mapping, sample_spec, with_group

GOLDEN = Path(__file__).with_name("golden")
GOLDEN_GROUPS = ("control-plane-a", "nodes", "edge")


def golden_spec() -> EnvironmentSpec:
    """An environment in which each role's group has something of its own."""
    groups = sample_mapping()["instanceGroups"]
    groups[1] |= {
        "architecture": "arm64",
        "machineType": "m7g.large",
        "nodeLabels": {"example.com/pool": "general"},
        "taints": ["example.com/dedicated=batch:NoSchedule"],
        "volumes": VOLUMES,
    }
    # Monitoring would have no machine to run on: the only workers are tainted.
    return sample_spec(instanceGroups=groups, monitoring={"enabled": False})


@pytest.mark.parametrize("name", GOLDEN_GROUPS)
def test_golden_user_data(name: str) -> None:
    """Regenerate with `SLIPWAY_UPDATE_GOLDEN=1 pytest tests/infra/plan/node/test_user_data.py` and read the diff."""
    text = user_data(name, golden_spec())
    path = GOLDEN / f"{name}.yaml"
    if os.environ.get("SLIPWAY_UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize(("name", "budget"), [("control-plane-a", 12_000), ("nodes", 14_500), ("edge", 12_000)])
def test_there_is_room_left_for_labels_and_taints(name: str, budget: int) -> None:
    assert len(user_data(name, golden_spec()).encode()) <= budget <= USER_DATA_LIMIT - 1_880


def test_equal_specs_render_equal_bytes() -> None:
    assert user_data("nodes", golden_spec()) == user_data("nodes", golden_spec())


@pytest.mark.parametrize("name", GOLDEN_GROUPS)
def test_it_is_a_cloud_config_without_secrets(name: str) -> None:
    text = user_data(name, golden_spec())
    assert text.startswith("#cloud-config\n")
    # The word "token" stands in the program that fetches one; a bootstrap token itself has this form.
    assert not re.search(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b", text)
    assert not re.search(r"PRIVATE KEY|passw(or)?d|secret|ssh-(rsa|ed25519)|AKIA", text, re.IGNORECASE)
    assert text.isascii()


def test_only_what_a_group_says_differs_between_groups() -> None:
    spec = golden_spec()
    nodes, edge = (files_of(user_data(name, spec)) for name in ("nodes", "edge"))
    differing = {path for path in nodes.keys() & edge.keys() if nodes[path] != edge[path]}
    assert differing == {"/etc/slipway/node.env", "/etc/kubernetes/kubelet.yaml"}


@pytest.mark.parametrize(
    "change",
    [
        {"minSize": 3},
        {"machineType": "m7i.xlarge"},
        {"zones": ["eu-central-1b"]},
        {"cloudLabels": {"team": "data"}},
        {"rootVolume": {"sizeGi": 100}},
        {"image": "ami-0123456789abcdef0"},
    ],
)
def test_what_a_machine_need_not_know_does_not_change_it(change: dict[str, object]) -> None:
    assert user_data("nodes", with_group(**change)) == user_data("nodes")


def test_kubernetes_version_and_architecture_choose_the_kubelet() -> None:
    spec = with_group(architecture="arm64", machineType="m7g.large")
    assert files_of(user_data("nodes", spec))["/etc/slipway/node.env"] == (
        "KUBELET_VERSION=v1.37.2\n"
        "KUBELET_ARCH=arm64\n"
        "KUBELET_RELEASES=https://dl.k8s.io/release\n"
        "NODE_LABELS=slipway/instance-group=nodes,slipway/role=Node\n"
        "STATE_BUCKET=acme-slipway-test\n"
        "STATE_PREFIX=test.example.com/igconfig/node/nodes/\n"
        "STATE_REGION=eu-central-1\n"
        f"FILES_SHA256={files_digest(files_document(spec, spec.instance_groups[1]))}\n"
    )
    assert "KUBELET_ARCH=amd64\n" in files_of(user_data("nodes"))["/etc/slipway/node.env"]


def sized(labels: int) -> EnvironmentSpec:
    """A group whose labels take `labels` bytes beyond its own, in pieces that Kubernetes accepts."""
    pieces, rest = [], labels
    while rest:
        piece = min(rest, 100)
        pieces.append(piece)
        rest -= piece
    # ",l00=vvv": five characters and the value.
    values = {f"l{number:02}": "v" * (piece - 5) for number, piece in enumerate(pieces)}
    # Longer than a label value may be: the limit is tested, not the spec's rules.
    group = sample_spec().instance_groups[1].model_copy(update={"node_labels": values})
    spec = sample_spec()
    return spec.model_copy(update={"instance_groups": (spec.instance_groups[0], group, spec.instance_groups[2])})


def test_the_limit_itself_is_accepted_and_one_byte_more_is_refused() -> None:
    room = USER_DATA_LIMIT - len(user_data("nodes").encode())
    assert len(user_data("nodes", sized(room)).encode()) == USER_DATA_LIMIT
    with pytest.raises(SpecError) as error:
        user_data("nodes", sized(room + 1))
    (problem,) = error.value.problems
    assert problem.location == ("instanceGroups", 1)
    assert problem.value == "'nodes'"
    assert problem.problem == (
        "has user-data of 16,385 bytes, 1 more than EC2 accepts; "
        f"of these nodeLabels take {room + 1:,}, taints take 0, volumes take 0, sysctls take 0"
    )
    assert problem.fix == "shorten or remove nodeLabels"


def test_all_problems_of_a_group_are_reported_together() -> None:
    groups = sample_mapping()["instanceGroups"]
    groups[1] |= {
        "nodeLabels": {"slipway/role": "Edge", "example.com/a": "b"},
        "taints": ["slipway/role=Edge:NoSchedule", "example.com/a:NoExecute"],
        "volumes": [{"device": "/dev/sdf", "mountPath": "/etc/data", "sizeGi": 8}],
    }
    spec = sample_spec(instanceGroups=groups, monitoring={"enabled": False})
    with pytest.raises(SpecError) as error:
        user_data("nodes", spec)
    assert [problem.location for problem in error.value.problems] == [
        ("instanceGroups", 1, "nodeLabels", "slipway/role"),
        ("instanceGroups", 1, "taints", 0),
        ("instanceGroups", 1, "volumes", 0, "mountPath"),
    ]
    assert error.value.source == "environment test"


def test_a_group_of_another_environment_is_a_mistake_of_the_caller() -> None:
    stranger = InstanceGroupSpec.model_validate({"name": "stranger", "role": "Node"})
    with pytest.raises(ValueError, match="not in tuple"):
        render_user_data(sample_spec(), stranger)


def test_volumes_bring_what_finds_and_mounts_them() -> None:
    without, having = user_data("nodes"), user_data("nodes", with_group(volumes=VOLUMES))
    assert files_of(having).keys() - files_of(without).keys() == {
        "/etc/slipway/volumes",
        "/etc/systemd/system/slipway-volumes.service",
        "/etc/systemd/system/containerd.service.d/slipway.conf",
        "/etc/systemd/system/kubelet.service.d/slipway.conf",
    }
    assert fetched_files("nodes", with_group(volumes=VOLUMES)).keys() - fetched_files("nodes").keys() == {
        "/usr/local/lib/slipway/mount-volumes.sh"
    }
    assert set(cloud_config(having)["packages"]) - set(cloud_config(without)["packages"]) == {"nvme-cli"}
    assert "slipway-volumes" not in without
    assert files_of(having)["/etc/slipway/volumes"] == "sdg /srv/data\nsdf /var/lib/containerd\n"


def test_every_program_is_executable_and_nothing_else_is() -> None:
    entries = cloud_config(user_data("nodes", golden_spec()))["write_files"]
    executable = {entry["path"] for entry in entries if entry.get("permissions") == "0755"}
    assert executable == {entry["path"] for entry in entries if entry["content"].startswith("#!")}
    assert executable == {"/usr/local/lib/slipway/fetch_config.py"}
    assert {entry.get("permissions") for entry in entries} == {"0755", None}


def test_roles_differ_in_taints_labels_and_static_pods() -> None:
    spec = sample_spec()
    taints = {n: kubelet_config(user_data(n, spec)).get("registerWithTaints") for n in GOLDEN_GROUPS}
    assert taints == {
        "control-plane-a": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}],
        "nodes": None,
        "edge": [{"key": "slipway/role", "value": "Edge", "effect": "NoSchedule"}],
    }
    static = {n: kubelet_config(user_data(n, spec)).get("staticPodPath") for n in GOLDEN_GROUPS}
    assert static == {"control-plane-a": "/etc/kubernetes/manifests", "nodes": None, "edge": None}
