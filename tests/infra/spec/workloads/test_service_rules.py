"""Settings of a Service that its type does not know, and numbers that two ports would have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.networks import VPC, existing_subnets
from tests.infra.workload_samples import IMAGE, problems

PORT = {"name": "http", "port": 8080}


def told(service: dict[str, Any], *ports: dict[str, Any]) -> list[str]:
    return problems({"web": {"image": IMAGE, "ports": list(ports or (PORT,)), "service": service}})


@pytest.mark.parametrize(
    ("service", "ports", "line"),
    [
        ({"loadBalancer": {"target": "instance"}}, [],
         "service.loadBalancer: is for type loadBalancer. Fix: remove it, or write type: loadBalancer."),
        ({"type": "headless", "trafficDistribution": "PreferSameZone"}, [],
         "service.trafficDistribution: 'PreferSameZone' does nothing: a headless Service leads callers straight to the "
         "pods. Fix: remove it."),
        ({"type": "headless"}, [{**PORT, "servicePort": 80}],
         "ports[0].servicePort: 80 is answered by nothing: a headless Service leads callers straight to the pods, "
         "which listen on 8080. Fix: remove it."),
        ({}, [{**PORT, "servicePort": 9000}, {"name": "admin", "port": 9000}],
         "ports[1].port: 9000 is the Service's number of two ports. Fix: add a servicePort of its own."),
        ({}, [PORT, {"name": "admin", "port": 9000, "servicePort": 8080}],
         "ports[1].servicePort: 8080 is the Service's number of two ports. Fix: choose another."),
        ({"type": "loadBalancer"}, [PORT, {"name": "dns", "port": 5353, "protocol": "UDP"}],
         "service.type: 'loadBalancer' has ports of TCP and of UDP, and the cloud controller manager makes load "
         "balancers of one. Fix: give the ports of one protocol a backend of their own."),
        ({"type": "loadBalancer", "loadBalancer": {"target": "ip"}}, [],
         "service.loadBalancer.target: 'ip' leads to addresses of pods, which are none of the VPC's with cni: cilium. "
         "Fix: write instance, or leave it out."),
    ],
)  # fmt: skip
def test_what_does_nothing_or_clashes_is_refused(
    service: dict[str, Any], ports: list[dict[str, Any]], line: str
) -> None:
    assert told(service, *ports) == [f"apps/web.yaml: {line}"]


def test_what_fits_is_accepted() -> None:
    assert told({"type": "headless"}, {**PORT, "servicePort": 8080}) == []
    assert told({"type": "loadBalancer", "loadBalancer": {"scheme": "internal"}}) == []
    assert told({"type": "loadBalancer"}, {"name": "dns", "port": 5353, "protocol": "UDP"}) == []


BOTH = [PORT, {"name": "dns", "port": 5353, "protocol": "UDP"}]


@pytest.mark.parametrize(
    ("backend", "lines"),
    [
        ({"type": "loadBalancer", "loadBalancer": {"target": "ip"}},
         ["backends[0].loadBalancer.target: 'ip' leads to addresses of pods, which are none of the VPC's with "
          "cni: cilium. Fix: write instance, or leave it out."]),
        ({"type": "loadBalancer", "ports": BOTH},
         ["backends[0].type: 'loadBalancer' has ports of TCP and of UDP, and the cloud controller manager makes load "
          "balancers of one. Fix: give the ports of one protocol a backend of their own."]),
        ({"type": "loadBalancer"}, []),
        ({"type": "clusterIP", "ports": BOTH, "loadBalancer": {"target": "ip"}}, []),
    ],
)  # fmt: skip
def test_a_backend_of_its_own_load_balancer(backend: dict[str, Any], lines: list[str]) -> None:
    written = {"name": "way-in", "namespace": "web", "workload": "web", "ports": [PORT], **backend}
    assert problems({"web": {"image": IMAGE, "ports": BOTH}}, backends=[written]) == lines


def test_straight_to_pods_where_these_have_addresses_of_the_vpc() -> None:
    service = {"type": "loadBalancer", "loadBalancer": {"target": "ip"}}
    cluster = {"cni": "amazonVpc", "networkPolicies": "notEnforced"}
    assert problems({"web": {"image": IMAGE, "ports": BOTH, "service": service}}, cluster=cluster) == []


def test_a_load_balancer_on_the_internet_stands_in_public_subnets() -> None:
    balancer = {"scheme": "internet-facing", "sourceRanges": ["192.0.2.0/24"]}
    web = {"image": IMAGE, "ports": [PORT], "service": {"type": "loadBalancer", "loadBalancer": balancer}}
    for public in (True, False):
        network = {"vpc": {"id": VPC, "subnets": existing_subnets(public=public)}}
        lines = [
            "apps/web.yaml: service.loadBalancer.scheme: 'internet-facing' needs a public subnet, and "
            "network.vpc.subnets have none in eu-central-1a, eu-central-1b, eu-central-1c. "
            "Fix: add public there, or keep to private subnets and internal load balancers."
        ]
        assert problems({"web": web}, network=network) == ([] if public else lines)
