"""What goes with the cluster, and what is deleted while it stands."""

from __future__ import annotations

import pytest

from infra.testing.recorder import Recorder
from tests.infra.programs import declared
from tests.infra.workload_samples import IMAGE, environment

SERVICE = "kubernetes:core/v1:Service"
PORT = {"name": "http", "port": 8080}
BALANCED = {(SERVICE, "web"), (SERVICE, "web-front")}
GROUPS = {"control-plane-a", "nodes", "edge"}


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    web = {
        "image": IMAGE,
        "ports": [PORT],
        "service": {"type": "loadBalancer", "loadBalancer": {"sourceRanges": ["10.0.0.0/8"]}},
    }
    front = {"name": "front", "namespace": "web", "type": "loadBalancer", "workload": "web", "ports": [PORT]}
    rates = {"name": "rates", "namespace": "web", "type": "externalName", "host": "rates.example.com", "ports": [PORT]}
    spec = environment({"web": web, "job": {"image": IMAGE, "kind": "Job"}}, backends=[front, rates])
    return declared(spec)


def test_objects_go_with_the_vpc_and_components_do_not_say_so(recorder: Recorder) -> None:
    gone = {key: request.deletedWith for key, request in recorder.requests.items()}
    in_cluster = {key for key in gone if key[0].startswith("kubernetes:")}
    assert in_cluster >= {*BALANCED, (SERVICE, "web-rates"), ("kubernetes:batch/v1:Job", "job")}
    (urn,) = {gone[key] for key in in_cluster - BALANCED}
    assert urn.endswith("slipway:index:Network$aws:ec2/vpc:Vpc::network")
    # The engine hands a component's down to its children, and so to Services of type LoadBalancer.
    assert {key for key, value in gone.items() if value} == in_cluster - BALANCED


@pytest.mark.parametrize("key", sorted(BALANCED))
def test_a_load_balancers_service_is_deleted_while_the_machines_run(recorder: Recorder, key: tuple[str, str]) -> None:
    needed = {tuple(urn.split("::")[-2:]) for urn in recorder.options(*key).dependencies}
    groups = {name for kind, name in needed if kind.endswith("$aws:autoscaling/group:Group")}
    assert groups == GROUPS
