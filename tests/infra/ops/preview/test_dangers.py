"""What of an update stops it: losses, by the table of what cannot be made again."""

from __future__ import annotations

import pytest

from infra.ops.preview.remedies import UNKNOWN
from infra.ops.preview.render_markdown import render_markdown
from infra.ops.preview.render_text import render_text
from infra.plan.stateful import STATEFUL
from tests.infra.ops.preview.made import (
    GROUP,
    SECRET_VALUE,
    VOLUME,
    component,
    replaced,
    report_of,
    step,
    urn,
)


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


SECRET, PASSWORD = "kubernetes:core/v1:Secret", "random:index/randomPassword:RandomPassword"


def anew(kind: str, name: str, old: dict[str, object], new: dict[str, object], **more: object) -> dict[str, object]:
    state = {"parent": urn("slipway:index:Deployment", "web")}
    return step("replace", kind, name, old, new, state=state, **more)


def test_a_secret_that_is_given_another_value_is_no_loss() -> None:
    hidden: dict[str, object] = {"data": SECRET_VALUE}
    path = 'data["password"]'
    more = {"keys": ["data"], "detailedDiff": {path: {"diffKind": "update-replace", "inputDiff": True}}}
    report = report_of(component("Deployment", "web"), anew(SECRET, "web", hidden, hidden, **more))
    assert (report.verdict == "stop", report.dangers) == (False, ())
    assert f"{path}: [secret] → [secret]" in render_text(report).plain
    emptied = report_of(component("Deployment", "web"), anew(SECRET, "web", hidden, {}))
    assert emptied.exit_code == 3


def test_a_secret_with_a_new_password_made_by_chance_is_a_loss() -> None:
    secret = anew(SECRET, "web", {"data": SECRET_VALUE}, {"data": SECRET_VALUE})
    password = anew(PASSWORD, "web-key", {"length": 32}, {"length": 48})
    report = report_of(component("Deployment", "web"), secret, password)
    assert report.exit_code == 3
    assert report.sentences[0] == "core Secret web would be REPLACED by another. It holds a secret."


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
