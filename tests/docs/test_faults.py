"""Each fault of the document names a test that exists."""

from __future__ import annotations

import ast
import re

from tests.docs.documents import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_each_row_names_a_test_that_exists() -> None:
    rows = [line for line in (ROOT / "docs/faults.md").read_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    for row in rows:
        ((path, name),) = NAMED.findall(row)
        tree = ast.parse((ROOT / path).read_text())
        defined = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
        assert not name or name in defined, row
        assert any(each.startswith("test_") for each in defined), row
        assert row.count("|") == 6, row
