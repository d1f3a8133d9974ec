"""Diffs of records: copies of the spec with every default filled in, of which a reader has the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from infra.ops.preview.events import Step

_OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
_YAML = "text/yaml"
_BEGINNING, _MOST = 6, 12
"""Lines that are shown of a longer run of lines that all come or all go, and how many still are shown whole."""


def is_record(step: Step) -> bool:
    """Return whether a step is of an object that records what the environment's files declare."""
    return step.type == _OBJECT and step.state.inputs.get("contentType") == _YAML


def condensed(lines: Iterable[str]) -> tuple[str, ...]:
    """Return a diff in which long runs of lines that come or go are cut: a new workload is 130 lines of defaults."""
    return tuple(_condensed(lines))


def _condensed(lines: Iterable[str]) -> Iterator[str]:
    for sign, run in groupby(lines, lambda line: line[:1]):
        whole = list(run)
        if sign not in ("+", "-") or len(whole) <= _MOST:
            yield from whole
            continue
        yield from whole[:_BEGINNING]
        yield f"{sign}… {len(whole) - _BEGINNING} more lines, defaults among them"
