"""How a report on a refused change begins: with what to write instead, and never with a protection to lift."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.ops.preview.network import NAT, SUBNET
from infra.ops.preview.remedies import BALANCER, UNKNOWN, VPC
from infra.ops.preview.render_json import render_json
from infra.ops.preview.render_markdown import render_markdown
from infra.ops.preview.render_text import render_text
from tests.infra.ops.preview.made import (
    GROUP,
    SECURITY_GROUP,
    UNKNOWN_VALUE,
    VOLUME,
    component,
    error,
    report_of,
    step,
    urn,
)

INTERFACE = "aws:ec2/networkInterface:NetworkInterface"
PROTECTED = {"protect": True}
GROUP_WAYS = (
    "If the group has another name now, write `renamedFrom: batch` there; to remove it, `retire: true` comes first "
    "(docs/change-a-group.md)."
)


def not_deleted(kind: str, name: str) -> dict[str, Any]:
    """Return the engine's words on a protected resource that would be deleted (``deploy/step.go``)."""
    about = urn(kind, name)
    words = (
        f'Preview failed: resource "{about}" cannot be deleted\nbecause it is protected. To unprotect the resource, '
        "either remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`, or use the "
        f"command:\n`pulumi state unprotect '{about}'`\n"
    )
    return error(words, about)


def not_replaced(kind: str, name: str) -> dict[str, Any]:
    """Return the engine's words on a protected resource that would be replaced (``deploy/step_generator.go``)."""
    about = urn(kind, name)
    words = (
        f'unable to replace resource "{about}"\nas it is currently marked for protection. To unprotect the resource, '
        "remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
    )
    return error(words, about)


def replaced(kind: str, name: str, key: str, old: Any, new: Any, **state: Any) -> dict[str, Any]:
    return step("replace", kind, name, {key: old}, {key: new}, keys=[key], state=state)


def deleted_group(name: str, least: int, *, role: str = "Node", **state: Any) -> dict[str, Any]:
    tags = [{"key": "slipway/instance-group", "value": name}, {"key": "slipway/role", "value": role}]
    return step("delete", GROUP, name, {"minSize": least, "maxSize": 6, "tags": tags}, state=state)


@pytest.mark.parametrize(("least", "holds"), [(0, "no machine now"), (2, "2 running machines")])
def test_a_group_of_any_size_that_goes_has_its_ways_out_before_the_engines_advice(least: int, holds: str) -> None:
    report = report_of(deleted_group("batch", least, protect=True), not_deleted(GROUP, "batch"), result="failed")
    assert report.exit_code == 1
    assert holds in report.dangers[0].words()
    assert report.dangers[0].words().endswith(f"{GROUP_WAYS} Do not lift the protection.")
    lines = render_text(report).plain.splitlines()
    assert lines[0].startswith("test: the preview FAILED (1 error)")
    assert lines[1].startswith("  The engine refuses to delete or replace a resource, because the program protects it.")
    assert "Do not lift the protection (`pulumi state unprotect`, or `protect` taken out of the program)" in lines[1]
    assert lines[2] == f"  Group batch: {GROUP_WAYS}"
    assert lines[3] == "  error: autoscaling Group batch is protected: the engine refuses to delete it."
    assert lines[4].startswith("  STOP: autoscaling Group batch would be DELETED.")
    assert "either remove" not in "\n".join(lines), "the engine's advice is left out"


def test_markdown_and_json_begin_with_the_way_out_too() -> None:
    report = report_of(deleted_group("batch", 0, protect=True), not_deleted(GROUP, "batch"), result="failed")
    text = render_markdown(report)
    begin = text.partition("> [!IMPORTANT]\n> **The way out**\n>\n> - The engine refuses to delete or replace")[2]
    assert begin.index("`retire: true` comes first") < begin.index("is protected: the engine refuses to delete it.")
    assert "> The engine refuses this change. What follows is what it saw until then." in text
    assert "--waive" not in text, "a waiver is no way past a protection"
    assert json.loads(render_json(report))["waysOut"] == list(report.ways_out)


def test_a_retired_group_goes_without_a_word() -> None:
    report = report_of(step("delete", GROUP, "batch", {"minSize": 0, "maxSize": 0}))
    assert (report.dangers, report.ways_out, report.exit_code) == ((), (), 0)


def test_many_groups_that_go_are_told_at_once_and_members_are_not_retired() -> None:
    events = [
        event for n in range(8) for event in (deleted_group(f"g{n}", n, protect=True), not_deleted(GROUP, f"g{n}"))
    ]
    (warning, ways) = report_of(*events, result="failed").ways_out
    assert "8 resources, because the program protects them" in warning
    assert ways.startswith("Groups g0, g1, g2, g3, g4, g5 and 2 more: where one has another name now, write")
    member = report_of(deleted_group("control-plane-a", 1, role="ControlPlane", protect=True))
    assert "a control-plane member is not removed, so put its entry back" in member.ways_out[1]


def test_a_namespace_of_the_file_that_goes_is_put_back_or_removed_as_the_documents_say() -> None:
    kind = "kubernetes:core/v1:Namespace"
    state = {**PROTECTED, "parent": urn("slipway:index:Namespace", "shop")}
    gone = step("delete", kind, "shop", {"metadata": {"name": "shop"}}, state=state)
    report = report_of(component("Namespace", "shop"), gone, not_deleted(kind, "shop"), result="failed")
    assert report.ways_out[1] == (
        "core Namespace shop: Put it back into `cluster.namespaces`; another name is another namespace. To remove it "
        "with all that is in it: docs/workloads.md, Remove a namespace."
    )
    store = step("delete", kind, "log-store", {"metadata": {"name": "log-store"}}, state=PROTECTED)
    assert "docs/read-logs.md" in report_of(store, not_deleted(kind, "log-store"), result="failed").ways_out[1]


CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"


def claim(op: str, kind: str, **spec: tuple[Any, Any]) -> list[dict[str, Any]]:
    """Return the events of the protected claim of a workload; ``spec`` has what it asks for before and after."""
    state = {**PROTECTED, "parent": urn(f"slipway:index:{kind}", "web")}
    old, new = ({"spec": {key: values[side] for key, values in spec.items()}} for side in (0, 1))
    keys = [f"spec.{key}" for key in spec]
    refused = not_deleted if op == "delete" else not_replaced
    return [
        component(kind, "web"),
        step(op, CLAIM, "web-data", old, None if op == "delete" else new, keys=keys, state=state),
        refused(CLAIM, "web-data"),
    ]


@pytest.mark.parametrize("kind", ["Deployment", "CronJob"])
def test_a_claim_that_would_go_is_put_back_or_given_up_as_the_documents_say(kind: str) -> None:
    report = report_of(*claim("delete", kind), result="failed")
    assert report.ways_out[1] == (
        "core PersistentVolumeClaim web-data: Put it back into apps/web.yaml, and the workload's kind, name and "
        "namespace: a claim goes by all of them. To let it go, or its data move: docs/workloads.md, Give up a claim."
    )


def test_a_claim_of_another_storage_class_is_put_back_or_stands_beside() -> None:
    events = claim("replace", "Deployment", storageClassName=("gp3", "io2"), accessModes=(["A"], ["B"]))
    assert report_of(*events, result="failed").ways_out[1] == (
        "core PersistentVolumeClaim web-data: A claim keeps its `storageClass` and `access`: put them back in "
        "apps/web.yaml, or declare a further claim beside it. To let it go, or its data move: docs/workloads.md, Give "
        "up a claim."
    )


def test_whatever_else_is_protected_is_told_with_the_same_warning() -> None:
    key = "aws:ecr/repository:Repository"
    report = report_of(step("delete", key, "web", {"name": "web"}, state=PROTECTED), not_deleted(key, "web"))
    assert [danger.holds for danger in report.dangers] == ["something that the program protects"]
    assert report.ways_out[1] == f"ecr Repository web: {UNKNOWN}"
    # The engine may refuse before it tells of any step.
    unseen = report_of(not_replaced(key, "web"), result="failed")
    assert "Do not lift the protection" in unseen.ways_out[0]
    assert unseen.ways_out[1] == f"ecr Repository web: {UNKNOWN}"
    assert [each.message for each in unseen.diagnostics] == [
        "ecr Repository web is protected: the engine refuses to replace it."
    ]


def test_another_error_is_not_hidden_behind_refusals() -> None:
    report = report_of(not_deleted(GROUP, "a"), not_deleted(GROUP, "a"), error("no zone"), result="failed")
    assert [each.message for each in report.diagnostics] == [
        "no zone",
        "autoscaling Group a is protected: the engine refuses to delete it.",
    ]


def test_what_is_unprotected_with_its_replacement_is_not_refused() -> None:
    event = replaced(VOLUME, "etcd-a", "availabilityZone", "a", "b", **PROTECTED)
    event["resourcePreEvent"]["metadata"]["new"]["protect"] = False
    report = report_of(event)
    assert (report.ways_out, report.exit_code) == ((), 3)


def interface(letter: str) -> list[dict[str, Any]]:
    moved = replaced(INTERFACE, letter, "subnetId", "subnet-1", UNKNOWN_VALUE, **PROTECTED)
    return [moved, not_replaced(INTERFACE, letter)]


def test_members_of_an_environment_that_gets_a_nat_are_to_stay_in_public_subnets() -> None:
    nat = step("create", NAT, "nat-a", None, {"subnetId": "s"})
    report = report_of(*interface("a"), *interface("b"), nat, result="failed")
    assert report.ways_out[1] == (
        "ec2 NetworkInterface a, ec2 NetworkInterface b: A control-plane member's address lies in its subnet, so it "
        "cannot move with the new NAT: write `subnets: public` on the members' groups with the change; their machines "
        "stay where they are (docs/network.md, NAT)."
    )
    assert "write `subnets: public`" in report.dangers[0].words()
    assert (
        report.dangers[0].loss().startswith("ec2 NetworkInterface a would be REPLACED by another, because of subnetId")
    )
    assert "until the protection is lifted" not in " ".join(report.sentences)


def test_a_member_that_moves_to_another_subnet_or_zone_is_to_be_put_back() -> None:
    back = "put the `zones` and `subnets` of its group, `network.nat` and `network.vpc` back"
    assert back in report_of(*interface("a")).ways_out[1]
    member = urn("slipway:index:ControlPlaneMember", "a")
    moved = report_of(
        component("ControlPlaneMember", "a"),
        replaced(INTERFACE, "a", "subnetId", "subnet-1", "subnet-2", parent=member, **PROTECTED),
        replaced(VOLUME, "a", "availabilityZone", "a", "b", parent=member, **PROTECTED),
    )
    assert moved.ways_out[1:] == (
        "ebs Volume a, ec2 NetworkInterface a: A control-plane member cannot move to another zone: put the `zones` of "
        "its group back.",
    )


def test_a_member_whose_address_another_takes_keeps_it_by_the_others_name() -> None:
    moved = replaced(INTERFACE, "cp-b", "privateIps", ["10.20.32.10"], ["10.20.32.11"], **PROTECTED)
    report = report_of(moved, not_replaced(INTERFACE, "cp-b"), result="failed")
    assert report.ways_out[1] == (
        "ec2 NetworkInterface cp-b: A control-plane member's address follows from the order of names in its zone, and "
        "cannot change: give the members that are new names behind those of the others (docs/restore-etcd.md, From one "
        "member to three), and put `membersFrom` of an existing subnet back."
    )


def test_a_network_load_balancer_leaves_no_zone() -> None:
    report = report_of(
        replaced(BALANCER, "api-internal", "subnets", ["a", "b"], ["a"], **PROTECTED),
        not_replaced(BALANCER, "api-internal"),
        result="failed",
    )
    assert report.ways_out[1] == (
        "lb LoadBalancer api-internal: A Network Load Balancer leaves no zone and no subnet (terraform-provider-aws "
        "replaces it): keep the zone in `network.zones`, with its subnets in `network.vpc`, and take groups out of it "
        "by their own `zones`."
    )
    assert report.dangers[0].holds.startswith("the name and the addresses by which its clients find")


def test_an_edge_that_goes_is_released_by_its_own_key_first() -> None:
    parent = urn("slipway:index:EdgeRouter", "edge")
    edge = step("delete", BALANCER, "edge", {"name": "edge"}, state={"parent": parent, **PROTECTED})
    report = report_of(component("EdgeRouter", "edge"), edge, not_deleted(BALANCER, "edge"), result="failed")
    assert "set `edge.deletionProtection: false` and update; then remove `edge`" in report.ways_out[1]
    # Where it is not protected it has been released.
    del edge["resourcePreEvent"]["metadata"]["old"]["protect"]
    assert report_of(component("EdgeRouter", "edge"), edge).ways_out == ()


CIDR = "`network.cidr` cannot be changed (10.20.0.0/16 → 10.30.0.0/16): put it back."


def test_another_block_is_the_one_reason_for_all_that_follows_from_it() -> None:
    events = [replaced(VPC, "network", "cidrBlock", "10.20.0.0/16", "10.30.0.0/16"), *interface("a"), *interface("b")]
    report = report_of(*events, step("create", NAT, "nat-a", None, {}), result="failed")
    assert report.ways_out[1].startswith(CIDR)
    assert len(report.ways_out) == 2, "no way out that is only for what follows from it"
    assert "subnets: public" not in " ".join(report.sentences)
    # Where nothing is protected the reason comes first all the same.
    assert report_of(events[0]).ways_out[0].startswith(CIDR)
    assert report_of(events[0]).exit_code == 3


def test_another_block_in_an_existing_vpc_is_told_by_the_subnets() -> None:
    blocks = [("public-a", "10.20.0.0/22", "10.30.0.0/22"), ("private-a", "10.20.32.0/19", "10.30.32.0/19")]
    events = [replaced(SUBNET, name, "cidrBlock", old, new) for name, old, new in blocks]
    report = report_of(*events, *interface("a"), result="failed")
    assert report.ways_out[1].startswith("`network.cidr` cannot be changed (10.20.0.0/22 → 10.30.0.0/22): put it back.")
    assert len(report.ways_out) == 2


def test_another_vpc_is_the_one_reason_for_all_that_follows_from_it() -> None:
    groups = [replaced(SECURITY_GROUP, name, "vpcId", "vpc-1", "vpc-2") for name in ("nodes", "control-plane")]
    own = step("delete", VPC, "network", {"cidrBlock": "10.20.0.0/16"})
    report = report_of(own, *groups, *interface("a"), result="failed")
    assert report.ways_out[1] == (
        "An environment cannot move to another VPC, from its own to an existing one or back: put `network.vpc` back. "
        "One in another VPC is another environment (docs/network.md, A VPC that exists)."
    )
    assert len(report.ways_out) == 2
    # Where nothing is protected, as with another ID above the same subnets, it stops all the same.
    alone = report_of(*groups)
    assert alone.exit_code == 3
    assert [danger.holds for danger in alone.dangers] == [
        "the rules by which machines are reached: new ones are of another VPC, and the machines stay in this one"
    ] * 2
    assert "would be REPLACED by another, because of vpcId (vpc-1 → vpc-2)" in alone.dangers[0].words()
    # A VPC that is made anew moves its groups, too, and is told by its own reason.
    anew = replaced(VPC, "network", "cidrBlock", "10.20.0.0/16", "10.30.0.0/16")
    assert [each.startswith(CIDR) for each in report_of(anew, *groups).ways_out] == [True]


def cluster(op: str, old: str, new: str, kind: str = SECURITY_GROUP) -> dict[str, Any]:
    before, after = ({"name": f"nodes.{name}", "tags": {"KubernetesCluster": name}} for name in (old, new))
    return step(op, kind, "nodes", before, after, keys=["name"] if op == "replace" else [])


def test_another_name_of_the_cluster_is_told_by_the_tag_that_has_it() -> None:
    group = replaced(GROUP, "nodes", "name", "nodes.a.example", "nodes.b.example", **PROTECTED)
    report = report_of(cluster("replace", "a.example", "b.example"), group, not_replaced(GROUP, "nodes"))
    assert report.ways_out[1].startswith("`cluster.name` cannot be changed later (a.example → b.example)")
    assert len(report.ways_out) == 2
    assert report_of(cluster("update", "a.example", "a.example"), group).ways_out[1].startswith("autoscaling Group")


def whole_environment(number: int) -> list[dict[str, Any]]:
    """Return the events of another block: everything in it is made anew, and much of it is protected."""
    parent = {"parent": urn("slipway:index:Network", "network")}
    large = {"name": "x", **{f"setting{n}": n for n in range(8)}}
    anew = {key: f"{value}-" for key, value in large.items()}
    events = [component("Network", "network"), replaced(VPC, "network", "cidrBlock", "10.20.0.0/16", "10.30.0.0/16")]
    for n in range(number):
        events += [step("replace", "aws:ec2/subnet:Subnet", f"s{n}", large, anew, keys=["name"], state=parent)]
        events += interface(f"m{n}")
        events += [deleted_group(f"g{n}", 2, protect=True), not_deleted(GROUP, f"g{n}")]
        events += [step("delete", VOLUME, f"v{n}", {"size": 1, "type": "gp3"})]
    return events


@pytest.mark.parametrize("number", [1, 90])
def test_a_refused_change_of_everything_is_told_in_few_lines(number: int) -> None:
    report = report_of(*whole_environment(number), error("first\n" + "line\n" * 90), result="failed")
    lines = render_text(report).plain.splitlines()
    assert lines[2].startswith(f"  {CIDR}")
    assert len(lines) <= 200
    if number == 90:
        assert "  Network network: 90 to replace" in lines
        assert f"  … and {271 - 10:,} more" in lines, "of what would be lost, after the first ten"
        assert lines[-1].startswith("Folded: the whole report has ")
        assert lines[-1].endswith(" lines. `--format json` has all of it.")
    else:
        assert not lines[-1].startswith("Folded")


def test_a_change_that_is_not_refused_is_told_in_full() -> None:
    events = [step("create", "aws:sqs/queue:Queue", f"q{n}", None, {"name": f"queue-{n}"}) for n in range(300)]
    assert len(render_text(report_of(*events)).plain.splitlines()) > 300


def test_what_the_engine_refuses_stands_before_what_would_be_lost_beside_it() -> None:
    report = report_of(step("delete", VOLUME, "v", {"size": 1}), *interface("a"))
    assert [danger.name for danger in report.dangers] == ["a", "v"]


def test_the_public_way_to_the_api_is_closed_by_a_page_of_its_own() -> None:
    name = "api-public"
    gone = step("delete", BALANCER, name, {"name": "api"}, state=PROTECTED)
    report = report_of(component("ApiEndpoint", "api"), gone, not_deleted(BALANCER, name), result="failed")
    assert report.ways_out[1:] == (
        "lb LoadBalancer api-public: Put `cluster.api.access: public` back. To close the API to the internet: "
        "docs/control-plane.md, Close the API to the internet.",
    )
    inner = step("delete", BALANCER, "api-internal", {"name": "api"}, state=PROTECTED)
    assert report_of(inner, not_deleted(BALANCER, "api-internal"), result="failed").ways_out[1].endswith(UNKNOWN)
