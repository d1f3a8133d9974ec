"""When a CronJob runs: the five fields as Kubernetes reads them (robfig/cron v3, ``ParseStandard``)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

from infra.spec.base import checked, refuse

_MACROS = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")
_FORM = "write minute, hour, day of month, month, day of week"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month, in a leap year."""


@dataclass(frozen=True)
class _Field:
    """One field: the numbers that it takes, and names that stand for some of them."""

    what: str
    least: int
    most: int
    names: dict[str, int] = field(default_factory=dict)
    least_is: str = ""
    """What the least number stands for, where one may wonder."""


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Field("day of week", 0, 6, {name: number for number, name in enumerate(_DAYS)}, " (Sunday)"),
)
_PART = re.compile(r"([*?]|[0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?(?:/([1-9][0-9]?))?")


def _schedule(value: str) -> str:
    if value in _MACROS:
        return value
    if value.startswith(("TZ=", "CRON_TZ=")):
        refuse("has a time zone in it", "write it as cron.timeZone")
    if value.startswith("@every"):
        refuse("counts from the last run, and not by the clock", f"{_FORM}, as */5 * * * *")
    if value.startswith("@"):
        refuse("is not a schedule", f"write one of {', '.join(_MACROS)}, or {_FORM.removeprefix('write ')}")
    written = value.split()
    if len(written) != len(_FIELDS):
        count = f"{len(written)} field{'' if len(written) == 1 else 's'}"
        refuse(f"has {count}, and a schedule has 5", f"{_FORM}, as 30 2 * * *; there are no seconds and no years")
    _, _, days, months, _weekdays = (_numbers(text, each) for text, each in zip(written, _FIELDS, strict=True))
    if written[4][0] in "*?" and min(days) > max(_LONGEST[month - 1] for month in months):
        refuse("names days that no month it names has, so it would never run", "write another day of month")
    return value


def _numbers(text: str, kind: _Field) -> set[int]:
    """Return the numbers that a field stands for."""
    found: set[int] = set()
    for part in text.lower().split(","):
        match = _PART.fullmatch(part)
        first, last = _ends(match, kind) if match else (None, None)
        if match is None or first is None or last is None or not kind.least <= first <= last <= kind.most:
            span = f"which goes from {kind.least}{kind.least_is} to {kind.most}"
            names = f", or names, as {'MON-FRI' if kind.names.get('mon') else 'JAN'}" if kind.names else ""
            refuse(
                f"has {part.upper()!r} as {kind.what}, {span}",
                f"write numbers, ranges and steps of it, as 1-5 or */2{names}",
            )
        found |= set(range(first, last + 1, int(match[3] or 1)))
    return found


def _ends(match: re.Match[str], kind: _Field) -> tuple[int | None, int | None]:
    """Return the first and the last number of a range; None for one that is no number of the field."""
    if match[1] in "*?":
        return (kind.least, kind.most) if match[2] is None else (None, None)
    first = _number(match[1], kind)
    if match[2] is not None:
        return first, _number(match[2], kind)
    # A number with a step goes on to the end.
    return first, kind.most if match[3] else first


def _number(text: str, kind: _Field) -> int | None:
    return int(text) if text.isdigit() else kind.names.get(text)


Schedule = Annotated[str, checked(_schedule)]
