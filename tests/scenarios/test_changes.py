"""What a change of the file changes: the inputs that the program registers before and after it, compared."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra.spec import from_mapping
from infra.testing.changes import Changes, differences
from infra.testing.recorder import Recorder
from tests.infra.programs import declared
from tests.scenarios.golden import environment_of, scenario

BASE = "edge"
"""The scenario with every role of machines."""

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:autoscaling/group:Group"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


def environment(name: str = BASE) -> dict[str, Any]:
    return copy.deepcopy(environment_of(name))


def changes_of(changed: dict[str, Any], name: str = BASE) -> tuple[Changes, Recorder]:
    after = declared(from_mapping(changed, name))
    return differences(scenario(name).recorder.resources, after.resources), after


def spread(environment: dict[str, Any]) -> list[str]:
    """Return the groups that name no zones, and so follow the network's."""
    return [group["name"] for group in environment["instanceGroups"] if "zones" not in group]


@pytest.mark.parametrize("name", ["nodes", "edge", "control-plane-b"])
def test_a_groups_machine_type_changes_its_launch_template_and_its_record(name: str) -> None:
    changed = environment()
    (group,) = (each for each in changed["instanceGroups"] if each["name"] == name)
    group["machineType"] = "m7i.xlarge"
    changes, _ = changes_of(changed)
    assert changes == Changes(
        added=set(),
        removed=set(),
        changed={(TEMPLATE, name): {"instanceType"}, (OBJECT, f"instancegroup/{name}"): {"content"}},
    )


def test_a_new_zone_adds_its_own_and_widens_what_spans_zones() -> None:
    changed = environment()
    changed["network"]["zones"].append("eu-central-1d")
    changes, after = changes_of(changed)
    assert changes.removed == set()
    assert {name for _, name in changes.added} == {
        "nat-eu-central-1d",
        "private-eu-central-1d",
        "private-eu-central-1d-nat",
        "public-eu-central-1d",
    }
    widened = {
        (ENDPOINT, "s3"): "routeTableIds",
        (BALANCER, "api-internal"): "subnets",
        (BALANCER, "edge"): "subnets",
        **{(GROUP, name): "vpcZoneIdentifiers" for name in spread(changed)},
    }
    # The router believes the PROXY headers of the load balancer's subnets alone: it is told of the new one.
    told = {
        (f"kubernetes:{kind}", f"edge-router/{kind.partition(':')[2]}/slipway-edge/edge-router"): {key}
        for kind, key in (
            ("apps/v1:DaemonSet", "spec"),
            ("core/v1:ConfigMap", "data"),
            ("networking.k8s.io/v1:NetworkPolicy", "spec"),
        )
    }
    recorded = {(OBJECT, "config"): {"content"}, **told}
    assert changes.changed == {**recorded, **{key: {name} for key, name in widened.items()}}
    for (token, name), key in widened.items():
        old, new = scenario(BASE).recorder.inputs(token, name)[key], after.inputs(token, name)[key]
        assert (new[: len(old)], len(new)) == (old, len(old) + 1)


def test_how_often_prometheus_asks_changes_what_it_reads_again_and_no_pod() -> None:
    changed = environment()
    changed["monitoring"] = {"scrapeSeconds": 60}
    changes, _ = changes_of(changed)
    told = {
        ("kubernetes:core/v1:ConfigMap", f"monitoring/ConfigMap/monitoring/{name}"): {"data"}
        for name in ("prometheus", "collector")
    }
    assert changes == Changes(set(), set(), {(OBJECT, "config"): {"content"}, **told})


@pytest.mark.parametrize(("name", "addons"), [("minimal", set()), ("amazon-vpc", {"kube-proxy"})])
def test_a_kubernetes_patch_changes_launch_templates_records_and_addons_alone(name: str, addons: set[str]) -> None:
    changed = environment(name)
    changed["cluster"]["kubernetesVersion"] = "1.37.3"
    changes, _ = changes_of(changed, name)
    groups = [group["name"] for group in changed["instanceGroups"]]
    members = [group["name"] for group in changed["instanceGroups"] if group["role"] == "ControlPlane"]
    assert (changes.added, changes.removed) == (set(), set())
    in_cluster = {key for key in changes.changed if key[0].startswith("kubernetes:")}
    assert {name.partition("/")[0] for _, name in in_cluster} == addons
    assert {key: inputs for key, inputs in changes.changed.items() if key not in in_cluster} == {
        **{(TEMPLATE, name): {"userData"} for name in groups},
        (OBJECT, "config"): {"content"},
        # kubeadm's configuration of a member holds the version; a worker's files do not.
        **{(OBJECT, f"{name}/files.json"): {"content", "key"} for name in members},
    }


def test_the_order_of_zones_is_in_the_record_alone() -> None:
    changed = environment()
    changed["network"]["zones"].reverse()
    changes, _ = changes_of(changed)
    assert changes == Changes(set(), set(), {(OBJECT, "config"): {"content"}})


@pytest.mark.parametrize("name", [BASE, "five-members"])
def test_nothing_changes_where_the_file_says_the_same_in_another_order(name: str) -> None:
    changed = dict(reversed(environment(name).items()))
    changed["instanceGroups"].reverse()
    changed["cluster"]["api"] = {"access": "internal"}
    changes, _ = changes_of(changed, name)
    assert changes == Changes(set(), set(), {})


def turned(value: Any) -> Any:
    """Return what a file declares with all keys and entries in the reverse order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(each) for each in reversed(value)] if isinstance(value, list) else value


def test_the_order_of_a_file_says_nothing() -> None:
    wide = environment()
    wide["cluster"]["registryMirrors"] = {
        "docker.io": ["https://harbor.example.com/v2/hub"],
        "quay.io": ["https://harbor.example.com/v2/quay"],
    }
    wide["cluster"]["namespaces"] = [{"name": name} for name in ("shop", "desk", "ads")]
    wide["registry"] = {"services": ["web", "api"], "pulledFrom": ["222233334444", "111100002222"]}
    wide["edge"] = {
        "firewall": [
            {"name": "web", "sources": ["203.0.113.0/24", "198.51.100.0/24"], "ports": [443],
             "hosts": ["shop.example.com", "www.example.com", "desk.example.com"]},
            {"name": "office", "sources": ["192.0.2.0/24"], "ports": [443],
             "hosts": ["desk.example.com"]},
            {"name": "partners", "sources": ["192.0.2.0/24"], "ports": ["sql", "queue"]},
        ],
        "routes": [
            {"name": "shop", "namespace": "shop", "service": "web", "hosts": ["www.example.com", "shop.example.com"]},
            {"name": "desk", "namespace": "desk", "service": "desk", "hosts": ["desk.example.com"]},
        ],
        "tcpPorts": [
            {"name": "sql", "port": 5432, "namespace": "shop", "service": "database"},
            {"name": "queue", "port": 4222, "namespace": "ads", "service": "queue"},
        ],
        "tls": {"acm": "arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-4000-8000-000000000000"},
    }  # fmt: skip
    for group in wide["instanceGroups"]:
        group["sysctls"] = {"vm.max_map_count": "262144", "net.core.somaxconn": "16384"}
    taints = ["example.com/b=1:NoSchedule", "example.com/a=1:NoSchedule"]
    wide["instanceGroups"].append({"name": "apart", "role": "Node", "taints": taints})
    before, after = (declared(from_mapping(each, BASE)).resources for each in (wide, turned(wide)))
    found = differences(before, after)
    # The records are the file itself, as it was written.
    records = {key for key in found.changed if key[0] == OBJECT and not key[1].endswith("files.json")}
    assert found == Changes(set(), set(), {key: {"content"} for key in records})
