from __future__ import annotations

from typing import Any

import pytest

from tests.infra.ops.preview.made import report_of, step

ROLE = "aws:iam/role:Role"
BOUNDARY, OTHER = "arn:aws:iam::111122223333:policy/boundary", "arn:aws:iam::111122223333:policy/other"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, BOUNDARY,
         f"Permissions boundary {BOUNDARY}: 2 roles (a, b) may do no more what it does not allow. It holds for "
         "machines and pods that run, too, as soon as it is set."),
        (BOUNDARY, OTHER, f"Permissions boundary {OTHER} in place of {BOUNDARY}: 2 roles (a, b) may do no more what it "
         "does not allow. It holds for machines and pods that run, too, as soon as it is set."),
        (OTHER, None, f"Permissions boundary {OTHER} is taken off 2 roles (a, b): their own policies alone decide from "
         "then on."),
    ],
)  # fmt: skip
def test_a_permissions_boundary_holds_for_what_runs(before: str | None, after: str | None, words: str) -> None:
    def role(name: str, boundary: str | None) -> dict[str, Any]:
        return {"name": name, **({"permissionsBoundary": boundary} if boundary else {})}

    report = report_of(
        *(step("update", ROLE, name, role(name, before), role(name, after)) for name in "ab"),
        step("create", ROLE, "c", None, role("c", after)),
        step("update", ROLE, "d", role("d", after), {**role("d", after), "description": "d"}),
    )
    assert [each for each in report.sentences if "boundary" in each] == [words]
    assert report.verdict == "attention"
