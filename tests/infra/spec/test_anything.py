"""Whatever stands in the file gives a spec or a report that can be read: no traceback, no words of a library."""

from __future__ import annotations

import contextlib
import copy
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.spec import SpecError, from_mapping
from infra.spec.errors import Location
from tests.infra.spec.reports import RICH, at, changed, locations

EVERYWHERE = tuple(locations(RICH))

_PYDANTICS_WORDS = (
    "Input should",
    "Extra inputs",
    "Field required",
    "Value error",
    "pydantic",
    "items after validation",
)

WORDS: list[Any] = [
    "eu-central-1a",
    "10.0.0.0/8",
    "nodes",
    "ControlPlane",
    "1d",
    "a=b:NoSchedule",
    "m7g.large",
    "\n",
    "\x00",
    "\ud800",
    10**400,
    "9" * 5000 + "d",
]
KEYS = st.text() | st.integers() | st.none() | st.dates() | st.sampled_from(["name", "zones", "minSize"])
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.binary()
    | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


def assert_spec_or_report(raw: object, name: str = "test") -> None:
    """Each problem is told once, in a numbered line with a path or a value that ends in its fix."""
    try:
        from_mapping(raw, name)
    except SpecError as error:
        heading, *lines = str(error).split("\n")
        count = len(error.problems)
        assert heading == f"config: {count} problem{'' if count == 1 else 's'} in the environment's spec"
        assert len(lines) == count > 0
        for number, (line, problem) in enumerate(zip(lines, error.problems, strict=True), 1):
            assert line == f"  {number}. {problem}"
            assert re.search(r"\. Fix: \S.*\.$", line)
            assert line.isprintable()
            said = f"{problem.problem} {problem.fix}"
            assert not any(words in said for words in _PYDANTICS_WORDS)
        told = [(problem.location, problem.problem) for problem in error.problems]
        assert len(set(told)) == len(told)


@given(raw=anything, name=st.text())
@settings(max_examples=150)
def test_anything_gives_a_spec_or_a_report(raw: object, name: str) -> None:
    assert_spec_or_report(raw, name)


@given(
    location=st.sampled_from(EVERYWHERE),
    value=anything,
    extra=st.none() | st.tuples(st.sampled_from(EVERYWHERE), anything),
)
@settings(max_examples=400)
def test_anything_anywhere_gives_a_spec_or_a_report(
    location: Location, value: object, extra: tuple[Location, object] | None
) -> None:
    raw = changed(location, value)
    if extra is not None:
        # The first change may have taken away what the second would change.
        with contextlib.suppress(KeyError, IndexError, TypeError):
            at(raw, extra[0][:-1])[extra[0][-1]] = extra[1]
    assert_spec_or_report(raw)


@given(removed=st.sets(st.sampled_from(EVERYWHERE), max_size=6))
@settings(max_examples=100)
def test_anything_left_out_gives_a_spec_or_a_report(removed: set[Location]) -> None:
    raw = copy.deepcopy(RICH)
    for location in sorted(removed, key=len, reverse=True):
        if isinstance(location[-1], str):
            at(raw, location[:-1]).pop(location[-1], None)
    assert_spec_or_report(raw)
