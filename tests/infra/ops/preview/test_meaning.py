from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.ops.preview.events import read_events
from infra.ops.preview.meaning import interpret
from infra.ops.preview.prices import price_table
from infra.ops.preview.render_markdown import render_markdown
from infra.ops.preview.render_text import render_text
from tests.infra.ops.preview.made import (
    REGION,
    TEMPLATE,
    VOLUME,
    group,
    replaced,
    report_of,
    step,
    urn,
)

RECORDED = Path(__file__).parent / "recorded"


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


def test_a_replacement_that_is_deleted_first_is_one_replacement() -> None:
    report = report_of(step("delete", VOLUME, "a", {"size": 1}), step("create", VOLUME, "a", None, {"size": 2}))
    assert dict(report.counts) == {"replace": 1}


def test_what_moves_with_the_kind_of_its_component_is_one_replacement() -> None:
    account = "kubernetes:core/v1:ServiceAccount"
    made, _, ended = replaced(account, "web")
    other = json.loads(json.dumps(ended).replace(urn(account, "web"), urn(f"slipway:index:CronJob${account}", "web")))
    assert dict(report_of(made, other).counts) == {"replace": 1}
    assert dict(report_of(other).counts) == {"delete": 1}


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


@pytest.mark.parametrize(
    ("kind", "old", "new", "verdict"),
    [
        ("ConfigMap", {"name": "web-config-1"}, {"name": "web-config-2"}, "fine"),
        ("ConfigMap", {"name": "web-config"}, {"name": "web-config"}, "attention"),
        ("Secret", {}, {}, "fine"),
        ("ServiceAccount", {"name": "a"}, {"name": "b"}, "attention"),
    ],
)
def test_files_that_are_made_under_another_name_interrupt_nothing(
    kind: str, old: dict[str, str], new: dict[str, str], verdict: str
) -> None:
    # Pods go on with the old ones until their successors, which have the new ones, are ready.
    sides = ({"metadata": {"namespace": "demo", **each}, "stringData": {"a": f"{each}"}} for each in (old, new))
    assert report_of(step("replace", f"kubernetes:core/v1:{kind}", "web", *sides)).verdict == verdict


def test_a_single_pod_that_is_recreated_is_noticed() -> None:
    sides = ({"replicas": 1, "strategy": {"type": "Recreate"}, "template": {"spec": {"x": each}}} for each in "ab")
    inputs = [{"metadata": {"name": "web"}, "spec": spec} for spec in sides]
    assert report_of(step("update", "kubernetes:apps/v1:Deployment", "web", *inputs)).verdict == "attention"
