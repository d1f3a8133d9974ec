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
