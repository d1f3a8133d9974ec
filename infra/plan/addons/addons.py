"""The add-ons of a cluster."""

from __future__ import annotations

from infra.plan.addons.coredns import plan_coredns
from infra.plan.addons.objects import AddonPlan
from infra.spec import EnvironmentSpec


def plan_addons(spec: EnvironmentSpec) -> tuple[AddonPlan, ...]:
    """Return the add-ons of the cluster in the order in which a cluster comes to life; none where others bring them."""
    if not spec.cluster.addons.managed:
        return ()
    return (plan_coredns(spec),)
