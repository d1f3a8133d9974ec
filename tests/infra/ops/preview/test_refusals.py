"""What the engine previews and AWS refuses."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.preview.remedies import BALANCER
from infra.ops.preview.render_markdown import render_markdown
from tests.infra.ops.preview.made import GROUP, UNKNOWN_VALUE, VOLUME, component, report_of, step, urn


@pytest.mark.parametrize(("size", "refused"), [(10, True), (20, False), (40, False)])
def test_a_disk_that_would_shrink_is_refused_before_aws_does(size: int, refused: bool) -> None:
    report = report_of(step("update", VOLUME, "etcd-a", {"size": 20, "type": "gp2"}, {"size": size, "type": "gp3"}))
    assert (report.verdict == "failed", report.exit_code) == (refused, 1 if refused else 0)
    assert [each.message for each in report.diagnostics] == (
        [
            "ebs Volume etcd-a: AWS makes no volume smaller (20 → 10 GiB), so the update would fail here. Leave the "
            "size as it is."
        ]
        if refused
        else []
    )
    text = render_markdown(report)
    assert ("> An update would fail." in text) is refused
    assert "could not work out" not in text


NAT = "aws:ec2/natGateway:NatGateway"
KEPT, FRESH = "eipalloc-0123456789abcdef0", "eipalloc-0123456789abcdef1"


def test_an_address_that_another_gateway_still_has_is_refused_before_aws_does() -> None:
    """It moves to zone b, whose gateway gives an address of Slipway's up; that of zone a gets a new one."""
    report = report_of(
        step("create-replacement", NAT, "nat-b", {"allocationId": FRESH}, {"allocationId": KEPT}),
        step("replace", NAT, "nat-b", {"allocationId": FRESH}, {"allocationId": KEPT}),
        step("create-replacement", NAT, "nat-a", {"allocationId": KEPT}, {"allocationId": UNKNOWN_VALUE}),
        step("replace", NAT, "nat-a", {"allocationId": KEPT}, {"allocationId": UNKNOWN_VALUE}),
    )
    assert report.verdict == "failed"
    assert [each.message for each in report.diagnostics] == [
        f"ec2 NatGateway nat-b: nat-a has the address {KEPT} until the end of the update, and AWS gives it to no "
        "second gateway, so the update would fail here. Take it out of network.natAddresses for one update, and write "
        "it for this zone in the next."
    ]


def test_a_gateway_takes_an_address_that_nobody_has() -> None:
    change = step("replace", NAT, "nat-a", {"allocationId": FRESH}, {"allocationId": KEPT})
    assert report_of(change).diagnostics == ()


def test_an_address_of_a_gateway_that_goes_is_refused_to_a_new_one() -> None:
    report = report_of(
        step("create", NAT, "nat-b", None, {"allocationId": KEPT}),
        step("delete", NAT, "nat-a", {"allocationId": KEPT}, None),
    )
    assert report.verdict == "failed"
    assert [each.message.split(", and")[0] for each in report.diagnostics] == [
        f"ec2 NatGateway nat-b: nat-a has the address {KEPT} until the end of the update"
    ]
    alone = report_of(step("create", NAT, "nat-b", None, {"allocationId": KEPT}))
    assert alone.diagnostics == ()


SPOT = {"instancesDistribution": {"onDemandPercentageAboveBaseCapacity": 20}}
ON_DEMAND = {"instancesDistribution": {"onDemandPercentageAboveBaseCapacity": 100}}
POOL = {"minSize": 1}


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        ({"warmPool": POOL}, {"mixedInstancesPolicy": SPOT}, True),
        ({"warmPool": POOL, "mixedInstancesPolicy": ON_DEMAND}, {"mixedInstancesPolicy": SPOT}, True),
        ({"warmPool": POOL}, {"mixedInstancesPolicy": ON_DEMAND}, False),
        ({"warmPool": POOL}, {}, False),
        ({}, {"mixedInstancesPolicy": SPOT}, False),
        ({"mixedInstancesPolicy": SPOT}, {"warmPool": POOL}, False),
    ],
)
def test_spot_in_place_of_a_warm_pool_is_refused_before_aws_does(
    old: dict[str, Any], new: dict[str, Any], refused: bool
) -> None:
    tags = [{"key": "slipway/instance-group", "value": "batch", "propagateAtLaunch": True}]
    report = report_of(step("update", GROUP, "nodes", old, {**new, "tags": tags}))
    assert (report.verdict == "failed") is refused
    assert [each.message for each in report.diagnostics] == (
        [
            "group batch: Auto Scaling takes no Spot in a group that has a warm pool, and the pool would "
            "go only after that, so the update would fail here. Take warmPool out first, and run an update; then "
            "write the mixedInstancesPolicy."
        ]
        if refused
        else []
    )


def edge_balancer(*, protected: bool, kept: bool, **new: Any) -> dict[str, Any]:
    """Return the step of the edge's load balancer, made anew: ``protected`` before, ``kept`` so from now on."""
    parent = urn("slipway:index:EdgeRouter", "edge")
    made = step(
        "replace",
        BALANCER,
        "edge",
        {"internal": False, "enableDeletionProtection": protected},
        {"internal": True, "enableDeletionProtection": kept, **new},
        keys=["internal"],
        detailedDiff={"internal": {"kind": "update-replace"}},
        state={"parent": parent},
    )
    metadata = made["resourcePreEvent"]["metadata"]
    metadata["old"]["protect"], metadata["new"]["protect"] = protected, kept
    return made


EDGE = component("EdgeRouter", "edge")


def test_another_side_of_the_edge_takes_two_updates() -> None:
    report = report_of(EDGE, edge_balancer(protected=True, kept=True))
    (way_out,) = [each for each in report.ways_out if "LoadBalancer edge" in each]
    assert "Set `edge.deletionProtection: false` and update; then write `edge.internal`" in way_out
    assert "zone" not in way_out
    told = [each.message for each in report_of(EDGE, edge_balancer(protected=True, kept=False)).diagnostics]
    assert told == [
        "lb LoadBalancer edge: AWS deletes no load balancer whose deletion protection is on, and the update takes it "
        "off the new one alone, so it would fail here, with its ports closed. Write edge.deletionProtection: false "
        "first, and run an update; then make this change."
    ]


def test_another_load_balancer_of_the_edge_is_told_to_its_clients() -> None:
    report = report_of(EDGE, edge_balancer(protected=False, kept=False))
    assert (report.verdict, report.diagnostics) == ("attention", ())
    assert "The edge is reached from inside the VPC, and what is connected to it, alone from then on." in (
        report.sentences
    )
    (anew,) = [each for each in report.sentences if each.startswith("The edge's load balancer is made anew")]
    assert "nobody reaches its hosts and ports" in anew
    outwards = edge_balancer(protected=False, kept=True, internal=False)
    outwards["resourcePreEvent"]["metadata"]["old"]["inputs"]["internal"] = True
    assert "The edge is reached from the internet from then on." in report_of(EDGE, outwards).sentences
