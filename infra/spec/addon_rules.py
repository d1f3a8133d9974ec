"""Rules between the switches of add-ons and the rest of the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.addons import AddonsSpec
from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem

_AT: Location = ("cluster", "addons")


def check_addons(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield the settings that would do nothing, which their author should know before relying on them."""
    addons, plain = spec.cluster.addons, AddonsSpec()
    yield from _check_priorities(spec)
    if not addons.managed:
        for name in sorted(set(AddonsSpec.model_fields) - {"managed"}):
            if getattr(addons, name) != getattr(plain, name):
                yield Problem(
                    (*_AT, str(AddonsSpec.model_fields[name].alias)),
                    "has no effect, because Slipway applies no add-ons here",
                    "remove it, or let managed be true",
                    None,
                    ((*_AT, "managed"),),
                )
    elif spec.cluster.cni != "cilium" and addons.cilium != plain.cilium:
        yield Problem(
            (*_AT, "cilium"),
            f"has no effect with the pod network {spec.cluster.cni}",
            "remove it, or set cluster.cni to cilium",
            None,
            (("cluster", "cni"),),
        )


def _check_priorities(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield priorities that nobody reads, and an expander that has none to tell groups by."""
    addons = spec.cluster.addons
    autoscaler = addons.cluster_autoscaler
    reads = addons.managed and autoscaler.enabled and autoscaler.expander == "priority"
    expander: Location = (*_AT, "clusterAutoscaler", "expander")
    counted = {group.autoscale_priority for group in spec.instance_groups if group.autoscaled}
    if reads and len(counted) < 2:
        yield Problem(
            expander,
            "has no effect, because all groups that the cluster-autoscaler sizes have the same autoscalePriority",
            "write autoscalePriority in instanceGroups, the greatest where machines should come from first",
            repr(autoscaler.expander),
            (("instanceGroups",),),
        )
    for index, group in enumerate(spec.instance_groups):
        if group.autoscale_priority and not (reads and group.autoscaled):
            at: Location = ("instanceGroups", index)
            why = "unless cluster.addons.clusterAutoscaler runs with expander: priority"
            fix = "write that, or remove it"
            if reads:
                why, fix = "on the control plane, or where desiredSize or retire says the number", "remove it"
            yield Problem(
                (*at, "autoscalePriority"),
                f"has no effect {why}",
                fix,
                str(group.autoscale_priority),
                (expander, (*at, "role"), (*at, "desiredSize"), (*at, "retire")),
            )
