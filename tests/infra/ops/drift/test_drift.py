from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.ops.drift.render import render_json, render_markdown, render_text
from infra.ops.drift.report import drift_of
from infra.ops.preview.events import read_events
from infra.ops.preview.fold import COMMENT_LIMIT, length
from tests.infra.ops.preview.made import SECRET_VALUE, TEMPLATE, run_of, step

RECORDED = Path(__file__).parents[1] / "preview" / "recorded" / "drift.jsonl"


def found(
    op: str, kind: str, name: str, old: dict[str, Any], new: dict[str, Any] | None, **more: Any
) -> dict[str, Any]:
    event = step(op, kind, name, old, new, **more)
    return {"sequence": 1, "resOutputsEvent": event["resourcePreEvent"]}


def test_none() -> None:
    # Not every input that a refresh rewrites is drift: the engine compares, and says "update" where it is.
    report = drift_of(run_of(found("refresh", "aws:ec2/vpc:Vpc", "v", {"a": 1}, {"a": 1.0, "b": None})), "test")
    assert (report.verdict, report.exit_code, report.headline) == ("none", 0, "test: no drift in 1 resources.")


def test_one_property_is_called_one() -> None:
    run = run_of(found("update", "aws:ec2/vpc:Vpc", "v", {"tags": {"a": "1"}}, {"tags": {"a": "2"}}))
    assert drift_of(run, "test").headline == "test: DRIFT. Of 1 resources: 1 property of 1 changed outside."


def test_a_property_and_a_resource_that_is_gone() -> None:
    run = run_of(
        found("update", "aws:ec2/vpc:Vpc", "v", {"tags": {"a": "1"}}, {"tags": {"a": "2", "b": "x"}}),
        found("delete", "aws:ec2/eip:Eip", "e", {"domain": "vpc"}, None),
    )
    report = drift_of(run, "test")
    assert (report.verdict, report.exit_code) == ("drift", 4)
    assert [(each.path, each.expected, each.found) for each in report.drifted] == [
        ("tags.a", "1", "2"), ("tags.b", "(not set)", "x"),
    ]  # fmt: skip
    assert [(each.label, each.id) for each in report.gone] == [("ec2 Eip e", "id-e")]
    assert report.headline == "test: DRIFT. Of 2 resources: 1 of them gone, 2 properties of 1 changed outside."
    assert "| ec2 Vpc v | tags.a | 1 | 2 |" in render_markdown(report)
    assert "  GONE  ec2 Eip e (id-e)" in render_text(report).splitlines()
    # Without a refresh the engine compares the program with its state, and finds nothing to do.
    assert "  to set it back: pulumi up --refresh --stack test" in render_text(report).splitlines()
    assert "To set it back: `pulumi up --refresh --stack test`" in render_markdown(report)
    assert json.loads(render_json(report))["exitCode"] == 4


def test_a_new_version_of_a_launch_template_is_drift_although_nothing_declares_it() -> None:
    event = found("refresh", TEMPLATE, "nodes", {"a": 1}, {"a": 1})
    states = event["resOutputsEvent"]["metadata"]
    states["old"] = {**states["old"], "outputs": {"latestVersion": 3, "other": 1}}
    states["new"] = {**states["new"], "outputs": {"latestVersion": 4, "other": 2}}
    report = drift_of(run_of(event), "test")
    assert [(each.path, each.expected, each.found) for each in report.drifted] == [("latestVersion", "3", "4")]
    assert [(each.path, each.before, each.found) for each in report.moved] == [("other", "1", "2")]
    assert report.exit_code == 4


def test_what_controllers_keep_in_an_objects_status_is_not_told() -> None:
    event = found("refresh", "kubernetes:apps/v1:Deployment", "coredns", {"a": 1}, {"a": 1})
    states = event["resOutputsEvent"]["metadata"]
    states["old"] = {**states["old"], "outputs": {"status": {}, "other": 1}}
    states["new"] = {**states["new"], "outputs": {"status": {"replicas": 2}, "other": 2}}
    report = drift_of(run_of(event), "test")
    assert [(each.path, each.before, each.found) for each in report.moved] == [("other", "1", "2")]


@pytest.mark.parametrize(("moved", "told"), [(4, []), (5, []), (7, ["and 2 more, which --format json names"])])
def test_a_terminal_is_not_buried_in_what_is_no_drift(moved: int, told: list[str]) -> None:
    event = found("refresh", "aws:ec2/vpc:Vpc", "v", {"a": 1}, {"a": 1})
    states = event["resOutputsEvent"]["metadata"]
    for side, value in (("old", 1), ("new", 2)):
        states[side] = {**states[side], "outputs": {f"p{n}": value for n in range(moved)}}
    mark = "  (not declared, no drift) "
    lines = [
        line.removeprefix(mark) for line in render_text(drift_of(run_of(event), "test")).splitlines() if mark in line
    ]
    assert lines == [f"ec2 Vpc v: p{n} 1 → 2" for n in range(min(moved, 5))] + told


def test_secrets_are_hidden() -> None:
    run = run_of(found("update", "aws:ssm/parameter:Parameter", "p", {"value": SECRET_VALUE}, {"value": "planted-77"}))
    report = drift_of(run, "test")
    assert "planted-77" not in render_markdown(report) + render_text(report) + render_json(report)
    assert [(each.expected, each.found) for each in report.drifted] == [("[secret]", "[secret]")]


def test_a_failure_is_no_all_clear() -> None:
    report = drift_of(run_of(result="failed"), "test")
    assert (report.verdict, report.exit_code) == ("failed", 1)


def test_much_drift_fits_a_comment() -> None:
    run = run_of(*(found("update", "aws:x/y:Y", f"r{n}", {"a": "1"}, {"a": "2" * 100}) for n in range(2000)))
    assert length(render_markdown(drift_of(run, "test"))) <= COMMENT_LIMIT


def test_a_recorded_refresh() -> None:
    report = drift_of(read_events(RECORDED.read_text(encoding="utf-8"), "recorded"), "local")
    assert [(each.label, each.path, each.expected, each.found) for each in report.drifted] == [
        ("ec2 Vpc network", 'tags["slipway/environment"]', "local", "(not set)"),
        ("autoscaling Group nodes", "maxSize", "6", "9"),
    ]
    assert {each.path for each in report.moved} >= {"associationId", "privateIp"}
