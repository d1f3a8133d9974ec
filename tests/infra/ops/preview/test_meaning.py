from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.ops.preview.events import read_events
from infra.ops.preview.meaning import interpret
from infra.ops.preview.prices import price_table
from infra.ops.preview.remedies import UNKNOWN
from infra.ops.preview.render_markdown import render_markdown
from infra.ops.preview.render_text import render_text
from infra.plan.stateful import STATEFUL
from tests.infra.ops.preview.made import (
    GROUP,
    INGRESS,
    REGION,
    SECURITY_GROUP,
    TEMPLATE,
    UNKNOWN_VALUE,
    VOLUME,
    component,
    encoded,
    group,
    report_of,
    step,
    urn,
)

RECORDED = Path(__file__).parent / "recorded"
LARGER = ({"instanceType": "m7i.large"}, {"instanceType": "m7i.xlarge"})


def replaced(kind: str = VOLUME, name: str = "etcd-a", **state: object) -> list[dict[str, object]]:
    old, new = {"availabilityZone": "a"}, {"availabilityZone": "b"}
    more = {"keys": ["availabilityZone"], "state": state}
    return [
        step("create-replacement", kind, name, old, new, **more),
        step("replace", kind, name, old, new, **more),
        step("delete-replaced", kind, name, old, None, **more),
    ]


def test_nothing_to_change() -> None:
    report = report_of(*group("nodes", "Node"))
    assert (report.verdict, report.exit_code, report.sentences) == ("nothing", 0, ())
    assert report.headline == "test: nothing changes."


def test_what_is_retained_is_kept_and_not_deleted() -> None:
    record, kept = "aws:s3/bucketObjectv2:BucketObjectv2", {"retainOnDelete": True}
    names = ("nodes/join.json", "nodes/machine.json")
    report = report_of(*(step("delete", record, name, {"key": f"clusters/{name}"}, state=kept) for name in names))
    assert (report.verdict, dict(report.counts)) == ("fine", {"keep": 2})
    assert "Kept: 2 resources stay in the cloud, and the program manages them no more." in report.sentences
    assert "All changes: 2 to keep" in render_text(report).plain
    assert "keep s3 BucketObjectv2 nodes/join.json" in render_text(report).plain
    markdown = render_markdown(report)
    assert "| keep |" in markdown
    assert "- 📌 keep `s3 BucketObjectv2 nodes/join.json`" in markdown
    alone = report_of(step("delete", record, names[0], {"key": names[0]}, state=kept))
    assert "Kept: 1 resource stays in the cloud, and the program manages it no more." in alone.sentences


def test_a_key_that_is_retained_is_lost_to_the_program_all_the_same() -> None:
    key, state = "aws:s3/bucketObjectv2:BucketObjectv2", {"retainOnDelete": True}
    report = report_of(step("delete", key, "ca", {"key": "pki/ca.key"}, state=state))
    assert (report.verdict, report.dangers[0].op) == ("stop", "keep")
    assert report.sentences[0] == (
        "s3 BucketObjectv2 ca would be FORGOTTEN. It holds a key, a backup or etcd's snapshot (it stays in the cloud, "
        "but nothing manages it any more)."
    )


def test_losses_of_one_component_are_waived_by_its_name() -> None:
    definition = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    state = {"parent": urn("slipway:index:Manifests", "edge-router")}
    lost = [step("delete", definition, name, {}, state=state) for name in ("gateways", "routes")]
    report = report_of(component("Manifests", "edge-router"), *lost)
    told = "If all that goes with edge-router is meant, say so: "
    assert f"{told}--waive edge-router" in render_text(report).plain
    assert f"{told}`--waive edge-router`" in render_markdown(report)
    waived = report_of(component("Manifests", "edge-router"), *lost, waivers=("edge-router",))
    assert (waived.verdict, "say so" in render_text(waived).plain) == ("attention", False)
    one = report_of(component("Manifests", "edge-router"), lost[0])
    assert f"If one is meant, say so: --waive {urn(definition, 'gateways')}" in render_text(one).plain


def test_a_replaced_disk_stops() -> None:
    report = report_of(*replaced())
    assert (report.verdict, report.exit_code) == ("stop", 3)
    assert dict(report.counts) == {"replace": 1}
    assert report.sentences[0] == (
        "ebs Volume etcd-a would be REPLACED by an empty one, because of availabilityZone (a → b). It holds a disk: "
        "etcd's data, where it is a control-plane member's."
    )


@pytest.mark.parametrize("word", [urn(VOLUME, "etcd-a"), "cluster"])
def test_a_waiver_by_urn_or_component_lets_it_pass(word: str) -> None:
    parent = urn("slipway:index:Cluster", "cluster")
    report = report_of(component("Cluster", "cluster"), *replaced(parent=parent), waivers=(word, "nodes"))
    assert (report.verdict, report.exit_code) == ("attention", 0)
    assert report.sentences[0].endswith(" Waived.")
    assert report.unknown_waivers == ("nodes",)


def test_a_waiver_of_one_is_none_of_another() -> None:
    report = report_of(*replaced(), *replaced(name="etcd-b"), waivers=(urn(VOLUME, "etcd-a"),))
    assert report.exit_code == 3
    assert [(each.name, each.waived) for each in report.dangers] == [("etcd-b", False), ("etcd-a", True)]


def test_protection_and_retention_are_said() -> None:
    old = {"bucket": "state"}
    state = {"protect": True, "retainOnDelete": True}
    (told, *_) = report_of(step("delete", "aws:s3/bucket:Bucket", "state", old, state=state)).sentences
    assert told == (
        "s3 Bucket state would be FORGOTTEN. It holds every object in it: Pulumi's state, cluster configuration, "
        "backups (it stays in the cloud, but nothing manages it any more; it is protected, so the engine refuses). "
        f"{UNKNOWN} Do not lift the protection."
    )


SUITABLE = {"key": "cluster/pki/ca.key", "type": "SecureString", "spec": {"volumeClaimTemplates": [{}]}}


@pytest.mark.parametrize("entry", STATEFUL, ids=lambda entry: entry.type)
def test_every_type_of_the_table_stops_when_deleted(entry: object) -> None:
    kind = getattr(entry, "type", "")
    assert report_of(step("delete", kind, "x", SUITABLE)).exit_code == 3
    assert report_of(step("create", kind, "x", None, SUITABLE)).exit_code == 0
    assert report_of(step("update", kind, "x", {"a": 1}, {"a": 2})).exit_code == 0


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("aws:s3/bucketObjectv2:BucketObjectv2", {"key": "cluster/manifests/cni.yaml"}),
        ("aws:ssm/parameter:Parameter", {"type": "String"}),
        ("kubernetes:apps/v1:StatefulSet", {"spec": {"replicas": 1}}),
        ("aws:ec2/routeTable:RouteTable", {}),
    ],
)
def test_what_can_be_made_again_may_go(kind: str, inputs: dict[str, object]) -> None:
    assert report_of(step("delete", kind, "x", inputs)).exit_code == 0


def test_versioning_that_is_suspended_stops() -> None:
    kind = "aws:s3/bucketVersioning:BucketVersioning"
    old, new = ({"versioningConfiguration": {"status": status}} for status in ("Enabled", "Suspended"))
    assert report_of(step("update", kind, "state", old, new)).exit_code == 3
    assert report_of(step("update", kind, "state", new, old)).exit_code == 0


def test_a_group_with_machines_that_is_deleted_stops_and_a_retired_one_does_not() -> None:
    old = {"minSize": 2, "maxSize": 2}
    report = report_of(step("delete", GROUP, "nodes", old))
    assert report.exit_code == 3
    assert "2 running machines, which would all end at once" in report.sentences[0]
    assert report_of(step("delete", GROUP, "nodes", {"minSize": 0, "maxSize": 0})).exit_code == 0
    # Nothing runs in it, though something might.
    assert report_of(step("delete", GROUP, "nodes", {"minSize": 0, "maxSize": 5})).exit_code == 0


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (({"instanceType": "t3.small"}, {}), "machine types of a mixed instances policy, in place of t3.small"),
        (({}, {"instanceType": "t3.small"}), "machine type t3.small, in place of a mixed instances policy"),
        (({"placement": {"tenancy": "dedicated"}}, {}), "tenancy"),
        (({"placement": {"tenancy": "dedicated"}}, {"placement": {"tenancy": "host"}}), "tenancy"),
        (({}, {"imageId": "ami-2"}), "image (not set) → ami-2"),
    ],
)
def test_why_a_group_rolls(template: tuple[dict[str, Any], dict[str, Any]], reason: str) -> None:
    (roll,) = report_of(*group("nodes", "Node", op="update", template=template)).rolls
    assert roll.reasons == (reason,)


def test_groups_roll_in_the_order_of_their_roles() -> None:
    report = report_of(
        *group("nodes", "Node", op="update", count=3, template=LARGER),
        *group("edge", "Edge", op="update", count=2, template=LARGER),
        *group("control-plane-a", "ControlPlane", op="update", template=LARGER),
        *group("idle", "Node", op="update", count=0, template=LARGER),
    )
    assert [(roll.group, roll.machines) for roll in report.rolls] == [
        ("control-plane-a", 1), ("nodes", 3), ("edge", 2),
    ]  # fmt: skip
    assert report.rolls[0].reasons == ("machine type m7i.large → m7i.xlarge",)
    assert (
        "6 machines must be drained and replaced, by `slipway roll` after the update, in this order: control-plane-a "
        "(1 machine), then nodes (3 machines), then edge (2 machines). The update itself replaces none."
    ) in report.sentences


def test_a_roll_names_the_files_that_machines_read_from_the_state_bucket() -> None:
    def document(word: str) -> dict[str, object]:
        files = [{"path": "/etc/a", "mode": "0644", "content": word}, {"path": "/etc/b", "mode": "0755", "content": ""}]
        return {"key": f"c/igconfig/node/nodes/files-{word}.json", "content": json.dumps({"files": files})}

    kind = "aws:s3/bucketObjectv2:BucketObjectv2"
    templates = ({"userData": encoded("#!/bin/sh\n1\n")}, {"userData": encoded("#!/bin/sh\n2\n")})
    report = report_of(
        *group("nodes", "Node", op="update", template=templates),
        step("replace", kind, "nodes/files.json", document("one"), document("two"), keys=["key"]),
        step("replace", kind, "edge/files.json", document("one"), document("two"), keys=["key"]),
    )
    (roll,) = report.rolls
    assert roll.reasons == ("first-boot configuration: user-data (- 1, + 2)", "first-boot file: /etc/a")
    (change,) = [each for each in report.changes if each.name == "nodes/files.json"]
    assert [(each.path, each.lines[-2:]) for each in change.differences] == [
        ("content (/etc/a)", ("-one", "+two")), ("key", ()),
    ]  # fmt: skip
    assert report.verdict == "attention"
    assert report.dangers == ()


def test_the_template_s_own_tags_roll_nothing() -> None:
    report = report_of(step("update", TEMPLATE, "nodes", {"description": "a"}, {"description": "b"}))
    assert report.rolls == ()
    assert "No machine is replaced: nothing has to be rolled." in report.sentences
    assert report.verdict == "fine"


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


def rule(cidr: str, port: int = 443, name: str = "rule", op: str = "create") -> dict[str, object]:
    inputs = {
        "securityGroupId": "sg-cp", "cidrIpv4": cidr, "ipProtocol": "tcp", "fromPort": port, "toPort": port,
        "description": "why",
    }  # fmt: skip
    return step(op, INGRESS, name, inputs if op == "delete" else None, None if op == "delete" else inputs)


PLANE = step("same", SECURITY_GROUP, "control-plane", {"name": "control-plane.test"}, {"name": "control-plane.test"},
             state={"id": "sg-cp"})  # fmt: skip


def test_rules_are_told_in_words_and_openings_to_everyone_come_first() -> None:
    report = report_of(PLANE, rule("10.0.0.0/8", 10250, "a"), rule("0.0.0.0/0", 22, "b"))
    assert [(each.words(), each.alarming) for each in report.openings] == [
        ("opens TCP port 22 (SSH) from 0.0.0.0/0 (everyone) to control-plane.test — why", True),
        ("opens TCP port 10250 (kubelet) from 10.0.0.0/8 to control-plane.test — why", False),
    ]
    assert report.verdict == "attention"


def test_the_api_s_rule_that_goes_takes_access_away() -> None:
    report = report_of(PLANE, rule("10.0.0.0/8", op="delete"))
    assert report.api.level == "interrupted"
    assert report.api.reasons[0].startswith("10.0.0.0/8 can no longer reach the API")
    renamed = report_of(PLANE, rule("10.0.0.0/8", op="delete"), rule("10.0.0.0/8", name="other"))
    assert renamed.api.level == "none"


def policy(*actions: str, resource: str = "*") -> dict[str, object]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {"role": "nodes", "policy": f'{{"Statement": [{str(statement).replace(chr(39), chr(34))}]}}'}


def test_a_way_out_to_everyone_is_told_and_alarms_nobody() -> None:
    kind = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    inputs = {"securityGroupId": "sg-cp", "cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"}
    (opening,) = report_of(PLANE, step("create", kind, "out", None, inputs)).openings
    assert opening.words() == "opens all protocols and ports from control-plane.test to 0.0.0.0/0 (everyone)"
    assert not opening.alarming


def test_a_denial_of_everything_alarms_nobody() -> None:
    denial = {"role": "n", "policy": '{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'}
    (told,) = report_of(step("create", "aws:iam/rolePolicy:RolePolicy", "n", None, denial)).permissions
    assert (told.words(), told.alarming) == ("n is now denied: * on *", False)


def test_a_replacement_that_is_deleted_first_is_one_replacement() -> None:
    report = report_of(step("delete", VOLUME, "a", {"size": 1}), step("create", VOLUME, "a", None, {"size": 2}))
    assert dict(report.counts) == {"replace": 1}


def test_permissions_are_compared_action_by_action() -> None:
    kind = "aws:iam/rolePolicy:RolePolicy"
    report = report_of(step("update", kind, "n", policy("s3:GetObject", "s3:ListBucket"), policy("s3:GetObject", "*")))
    assert [(each.words(), each.alarming) for each in report.permissions] == [
        ("nodes may now: * on *", True),
        ("nodes may no longer: s3:ListBucket on *", False),
    ]
    unknown = {"role": "nodes", "policy": UNKNOWN_VALUE}
    (told,) = report_of(step("create", kind, "n", None, unknown)).permissions
    assert told.action == "what is known only during the update"


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


def test_the_first_members_need_none() -> None:
    report = report_of(*added("member-a"), *added("member-b"), *added("member-c"), *group("nodes", "Node"))
    assert report.api.reasons == ()


def test_cost_counts_machines_disks_and_gateways_and_prices_no_stranger() -> None:
    nat = "aws:ec2/natGateway:NatGateway"
    report = report_of(
        *group("nodes", "Node", op="update", count=3, template=LARGER),
        *group("odd", "Node", op="update", template=({"instanceType": "x9z.large"}, {"instanceType": "x9z.xlarge"})),
        step("create", nat, "nat", None, {}),
        step("delete", VOLUME, "old", {"type": "gp3", "size": 100}),
    )
    assert [(line.what, round(line.change, 2)) for line in report.cost.lines] == [
        ("group nodes: 3 x m7i.large → 3 x m7i.xlarge", 264.44),
        ("NatGateway nat: NAT gateway", 37.96),
        ("Volume old: 100 GiB gp3", -9.52),
    ]
    assert report.cost.not_priced == ("group odd: 1 x x9z.large → 1 x x9z.xlarge",)
    assert round(report.cost.change, 2) == 292.88


@pytest.mark.parametrize(
    ("region", "basis"),
    [(REGION, "list prices of 2025-03-02"), ("mx-central-1", "list prices, none of a machine in this region")],
)
def test_a_bill_says_what_it_rests_on(region: str, basis: str) -> None:
    events = group("nodes", "Node", op="update", count=3, template=LARGER)
    run = read_events("\n".join(json.dumps(event) for event in events), "made")
    report = interpret(run, environment="test", region=region, prices=price_table(), waivers=())
    assert f"({basis})" in next(each for each in report.sentences if "Monthly cost" in each)
    assert f"({basis})" in render_text(report).plain
    assert f". {basis.capitalize()}; traffic" in render_markdown(report)


def test_a_replaced_disk_is_paid_once_before_and_once_after() -> None:
    old, new = {"type": "gp3", "size": 100, "availabilityZone": "a"}, {"type": "gp3", "size": 200}
    report = report_of(
        step("create-replacement", VOLUME, "v", old, new),
        step("replace", VOLUME, "v", old, new),
        step("delete-replaced", VOLUME, "v", old, None),
    )
    assert [(round(line.before, 2), round(line.after, 2)) for line in report.cost.lines] == [(9.52, 19.04)]


def test_an_engine_that_did_not_finish_has_failed() -> None:
    report = report_of(step("update", TEMPLATE, "n", {"a": 1}, {"a": 2}), result="failed")
    assert (report.verdict, report.exit_code) == ("failed", 1)
    error = {"sequence": 1, "diagnosticEvent": {"severity": "error", "message": "no zone"}}
    assert report_of(error).headline == "test: the preview FAILED (1 error). This change cannot be applied as it is."
    broken = {"sequence": 1, "policyEvent": {"message": "m", "policyName": "p", "enforcementLevel": "mandatory"}}
    assert report_of(broken).exit_code == 1


def test_a_recorded_preview() -> None:
    run = read_events((RECORDED / "changed.jsonl").read_text(encoding="utf-8"), "recorded")
    report = interpret(run, environment="local", region=REGION, prices=price_table(), waivers=())
    assert (report.verdict, report.exit_code) == ("failed", 1)
    assert dict(report.counts) == {"delete": 4, "update": 4, "create": 11}
    assert [danger.label for danger in report.dangers] == ["core Namespace demo"]
    assert [(roll.group, roll.machines, roll.reasons) for roll in report.rolls] == [
        ("control-plane-a", 1, ("machine type m7i.large → m7i.xlarge",)),
        (
            "nodes",
            2,
            ("machine type m7i.large → m7i.xlarge", "node labels: tier=web"),
        ),
    ]
    assert [each.words for each in report.resizes] == ["most 4 → 6"]
    assert round(report.cost.change, 2) == 264.44


def test_rules_and_permissions_that_alarm_nobody_are_counted_in_what_will_happen() -> None:
    office = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "198.51.100.0/24"}
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    report = report_of(
        step("create", INGRESS, "office", None, office),
        step("delete", INGRESS, "home", {**office, "cidrIpv4": "203.0.113.7/32"}, None),
        step("create", "aws:iam/rolePolicy:RolePolicy", "nodes", None, {"role": "nodes.test", "policy": policy}),
    )
    assert "Security rules: 1 closed and 1 opened, none of these to everyone; each is named below." in (
        report.sentences
    )
    assert "Permissions: 2 granted, of nodes.test; each is named below." in report.sentences


def test_another_version_of_kubernetes_is_said_in_words() -> None:
    env = "write_files:\n- path: /etc/slipway/node.env\n  content: |\n    KUBELET_VERSION={}\n    FILES_SHA256={}\n"
    before, after = (
        {"userData": encoded("#cloud-config\n" + env.format(*values))}
        for values in (("v1.37.1", "a"), ("v1.37.2", "b"))
    )
    report = report_of(*group("nodes", "Node", op="update", template=(before, after)))
    assert report.rolls[0].reasons == ("Kubernetes v1.37.1 → v1.37.2",)
    assert "Kubernetes v1.37.1 → v1.37.2." in report.sentences


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


def test_a_group_that_goes_as_a_whole_names_the_two_ways_that_keep_its_machines() -> None:
    tags = [{"key": "slipway/instance-group", "value": "batch", "propagateAtLaunch": True}]
    report = report_of(
        step("delete", GROUP, "batch", {"minSize": 2, "maxSize": 6, "tags": tags}, None, state={"protect": True})
    )
    assert report.sentences[0].endswith(
        "If the group has another name now, write `renamedFrom: batch` there; to remove it, `retire: true` comes first "
        "(docs/change-a-group.md). Do not lift the protection."
    )
    assert "Group batch: the group goes; it had 2 to 6 machines; that needs no roll." in report.sentences


def test_one_machine_is_called_one() -> None:
    tags = [{"key": "slipway/instance-group", "value": "batch", "propagateAtLaunch": True}]
    report = report_of(step("delete", GROUP, "batch", {"minSize": 1, "maxSize": 1, "tags": tags}, None))
    assert "Group batch: the group goes; it had 1 machine; that needs no roll." in report.sentences


def test_a_taint_is_said_and_not_only_the_file_it_is_in() -> None:
    file = "#cloud-config\nwrite_files:\n- path: /etc/kubernetes/kubelet.yaml\n  content: |\n    a: 1\n{}"
    taint = "    registerWithTaints:\n    - effect: NoSchedule\n      key: example.com/batch\n"
    before, after = ({"userData": encoded(file.format(each))} for each in ("", taint))
    report = report_of(*group("batch", "Node", op="update", template=(before, after)))
    assert report.rolls[0].reasons == (
        "first-boot configuration: /etc/kubernetes/kubelet.yaml (+ registerWithTaints:, + - effect: NoSchedule, + key: "
        "example.com/batch)",
    )


def test_a_renamed_group_is_said_to_keep_its_machines() -> None:
    old, new = ({"tags": {"slipway/instance-group": name, "slipway/role": "Node"}} for name in ("batch", "crunch"))
    report = report_of(step("update", TEMPLATE, "batch", old, new))
    assert "Group batch is called crunch from now on, and keeps its machines." in report.sentences
    assert not report.rolls
