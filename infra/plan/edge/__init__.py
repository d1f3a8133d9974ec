"""The edge: from the firewall policy to what each layer enforces."""

from __future__ import annotations

from dataclasses import dataclass

from infra.plan.addons.objects import AddonPlan
from infra.plan.edge.balancer import BalancerPlan, plan_balancer
from infra.plan.edge.certificates import plan_certificates
from infra.plan.edge.entries import Entry, plan_entries
from infra.plan.edge.exposed import with_exposed
from infra.plan.edge.gateway import plan_gateway
from infra.plan.edge.ingress import plan_ingress
from infra.plan.edge.manifest import Manifest
from infra.plan.edge.network_policies import plan_network_policies
from infra.plan.edge.policy import plan_exposures
from infra.plan.edge.router import plan_router
from infra.spec import EnvironmentSpec
from infra.spec.edge import EdgeSpec

__all__ = ["EdgePlan", "plan_edge"]


@dataclass(frozen=True)
class EdgePlan:
    """The edge of an environment."""

    spec: EdgeSpec
    """The edge as declared, with a route for each exposed workload."""
    entries: tuple[Entry, ...]
    balancer: BalancerPlan
    router: AddonPlan
    """What lives in the cluster: the router, its routes and allow-lists, the network policies around it."""
    certificates: AddonPlan | None
    """cert-manager and what it is asked for; None where the load balancer ends TLS."""

    @property
    def in_cluster(self) -> tuple[AddonPlan, ...]:
        """What lives in the cluster, in the order in which it is made."""
        return (self.router, *([self.certificates] if self.certificates else []))

    @property
    def objects(self) -> tuple[Manifest, ...]:
        """All objects in the cluster as plain data."""
        return tuple(each.body for part in self.in_cluster for each in part.objects)


def plan_edge(spec: EnvironmentSpec) -> EdgePlan | None:
    """Return the edge that ``spec`` declares, if it does.

    Raises:
        SpecError: the policy does not fit into the quotas of AWS.
    """
    if spec.edge is None:
        return None
    edge = with_exposed(spec, spec.edge)
    entries = plan_entries(edge)
    exposures = plan_exposures(edge, entries)
    routes = (
        *plan_network_policies(spec, edge, entries),
        *plan_gateway(edge, entries, exposures),
        *plan_ingress(edge, exposures),
    )
    return EdgePlan(
        spec=edge,
        entries=entries,
        balancer=plan_balancer(spec, edge, entries),
        router=plan_router(spec, edge, entries, routes),
        certificates=plan_certificates(spec, edge),
    )
