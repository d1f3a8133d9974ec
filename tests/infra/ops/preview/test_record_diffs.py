from __future__ import annotations

from infra.ops.preview.differences import step_differences
from infra.ops.preview.events import State, Step
from infra.plan.records import CLUSTER_RECORD, plan_records
from tests.infra.workload_samples import IMAGE, environment

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"


def diff(before: str, after: str, content_type: str) -> list[str]:
    old, new = ({"content": each, "contentType": content_type} for each in (before, after))
    step = Step("update", f"urn:pulumi:x::slipway::{OBJECT}::config", OBJECT, State(old, {}), State(new, {}))
    return [line for each in step_differences(step) for line in each.lines]


def record(**files: object) -> str:
    spec = environment({name: {"image": IMAGE, "replicas": replicas} for name, replicas in files.items()})
    return next(each.content for each in plan_records(spec).records if each.name == CLUSTER_RECORD)


def test_a_new_workload_is_a_few_lines_of_the_record() -> None:
    lines = diff(record(web=2), record(web=2, api=2), "text/yaml")
    assert len(lines) < 30
    assert "+  - name: api" in lines
    assert any(line.startswith("+… ") for line in lines)
    gone = diff(record(web=2, api=2), record(web=2), "text/yaml")
    assert len(gone) == len(lines)


def test_a_changed_value_of_the_record_is_told_whole() -> None:
    assert "+    replicas: 3" in diff(record(web=2), record(web=3), "text/yaml")
    assert not [line for line in diff(record(web=2), record(web=3), "text/yaml") if "…" in line]


def test_what_machines_read_is_told_whole() -> None:
    new = "\n".join(f"line {number}" for number in range(40))
    assert len(diff("line 0\nend", new, "text/plain")) > 39
