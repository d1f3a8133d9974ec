"""The names and load balancers through which the Kubernetes API is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from infra.plan.naming import ELB_NAME_LIMIT, dashed_cluster_name, shortened
from infra.plan.security import ROLE_WORDS, ROLES
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec
from infra.spec.instance_group import Role
from infra.spec.scalars import is_private

Scheme = Literal["internal", "internet-facing"]

READY_PATH = "/readyz"
"""What the load balancers ask: whether the API server would serve, its etcd member included."""

DEREGISTRATION_SECONDS = 60
"""Time that requests under way (watches, mostly) have to end once a member leaves; then they are cut off."""


@dataclass(frozen=True)
class ApiSource:
    """Who may open connections to a load balancer. Exactly one of ``role`` and ``cidr`` is set."""

    name: str
    role: Role | None
    cidr: str | None
    why: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class ApiBalancerPlan:
    """One Network Load Balancer before the API servers, with a security group and a target group of its own."""

    key: str
    """Logical name of its resources."""
    scheme: Scheme
    subnet_kind: Literal["private", "public"]
    name: str
    security_group_name: str
    record: str | None
    """DNS name made in the hosted zone."""
    preserve_client_ip: bool
    """Whether API servers see the client's address. Not inside the VPC: a machine that is itself a target would get its
    own connections back from its own address and drop them (ELB User Guide, "Client IP preservation")."""
    sources: tuple[ApiSource, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class ApiEndpointPlan:
    """How the API is reached."""

    internal: ApiBalancerPlan
    public: ApiBalancerPlan | None
    hosted_zone: str | None

    @property
    def balancers(self) -> tuple[ApiBalancerPlan, ...]:
        """All load balancers, the internal one first."""
        return (self.internal,) if self.public is None else (self.internal, self.public)


def plan_api_endpoint(spec: EnvironmentSpec) -> ApiEndpointPlan:
    """Return the load balancers of the API.

    The one inside the VPC always exists, since machines in private subnets would reach a public one only through their
    NAT, from an address that stands for everything behind it. Guests of private networks come through it, too: the
    internet carries none of their addresses.
    """
    api = spec.cluster.api
    guests = _guests(spec)
    machines = tuple(_machines(spec, role) for role in ROLES)
    public = api.access == "public"
    inside = tuple(guest for guest in guests if not public or is_private(guest.cidr or ""))
    outside = tuple(guest for guest in guests if guest not in inside)
    return ApiEndpointPlan(
        internal=_balancer(spec, "internal", (*machines, *inside)),
        public=_balancer(spec, "public", outside) if public else None,
        hosted_zone=api.hosted_zone,
    )


def _machines(spec: EnvironmentSpec, role: Role) -> ApiSource:
    name = f"api-{ROLE_WORDS[role]}-to-balancer"
    return ApiSource(name, role, None, "Kubernetes API", resource_tags(spec, name))


def _guests(spec: EnvironmentSpec) -> tuple[ApiSource, ...]:
    sources = []
    for cidr in spec.cluster.api.allowed_cidrs:
        # Slashes and dots are fine in a logical name; it stays the same wherever the entry stands in the list.
        name = f"api-{cidr}-to-balancer"
        sources.append(ApiSource(name, None, cidr, "Kubernetes API", resource_tags(spec, name)))
    return tuple(sources)


def _balancer(
    spec: EnvironmentSpec, key: Literal["internal", "public"], sources: tuple[ApiSource, ...]
) -> ApiBalancerPlan:
    internal = key == "internal"
    cluster = spec.cluster.name
    name = balancer_name(spec, "api-int" if internal else "api")
    full = f"api.internal.{cluster}" if internal else f"api.{cluster}"
    return ApiBalancerPlan(
        key=f"api-{key}",
        scheme="internal" if internal else "internet-facing",
        # Without a NAT too: it needs no way out, and could not be moved when one comes.
        subnet_kind="private" if internal else "public",
        name=name,
        security_group_name=f"api-{key}.{cluster}",
        record=full if spec.cluster.api.hosted_zone else None,
        preserve_client_ip=not internal,
        sources=sources,
        tags=resource_tags(spec, full),
    )


def balancer_name(spec: EnvironmentSpec, what: str) -> str:
    """Return ``<what>-<cluster>``, within ELB's 32 characters by a hash of the cluster's name where it is longer."""
    return shortened(f"{what}-{dashed_cluster_name(spec)}", ELB_NAME_LIMIT, spec.cluster.name)
