"""Helpers of a workload: names that no other container of the pod has, and work for a container to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.spec.errors import Location, Problem
from infra.spec.workloads.workload import WorkloadSpec

_SIDECARS = re.compile(r"stream-[0-9]+-[0-9]+|agent-[0-9]+")
"""Names of the containers that ``sidecars`` make."""


def check_helpers(workload: WorkloadSpec) -> Iterator[Problem]:
    """Yield what is wrong with the helpers by themselves."""
    names = [helper.name for helper in workload.helpers]
    for index, helper in enumerate(workload.helpers):
        at: Location = ("helpers", index)
        if helper.name in names[:index]:
            yield Problem((*at, "name"), "is declared twice", "rename one", repr(helper.name))
        elif helper.name == workload.name:
            yield Problem((*at, "name"), "is the name of the main container", "rename the helper", repr(helper.name))
        elif _SIDECARS.fullmatch(helper.name):
            fix = "choose another name, as proxy"
            yield Problem((*at, "name"), "is the name of a container of Slipway's own", fix, repr(helper.name))
        if helper.image is None and not helper.command and not helper.args:
            yield Problem(
                at,
                "would do what the main container does: it has its image and no command of its own",
                "add image, command or args",
                repr(helper.name),
            )
