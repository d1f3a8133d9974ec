from __future__ import annotations

from typing import Any

import pytest
import yaml

from infra.plan.kept import refuse_what_cannot_follow
from infra.plan.records import CLUSTER_RECORD, plan_records
from infra.spec import EnvironmentSpec, SpecError
from tests.infra.plan.edge.samples import edge_spec
from tests.infra.samples import sample_spec

MADE_WITH = {"cni": "cilium", "podCidr": "100.96.0.0/11", "serviceCidr": "100.64.0.0/13", "kubernetesVersion": "1.36.1"}
VPC_CNI = {"cni": "amazonVpc", "networkPolicies": "notEnforced"}


def refused(recorded: dict[str, str], **cluster: Any) -> list[str]:
    return told(sample_spec(cluster=cluster), {"cluster": recorded})


def told(spec: EnvironmentSpec, recorded: dict[str, Any]) -> list[str]:
    try:
        refuse_what_cannot_follow(spec, recorded)
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("change", "was", "why"),
    [
        ({"podCidr": "10.128.0.0/14"}, "100.96.0.0/11", "machines that run keep the parts of it that they were given"),
        ({"serviceCidr": "10.128.0.0/16"}, "100.64.0.0/13", "Services keep their addresses in it"),
        (VPC_CNI, "cilium", "machines that run stay in the former pod network"),
    ],
)
def test_another_network_is_another_cluster(change: dict[str, str], was: str, why: str) -> None:
    key, value = next(iter(change.items()))
    (line,) = refused(MADE_WITH, **change)
    assert line.startswith(f"cluster.{key}: '{value}' cannot follow on {was}, which the cluster was made with: {why}")
    assert line.endswith(f"Fix: write {was}; another one is another environment.")


def test_all_are_told_together() -> None:
    assert len(refused(MADE_WITH, podCidr="10.128.0.0/14", serviceCidr="10.132.0.0/16")) == 2


def test_what_means_nothing_may_change() -> None:
    assert refused(MADE_WITH) == []
    recorded = {**MADE_WITH, "cni": "amazonVpc"}
    assert refused(recorded, **VPC_CNI, podCidr="10.128.0.0/14") == []
    assert len(refused(recorded, **VPC_CNI, serviceCidr="10.128.0.0/16")) == 1
    # A record of before these keys were in it.
    assert refused({"kubernetesVersion": "1.36.1"}, podCidr="10.128.0.0/14") == []


def recorded(spec: EnvironmentSpec) -> dict[str, Any]:
    """Return the environment as an update of it records it."""
    (record,) = (each for each in plan_records(spec).records if each.name == CLUSTER_RECORD)
    return dict(yaml.safe_load(record.content)["spec"])


@pytest.mark.parametrize(
    ("before", "now", "refused"),
    [
        # Its protection is lifted in the same update: the engine, too, would let it go.
        ({}, {"internal": True, "deletionProtection": False}, True),
        ({}, {"internal": True}, True),
        ({"internal": True}, {"deletionProtection": False}, True),
        ({"deletionProtection": False}, {"internal": True}, False),
        ({"deletionProtection": False}, {"internal": True, "deletionProtection": False}, False),
        ({}, {"deletionProtection": False}, False),
        ({"internal": True}, {"internal": True}, False),
    ],
)
def test_another_side_of_a_protected_edge_takes_two_updates(
    before: dict[str, Any], now: dict[str, Any], refused: bool
) -> None:
    was, wanted = (("false", "true"), ("true", "false"))[before.get("internal", False)]
    assert told(edge_spec(**now), recorded(edge_spec(**before))) == (
        [
            f"edge.internal: {wanted} cannot follow on {was} at once: the load balancer is made anew, and AWS does not "
            "delete the one that is there while edge.deletionProtection has not been false for one update. "
            f"Fix: write internal: {was} and deletionProtection: false, and run pulumi up; then make this change "
            "(docs/open-a-port.md)."
        ]
        if refused
        else []
    )


def test_an_edge_that_comes_or_goes_is_no_other_one() -> None:
    assert told(edge_spec(internal=True), recorded(sample_spec())) == []
    assert told(sample_spec(), recorded(edge_spec())) == []


A, B, C = (f"eu-central-1{letter}" for letter in "abc")
ONE, TWO = "eipalloc-0123456789abcdef0", "eipalloc-0123456789abcdef1"


@pytest.mark.parametrize(
    ("before", "now", "refused"),
    [
        ({A: ONE}, {B: ONE}, [(B, A)]),
        ({A: ONE}, {A: TWO, B: ONE}, [(B, A)]),
        ({A: ONE, B: TWO}, {A: TWO, B: ONE}, [(A, B), (B, A)]),
        ({A: ONE}, {}, []),
        ({}, {B: ONE}, []),
        ({A: ONE}, {A: ONE, B: TWO}, []),
        ({A: ONE}, {A: TWO}, []),
    ],
)
def test_an_address_moves_to_another_zone_in_two_updates(
    before: dict[str, str], now: dict[str, str], refused: list[tuple[str, str]]
) -> None:
    made, wanted = (sample_spec(network={"natAddresses": each}) for each in (before, now))
    assert told(wanted, recorded(made)) == [
        f"network.natAddresses.{zone}: '{now[zone]}' is the address of the gateway in {holder}, which has it until the "
        f"end of the update, and AWS gives it to no second one. Fix: take it out of {holder} and leave it out here for "
        f"one update, and write it for {zone} in the next."
        for zone, holder in refused
    ]


def test_an_address_follows_the_only_gateway_in_two_updates() -> None:
    """Another zone in front, with ``single``, is another zone for the gateway."""
    made = sample_spec(network={"nat": "single", "natAddresses": {A: ONE}})
    moved = {"zones": [B, A, C], "nat": "single"}
    (line,) = told(sample_spec(network={**moved, "natAddresses": {B: ONE}}), recorded(made))
    assert f"is the address of the gateway in {A}" in line
    assert told(sample_spec(network=moved), recorded(made)) == []


def test_what_a_record_of_before_does_not_say_is_not_judged() -> None:
    old = {"cluster": {"kubernetesVersion": "1.36.1"}}
    assert told(edge_spec(internal=True), old) == []
    assert told(sample_spec(network={"natAddresses": {A: ONE}}), old) == []
