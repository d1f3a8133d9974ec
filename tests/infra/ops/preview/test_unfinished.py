"""What is told of an object whose last update was sent and did not end, by events recorded with the vendor's plugin.

An image that no registry has was sent, `up` failed after its wait, and the file names another one by now.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from infra.ops.drift.render import render_markdown, render_text
from infra.ops.drift.report import DriftReport, drift_of
from infra.ops.preview.meaning import Report
from tests.infra.ops.preview.made import report_of, run_of, step

RECORDED = Path(__file__).parent / "recorded"
BEFORE = "registry.example.com/team/web@sha256:" + "ab" * 32
SENT = "registry.example.com/team/bad@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
OTHER = SENT.replace("/bad", "/good")
WHY = (
    '[ProgressDeadlineExceeded] ReplicaSet "web-7c789c48d6" has timed out progressing; '
    "Minimum number of Pods to consider the application live was not attained"
)
PATH = "spec.template.spec.containers[web].image"


def recorded(name: str) -> dict[str, Any]:
    """Return the recorded event of the Deployment."""
    lines = (RECORDED / name).read_text(encoding="utf-8").splitlines()
    (event,) = (json.loads(line) for line in lines if '"metadata"' in line)
    return dict(event)


def with_image(state: dict[str, Any], image: str) -> dict[str, Any]:
    """Return a state with the image, and the label that goes with it, in its inputs and in the object itself."""
    changed = copy.deepcopy(state)
    for tree in (changed["inputs"], changed["outputs"]):
        if tree:
            for labelled in (tree, tree["spec"]["template"]):
                labelled["metadata"]["labels"]["app.kubernetes.io/version"] = image.rpartition(":")[2][:12]
            tree["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return changed


def preview_of(image: str) -> Report:
    event = recorded("unfinished.jsonl")
    metadata = event["resourcePreEvent"]["metadata"]
    return report_of(event | {"resourcePreEvent": {"metadata": metadata | {"new": with_image(metadata["new"], image)}}})


@pytest.mark.parametrize(
    ("image", "changed", "ahead"),
    [
        (OTHER, [(PATH, SENT, OTHER)], "This one sends what is shown below"),
        (SENT, [], "This one sends nothing new and waits for it again"),
        (BEFORE, [(PATH, SENT, BEFORE)], "This one sends what is shown below"),
    ],
)
def test_a_preview_compares_with_what_was_sent(image: str, changed: list[tuple[str, str, str]], ahead: str) -> None:
    report = preview_of(image)
    (change,) = report.changes
    assert [(each.path, each.old, each.new) for each in change.differences if "image" in each.path] == changed
    assert bool(change.differences) == bool(changed)
    (told,) = [each for each in report.sentences if "has not finished" in each]
    assert told.startswith(f"The last update of Deployment shop/web was sent and has not finished: {WHY}. {ahead}")
    assert "`slipway validate test --workload web` says what is wrong" in told
    exchanged = [each for each in report.sentences if each.startswith("Pods exchanged")]
    assert bool(exchanged) == bool(changed)


def drift(found: str = SENT, now: list[str] | None = None) -> DriftReport:
    event = recorded("unfinished_refresh.jsonl")
    metadata = event["resOutputsEvent"]["metadata"]
    new = with_image(metadata["new"], found) | ({} if now is None else {"initErrors": now})
    return drift_of(run_of(event | {"resOutputsEvent": {"metadata": metadata | {"new": new}}}), "test")


def test_what_was_sent_is_no_drift_and_said_to_be_unfinished() -> None:
    report = drift()
    assert (report.verdict, report.exit_code, report.drifted, report.repair) == ("none", 0, (), "")
    told = (
        f"Deployment shop/web: its last update was sent and did not come to its end: {WHY}. "
        "`slipway validate test --workload web` says what is wrong; correct that, and run `pulumi up --stack test` "
        "again."
    )
    assert f"  NOT FINISHED  {told}" in render_text(report).splitlines()
    assert "### Updates that have not finished: no drift\n\n- Deployment shop/web" in render_markdown(report)


def test_one_that_became_well_since_is_said_to_be() -> None:
    assert "It is well by now: `pulumi up --stack test` takes note of that." in render_text(drift(now=[]))


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (
            ["Resource 'web' was created but failed to initialize"],
            "Resource 'web' was created but failed to initialize",
        ),
        (
            ["Resource 'web' failed to initialize", "[Pod shop/web-1]: unready\n\n  line.\n"],
            "[Pod shop/web-1]: unready line",
        ),
        (["x" * 201], f"{'x' * 200}…"),
        ([f"reason {number}" for number in range(6)], "reason 0; reason 1; reason 2; reason 3; and 2 more"),
    ],
)
def test_reasons_are_one_short_line(now: list[str], told: str) -> None:
    (unfinished,) = drift(now=now).unfinished
    assert unfinished.now == told


def test_what_was_changed_by_hand_after_that_is_drift() -> None:
    report = drift(found=OTHER)
    assert [(each.path, each.expected, each.found) for each in report.drifted] == [(PATH, SENT, OTHER)]
    assert [each.label for each in report.unfinished] == ["Deployment shop/web"]


def test_what_the_update_added_does_not_lack_for_being_found_in_the_shape_of_before() -> None:
    event = recorded("unfinished_refresh.jsonl")
    metadata = copy.deepcopy(event["resOutputsEvent"]["metadata"])
    old, new = metadata["old"], metadata["new"]
    for tree in (old["outputs"]["__inputs"], new["outputs"]):
        tree["metadata"]["annotations"]["acme.example/owner"] = "shop"
        tree["spec"]["template"]["spec"]["containers"][0]["args"] = ["serve"]
        tree["spec"]["template"]["spec"]["volumes"].append({"name": "more", "emptyDir": {}})
    report = drift_of(run_of(event | {"resOutputsEvent": {"metadata": metadata}}), "test")
    assert (report.verdict, report.drifted) == ("none", ())
    new["outputs"]["metadata"]["annotations"]["acme.example/owner"] = "other"
    report = drift_of(run_of(event | {"resOutputsEvent": {"metadata": metadata}}), "test")
    assert [(each.path, each.expected, each.found) for each in report.drifted] == [
        ('metadata.annotations["acme.example/owner"]', "shop", "other")
    ]


JOB = "kubernetes:batch/v1:Job"
AGAIN = "`kubectl delete job -n shop migrate-1a2b` and `pulumi up --refresh --stack test` run it again"


def job(kind: str, why: str, **change: Any) -> dict[str, Any]:
    inputs = {"metadata": {"name": "migrate-1a2b", "namespace": "shop"}}
    event = step("update", kind, "migrate", inputs, {**inputs, **change})
    metadata = event["resourcePreEvent"]["metadata"]
    metadata["old"] |= {"initErrors": ["Resource 'migrate' was created but failed to initialize", why]}
    metadata["new"] |= {"initErrors": [why], "outputs": inputs}
    metadata["old"]["outputs"] = {"__inputs": inputs}
    return event


@pytest.mark.parametrize(
    ("kind", "why", "again"),
    [
        (JOB, "[BackoffLimitExceeded] Job has reached the specified backoff limit", True),
        (JOB, "[DeadlineExceeded] Job was active longer than specified deadline", True),
        (JOB, "[PodFailurePolicy] a rule", True),
        (JOB, "Waiting for the Job to succeed", False),
        ("kubernetes:apps/v1:Deployment", "[ProgressDeadlineExceeded] has timed out progressing", False),
    ],
)
def test_no_update_runs_a_failed_job_again_that_changes_nothing_of_it(kind: str, why: str, again: bool) -> None:
    (told,) = [each for each in report_of(job(kind, why)).sentences if "has not finished" in each]
    ahead = f"This one does not run it again: `slipway validate test` says what is wrong; after that, {AGAIN}."
    assert (ahead in told) == again
    assert ("waits for it again" in told) == (not again)
    found = {"sequence": 1, "resOutputsEvent": job(kind, why)["resourcePreEvent"]}
    drifted = render_text(drift_of(run_of(found), "test"))
    assert (f"says what is wrong; after that, {AGAIN}." in drifted) == again
    assert ("run `pulumi up --stack test` again" in drifted) == (not again)


def test_a_failed_job_that_is_changed_is_another() -> None:
    why = "[BackoffLimitExceeded] Job has reached the specified backoff limit"
    (told,) = [each for each in report_of(job(JOB, why, spec={"a": 1})).sentences if "has not finished" in each]
    assert "This one sends what is shown below" in told


def test_one_that_is_deleted_is_waited_for_no_more() -> None:
    event = recorded("unfinished.jsonl")
    metadata = event["resourcePreEvent"]["metadata"]
    deleted = event | {"resourcePreEvent": {"metadata": metadata | {"op": "delete", "new": None}}}
    assert not any("has not finished" in each for each in report_of(deleted).sentences)
