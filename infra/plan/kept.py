"""What an environment that runs keeps: for as long as it lives, or until another update has come before.

It is judged by the record of the last update, so that what cannot follow on it stops the program with nothing touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.plan.control_plane.encryption import encryption_problems
from infra.spec import EnvironmentSpec, Problem, SpecError

_WHY = {
    "cni": "machines that run stay in the former pod network, whose pods reach none of the new one's",
    "podCidr": "machines that run keep the parts of it that they were given, and pods their addresses",
    "serviceCidr": "Services keep their addresses in it, and an API server takes no other range beside it",
}
"""Key of the cluster -> why another value is another cluster."""


def refuse_what_cannot_follow(spec: EnvironmentSpec, recorded: Mapping[str, Any]) -> None:
    """Refuse what cannot follow on the environment that the last update declared.

    That is another network of pods or Services, another side of an edge whose load balancer AWS protects, an address
    of NAT that another zone's gateway has, and Secrets that some API server could not read. ``recorded`` is the
    environment as that update recorded it, by the keys of a stack file; what an older record lacks is not judged.

    Raises:
        SpecError: with every problem; each fix names the way.
    """
    problems = [
        *_addresses(spec, recorded.get("network") or {}),
        *_cluster(spec, recorded["cluster"]),
        *encryption_problems(spec, recorded["cluster"]),
        *_edge(spec, recorded.get("edge") or {}),
    ]
    if problems:
        raise SpecError(f"environment {spec.name}", problems)


def _cluster(spec: EnvironmentSpec, recorded: Mapping[str, Any]) -> Iterator[Problem]:
    wanted = spec.cluster.model_dump(mode="json", by_alias=True)
    for key, why in _WHY.items():
        # A range of pods means nothing where they have addresses of the VPC.
        means_nothing = key == "podCidr" and wanted["cni"] == "amazonVpc"
        if recorded.get(key, wanted[key]) != wanted[key] and not means_nothing:
            yield Problem(
                ("cluster", key),
                f"cannot follow on {recorded[key]}, which the cluster was made with: {why}",
                f"write {recorded[key]}; another one is another environment",
                repr(wanted[key]),
            )


def _addresses(spec: EnvironmentSpec, recorded: Mapping[str, Any]) -> Iterator[Problem]:
    holders = {address: zone for zone, address in (recorded.get("natAddresses") or {}).items()}
    for zone, address in spec.network.nat_addresses.items():
        if (holder := holders.get(address, zone)) != zone:
            yield Problem(
                ("network", "natAddresses", zone),
                f"is the address of the gateway in {holder}, which has it until the end of the update, and AWS gives "
                "it to no second one",
                f"take it out of {holder} and leave it out here for one update, and write it for {zone} in the next",
                repr(address),
            )


def _edge(spec: EnvironmentSpec, recorded: Mapping[str, Any]) -> Iterator[Problem]:
    if spec.edge is None or not recorded.get("deletionProtection"):
        return
    was = recorded.get("internal", spec.edge.internal)
    if was != spec.edge.internal:
        yield Problem(
            ("edge", "internal"),
            f"cannot follow on {_yaml(was)} at once: the load balancer is made anew, and AWS does not delete the one "
            "that is there while edge.deletionProtection has not been false for one update",
            f"write internal: {_yaml(was)} and deletionProtection: false, and run pulumi up; then make this change "
            "(docs/open-a-port.md)",
            _yaml(spec.edge.internal),
        )


def _yaml(value: bool) -> str:
    return "true" if value else "false"
