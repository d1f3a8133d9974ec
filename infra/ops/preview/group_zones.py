"""What it means for a group's machines that the group stands in other subnets."""

from __future__ import annotations

from collections.abc import Mapping

from infra.ops.preview.events import Run, State
from infra.ops.preview.groups import tags_of
from infra.ops.preview.network import SUBNET

TAG = "aws:ec2/tag:Tag"
_KINDS = ("private-", "public-")


def zones_by_subnet(run: Run) -> dict[str, str]:
    """Return the zone of each subnet that the run knows, by its ID: of the program's own, and of those it tags."""
    found = {}
    for step in run.steps:
        for state in (step.old, step.new):
            if state is None:
                continue
            if step.type == SUBNET and state.id:
                found[state.id] = str(state.inputs.get("availabilityZone", ""))
            elif step.type == TAG:
                name = step.name.removesuffix(f"-{state.inputs.get('key')}")
                zone = next((name.removeprefix(kind) for kind in _KINDS if name.startswith(kind)), "")
                found[str(state.inputs.get("resourceId"))] = zone
    return {subnet: zone for subnet, zone in found.items() if zone}


def subnet_words(old: State, new: State, zones: Mapping[str, str]) -> tuple[str, bool]:
    """Return what other subnets mean, and whether machines that run leave for it.

    Auto Scaling does not keep machines in a zone that its group no longer has: it starts others and then ends them,
    although the number stays (Auto Scaling User Guide, "Rebalancing activities"). In other subnets of the same zones it
    starts new ones alone.
    """
    before, after = (list(state.inputs.get("vpcZoneIdentifiers") or ()) for state in (old, new))
    was = {zones.get(str(each), "") for each in before}
    left = sorted(was - {zones.get(str(each), "") for each in after})
    known = all(str(each) in zones for each in before)
    if known and left:
        return _leaving(left, old, new)
    if known and len(before) == len(after):
        return "other subnets of the same zones, in which new machines start", False
    if len(before) == len(after):
        return "other subnets in the same number of zones, in which new machines start", False
    return "other zones, over which Auto Scaling balances its machines: it may exchange some, each drained", False


def _leaving(left: list[str], old: State, new: State) -> tuple[str, bool]:
    where = f"it leaves zone{'s' if len(left) > 1 else ''} {', '.join(left)}"
    if "AZRebalance" in (new.inputs.get("suspendedProcesses") or ()):
        return f"{where}: AZRebalance is suspended, so its machines there stay until they are replaced", False
    if old.inputs.get("protectFromScaleIn"):
        return f"{where}: its machines there are protected from scale-in, and stay until they are replaced", False
    words = f"{where}: Auto Scaling starts other machines in its zones and then ends those, each drained"
    if tags_of(old).get("slipway/role") == "Node":
        place = "that zone" if len(left) == 1 else "its zone"
        words += f", and pods with a volume there wait for a machine in {place} (docs/volumes.md)"
    return words, True
