"""What a preview says of groups that stand in other subnets."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.preview.group_zones import TAG
from infra.ops.preview.network import SUBNET
from tests.infra.ops.preview.made import GROUP, UNKNOWN_VALUE, report_of, step, urn

A, B, C, D = (f"eu-central-1{letter}" for letter in "abcd")
LEAVES_TWO = (
    f"it leaves zones {A}, {B}: Auto Scaling starts other machines in its zones and then ends those, each drained"
)


def own(kind: str, zone: str, op: str = "same") -> dict[str, Any]:
    inputs = {"availabilityZone": zone}
    if op == "create":
        return step(op, SUBNET, f"{kind}-{zone}", None, inputs, state={"id": ""})
    return step(op, SUBNET, f"{kind}-{zone}", inputs, inputs)


def of_others(kind: str, zone: str) -> dict[str, Any]:
    key = "kubernetes.io/cluster/test"
    inputs = {"resourceId": f"id-{kind}-{zone}", "key": key, "value": "shared"}
    return step("same", TAG, f"{kind}-{zone}-{key}", inputs, inputs)


def moved(before: list[str], after: list[str], **change: Any) -> dict[str, Any]:
    tags = [{"key": "slipway/instance-group", "value": "nodes", "propagateAtLaunch": True}]
    size = {"minSize": 2, "maxSize": 9, "tags": tags}
    parent = {"parent": urn("slipway:index:InstanceGroup", "nodes")}
    old, new = ({**size, "vpcZoneIdentifiers": each, **change} for each in (before, after))
    return step("update", GROUP, "nodes", old, new, state=parent)


def ids(*zones: str, kind: str = "private") -> list[str]:
    return [f"id-{kind}-{zone}" for zone in zones]


@pytest.mark.parametrize("subnet", [own, of_others])
@pytest.mark.parametrize(
    ("after", "words", "leaves"),
    [
        (ids(C, D), LEAVES_TWO, True),
        (
            ids(A, C),
            f"it leaves zone {B}: Auto Scaling starts other machines in its zones and then ends those, each drained",
            True,
        ),
        (ids(A, B, kind="public"), "other subnets of the same zones, in which new machines start", False),
        (
            ids(A, B, C),
            "other zones, over which Auto Scaling balances its machines: it may exchange some, each drained",
            False,
        ),
    ],
)
def test_machines_leave_a_zone_that_their_group_leaves(subnet: Any, after: list[str], words: str, leaves: bool) -> None:
    """The number of subnets alone said of another pair of zones that new machines start there, and of no exchange."""
    known = [subnet(kind, zone) for kind in ("private", "public") for zone in (A, B, C, D)]
    report = report_of(*known, moved(ids(A, B), after))
    assert f"Group nodes: {words}; that needs no roll." in report.sentences
    assert (report.verdict == "attention") is leaves
    assert ("No machine is replaced: nothing has to be rolled." in report.sentences) is not leaves
    assert ("Nothing has to be rolled." in report.sentences) is leaves


def test_a_zone_whose_subnet_is_made_now() -> None:
    report = report_of(own("private", A), own("private", B, "create"), moved(ids(A), [UNKNOWN_VALUE]))
    assert (
        f"Group nodes: it leaves zone {A}: Auto Scaling starts other machines in its zones and then ends those, each "
        "drained; that needs no roll."
    ) in report.sentences


def test_pods_with_a_volume_in_the_zone_that_workers_leave_are_told() -> None:
    """A volume is in one zone for good: its pod starts in no other."""
    known = [own("private", zone) for zone in (A, B)]
    told = f"Group nodes: it leaves zone {A}: Auto Scaling starts other machines in its zones and then ends those, "
    for role, ends in (
        ("Node", "each drained, and pods with a volume there wait for a machine in that zone (docs/volumes.md)"),
        ("Edge", "each drained"),
    ):
        group = moved(ids(A), ids(B))
        for state in ("old", "new"):
            tags = group["resourcePreEvent"]["metadata"][state]["inputs"]["tags"]
            tags.append({"key": "slipway/role", "value": role})
        assert f"{told}{ends}; that needs no roll." in report_of(*known, group).sentences


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"suspendedProcesses": ["AZRebalance"]}, "AZRebalance is suspended, so its machines there stay"),
        ({"protectFromScaleIn": True}, "its machines there are protected from scale-in, and stay"),
    ],
)
def test_machines_stay_where_nothing_ends_them(change: dict[str, Any], words: str) -> None:
    known = [own("private", zone) for zone in (A, B)]
    report = report_of(*known, moved(ids(A), ids(B), **change))
    assert f"Group nodes: it leaves zone {A}: {words} until they are replaced; that needs no roll." in report.sentences
    assert report.verdict == "fine"
