"""Plain data: what a spec may be made of before any model looks at it.

YAML can express more than a spec may hold: dates, binary, keys that are numbers, values that contain themselves. The
models are checked as JSON, so what JSON cannot hold is refused here, by path, not turned into text unasked.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from infra.spec.errors import Location, Problem, show

DEEPEST = 16
"""Levels of lists and mappings that are read. The deepest known key lies at six."""

MOST_VALUES = 200_000
"""Values below one key. A thousand instance groups have a tenth of it; a few lines of aliases can have billions."""

_LARGEST_BITS = 63
"""Bits of a whole number: what every YAML and JSON reader on the way can hold."""


def plain_data(raw: Mapping[Any, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return ``raw`` as JSON could hold it, and a problem for each value it could not; those values become None.

    Keys that are not text are left out.
    """
    problems: list[Problem] = []
    return _mapping(raw, (), (id(raw),), problems), problems


def _mapping(raw: Mapping[Any, Any], at: Location, above: tuple[int, ...], problems: list[Problem]) -> dict[str, Any]:
    data = {}
    for key, value in raw.items():
        if isinstance(key, str) and _is_unicode(key):
            data[key] = _value(value, (*at, key), above, problems)
        else:
            name = (
                "null" if key is None else str(key).lower() if isinstance(key, bool) else ascii(str(key)).strip("\"'")
            )
            problems.append(
                Problem((*at, name), "is a key that YAML does not read as text", "put the key in quotes, or remove it")
            )
    return data


def _value(value: object, at: Location, above: tuple[int, ...], problems: list[Problem]) -> Any:
    trouble = _trouble(value, above)
    if trouble is not None:
        problems.append(Problem(at, *trouble))
        return None
    if isinstance(value, Mapping):
        return _mapping(value, at, (*above, id(value)), problems)
    if isinstance(value, list | tuple):
        inside = (*above, id(value))
        return [_value(item, (*at, position), inside, problems) for position, item in enumerate(value)]
    return value


def _trouble(value: object, above: tuple[int, ...]) -> tuple[str, str, str | None] | None:
    """Return what is wrong with a value itself, the fix and the value as shown; None if nothing is."""
    if isinstance(value, Mapping | list | tuple):
        if len(above) == 1 and _expanded(value, {}, DEEPEST) > MOST_VALUES:
            return f"comes to more than {MOST_VALUES:,} values", "write it out instead of using YAML aliases", None
        if id(value) in above:
            return "contains itself", "write it out instead of using a YAML alias", None
        if len(above) >= DEEPEST:
            return f"is nested more than {DEEPEST} levels deep", "compare it with the options table", None
    elif isinstance(value, str):
        if not _is_unicode(value):
            return "holds half of a surrogate pair, which is no character", "remove it", show(value)
    elif isinstance(value, int) and value.bit_length() > _LARGEST_BITS:
        return "is a number of more than 64 bits", "write a smaller number", None
    elif isinstance(value, datetime.date):
        return "is a date to YAML", "put it in quotes", str(value)
    elif isinstance(value, bytes):
        return "is binary", "write text; what is none belongs into an image or a bucket", None
    elif value is not None and not isinstance(value, bool | int | float):
        return "is not text, a number, true, false, a list or a mapping", "put it in quotes", show(value)
    return None


def _expanded(value: object, known: dict[int, int], levels: int) -> int:
    """Return how many values a value comes to within some levels, each alias counted as what it stands for."""
    if not levels or not isinstance(value, Mapping | list | tuple):
        return 1
    if id(value) not in known:
        known[id(value)] = 1  # what contains itself is another problem
        inside = value.values() if isinstance(value, Mapping) else value
        known[id(value)] = 1 + sum(_expanded(each, known, levels - 1) for each in inside)
    return known[id(value)]


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
