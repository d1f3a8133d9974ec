"""What a cluster keeps for as long as it lives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.spec import EnvironmentSpec, Problem, SpecError

_WHY = {
    "cni": "machines that run stay in the former pod network, whose pods reach none of the new one's",
    "podCidr": "machines that run keep the parts of it that they were given, and pods their addresses",
    "serviceCidr": "Services keep their addresses in it, and an API server takes no other range beside it",
}
"""Key of the cluster -> why another value is another cluster."""


def refuse_another_network(spec: EnvironmentSpec, recorded: Mapping[str, Any]) -> None:
    """Refuse another network of pods or Services than the cluster was made with.

    ``recorded`` is the cluster as the last update recorded it, by the keys of a stack file. A range of pods means
    nothing where they have addresses of the VPC.

    Raises:
        SpecError: it is another one; the fix names the former.
    """
    wanted = spec.cluster.model_dump(mode="json", by_alias=True)
    problems = [
        Problem(
            ("cluster", key),
            f"cannot follow on {recorded[key]}, which the cluster was made with: {why}",
            f"write {recorded[key]}; another one is another environment",
            repr(wanted[key]),
        )
        for key, why in _WHY.items()
        if recorded.get(key, wanted[key]) != wanted[key] and not (key == "podCidr" and wanted["cni"] == "amazonVpc")
    ]
    if problems:
        raise SpecError(f"environment {spec.name}", problems)
