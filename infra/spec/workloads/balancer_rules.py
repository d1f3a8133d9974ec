"""A Service with a load balancer of its own: what its settings need of its ports and of the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.workloads.backend import LoadBalancerSpec


class Balanced(Protocol):
    """A workload's Service, or a backend."""

    @property
    def type(self) -> str:
        """Kind of Service."""

    @property
    def load_balancer(self) -> LoadBalancerSpec:
        """Settings of its load balancer."""


def faces_internet(service: Balanced) -> bool:
    """Say whether the internet leads to a load balancer of the Service's own."""
    return service.type == "loadBalancer" and service.load_balancer.scheme == "internet-facing"


def check_balancer(at: Location, service: Balanced, protocols: Iterable[str]) -> Iterator[Problem]:
    """Yield what is wrong with the load balancer of a Service at ``at``, whose ports have these protocols."""
    if service.type != "loadBalancer":
        return
    balancer = service.load_balancer
    if faces_internet(service) and not balancer.source_ranges:
        yield Problem(
            (*at, "loadBalancer", "sourceRanges"),
            "is empty: the whole internet could connect",
            "list the networks that may, [0.0.0.0/0] for all of them",
            None,
        )
    if balancer.target == "instance" and len(set(protocols)) > 1:
        # "mixed protocol is not supported for LoadBalancer" (cloud-provider-aws, checkMixedProtocol).
        yield Problem(
            (*at, "type"),
            "has ports of TCP and of UDP, and the cloud controller manager makes load balancers of one",
            "give the ports of one protocol a backend of their own",
            repr(service.type),
        )


def check_target(spec: EnvironmentSpec, at: Location, service: Balanced) -> Iterator[Problem]:
    """Yield where the load balancer of a Service at ``at`` could not reach its pods in this cluster."""
    if service.type == "loadBalancer" and service.load_balancer.target == "ip" and spec.cluster.cni != "amazonVpc":
        yield Problem(
            (*at, "loadBalancer", "target"),
            f"leads to addresses of pods, which are none of the VPC's with cni: {spec.cluster.cni}",
            "write instance, or leave it out",
            "'ip'",
            (("cluster", "cni"),),
        )
