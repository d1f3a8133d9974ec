"""What an update does to the API and to the members that serve it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.ops.preview.made import (
    INGRESS,
    LARGER,
    PLANE,
    encoded,
    group,
    report_of,
    step,
    urn,
)


@pytest.mark.parametrize(
    ("members", "level", "words"),
    [
        (1, "interrupted", "its only member is replaced"),
        (2, "interrupted", "1 of its 2 members are replaced"),
        (3, "one-at-a-time", "1 of 3 control-plane members are replaced by `slipway roll`, one at a time"),
    ],
)
def test_whether_the_api_blinks(members: int, level: str, words: str) -> None:
    others = [event for letter in "bc"[: members - 1] for event in group(f"control-plane-{letter}", "ControlPlane")]
    report = report_of(*group("control-plane-a", "ControlPlane", op="update", template=LARGER), *others)
    assert (report.api.level, report.api.members) == (level, members)
    assert words in report.api.reasons[0]


def test_a_load_balancer_of_the_api_that_is_replaced_interrupts_and_the_edge_s_does_not() -> None:
    kind = "aws:lb/loadBalancer:LoadBalancer"
    inputs = {"loadBalancerType": "network"}
    assert report_of(step("replace", kind, "api", inputs, inputs)).api.level == "interrupted"
    assert report_of(step("replace", kind, "edge", inputs, inputs)).api.level == "none"


def test_a_roll_does_not_say_that_the_api_answers_while_what_is_in_front_of_it_is_replaced() -> None:
    members = [
        event
        for letter in "abc"
        for event in group(f"control-plane-{letter}", "ControlPlane", op="update", template=LARGER)
    ]
    (reason,) = report_of(*members).api.reasons
    assert "The API keeps answering" in reason
    broken = step("replace", "aws:lb/targetGroup:TargetGroup", "api-internal", {"port": 1}, {"port": 2})
    rolled, gone = report_of(*members, broken).api.reasons
    assert rolled.endswith("one at a time with etcd's quorum checked before and after")
    assert gone.endswith("the API does not answer until it is back")


def test_an_api_that_is_closed_to_the_internet_still_answers_inside() -> None:
    gone = [
        step("delete", f"aws:lb/{kind}", "api-public", {"port": 443})
        for kind in ("loadBalancer:LoadBalancer", "listener:Listener", "targetGroup:TargetGroup")
    ]
    rule = {
        "securityGroupId": "sg-cp",
        "referencedSecurityGroupId": "sg-p",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
    }
    gone += [PLANE, step("delete", INGRESS, "api-public", rule)]
    (reason,) = report_of(*gone).api.reasons
    assert reason.startswith("the load balancer by which it is reached from the internet is deleted, and its name with")
    assert reason.endswith("Machines and pods reach it as before")
    listener, shut = report_of(gone[1], *gone[3:]).api.reasons
    assert listener.endswith("the API does not answer until it is back")
    assert shut.startswith("sg-p can no longer reach the API")


def added(name: str) -> list[dict[str, Any]]:
    """Return the events of a control-plane member's group that is made."""
    made = group(name, "ControlPlane", op="create")
    for event in made[1:]:
        event["resourcePreEvent"]["metadata"] |= {"op": "create", "old": None}
    return made


def test_members_that_join_a_control_plane_need_a_hand() -> None:
    report = report_of(*group("member-a", "ControlPlane"), *added("member-b"), *added("member-c"))
    (told,) = report.api.reasons
    assert told.startswith("member-b, member-c will wait, and the update with it, until etcd has been told of each")
    assert (report.api.level, report.verdict) == ("one-at-a-time", "attention")
    assert any("docs/restore-etcd.md" in sentence for sentence in report.sentences)


def test_a_roll_after_members_have_joined_finds_them_beside_the_one_that_goes() -> None:
    first = group("member-a", "ControlPlane", op="update", template=LARGER)
    joins, rolled = report_of(*first, *added("member-b"), *added("member-c")).api.reasons
    assert joins.startswith("member-b, member-c will wait")
    assert rolled.startswith("1 of 3 control-plane members are replaced by `slipway roll`, one at a time")
    assert report_of(*first, *added("member-b"), *added("member-c")).api.level == "one-at-a-time"


def test_the_first_members_need_none() -> None:
    report = report_of(*added("member-a"), *added("member-b"), *added("member-c"), *group("nodes", "Node"))
    assert report.api.reasons == ()


def test_another_version_of_kubernetes_is_said_in_words() -> None:
    env = "write_files:\n- path: /etc/slipway/node.env\n  content: |\n    KUBELET_VERSION={}\n    FILES_SHA256={}\n"
    before, after = (
        {"userData": encoded("#cloud-config\n" + env.format(*values))}
        for values in (("v1.37.1", "a"), ("v1.37.2", "b"))
    )
    report = report_of(*group("nodes", "Node", op="update", template=(before, after)))
    assert report.rolls[0].reasons == ("Kubernetes v1.37.1 → v1.37.2",)
    assert "Kubernetes v1.37.1 → v1.37.2." in report.sentences


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("aws:route53/record:Record", "api.shop.example.com"),
        ("aws:lb/targetGroup:TargetGroup", "edge-api"),
        ("aws:lb/listener:Listener", "edge-cluster"),
    ],
)
def test_what_the_edge_calls_like_the_api_is_not_the_api(kind: str, name: str) -> None:
    of_edge = {"parent": urn("slipway:index:EdgeRouter", "edge")}
    report = report_of(step("delete", kind, name, {"name": name}, state=of_edge))
    assert (report.api.level, report.api.reasons) == ("none", ())
