"""A file of Prometheus's rules, in its own words (Prometheus documentation, "Recording rules", "Alerting rules")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from infra.spec.base import SpecModel, checked, described, matching, refuse, refuse_entries
from infra.spec.monitoring import foreign

_DURATION = r"^(([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?|0)$"
_METRIC = r"^[a-zA-Z_:][a-zA-Z0-9_:]*$"
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def _duration(value: str) -> str:
    if not value or not re.fullmatch(_DURATION, value):
        refuse("is not a duration of Prometheus's", "write numbers and units from y to ms, the longest first, as 1h30m")
    return value


def _texts(texts: dict[str, str]) -> dict[str, str]:
    bad = [
        (key, "is not a name that labels and annotations have", "use letters, digits and _, and begin with no digit")
        for key in texts
        if not _NAME.fullmatch(key) or key == "__name__"
    ]
    # A template that does not end makes Prometheus refuse the file.
    bad += [
        (key, "opens {{ and closes it not, or the other way round", "write }} behind each {{")
        for key, text in texts.items()
        if text.count("{{") != text.count("}}")
    ]
    refuse_entries(bad)
    return texts


PromDuration = Annotated[str, checked(_duration), matching(_DURATION)]
MetricName = Annotated[
    str, described(_METRIC, "is not the name of a metric", "use letters, digits, _ and :, and begin with no digit")
]
Texts = Annotated[dict[str, str], checked(_texts)]


class RuleSpec(SpecModel):
    """One rule: an alert, or a metric that is recorded."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_RULE

    alert: Annotated[str, Field(min_length=1)] | None = None
    """Name of the alert."""

    record: MetricName | None = None
    """Name of the metric that is recorded."""

    expr: Annotated[str, Field(min_length=1, examples=['up{job="web"} == 0'])]
    """Expression in PromQL: each series that it has is an alert, or is recorded."""

    for_: Annotated[PromDuration | None, Field(alias="for")] = None
    """How long a series must be there until the alert fires."""

    keep_firing_for: Annotated[PromDuration | None, Field(alias="keep_firing_for")] = None
    """How long the alert goes on after its series is gone."""

    labels: Annotated[Texts, Field(default_factory=dict)]
    """Labels that are added, such as `severity`."""

    annotations: Annotated[Texts, Field(default_factory=dict)]
    """What people are told."""


class RuleGroupSpec(SpecModel):
    """Rules that are judged one after another."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_GROUP

    name: Annotated[str, Field(min_length=1, examples=["web"])]
    """Name of the group, unique in its file."""

    interval: PromDuration | None = None
    """Time between two looks. Unset: `monitoring.scrapeSeconds`."""

    limit: Annotated[int, Field(ge=0)] = 0
    """Series that a rule may have at most; 0: as many as it likes."""

    query_offset: Annotated[PromDuration | None, Field(alias="query_offset")] = None
    """How far back the rules look, for metrics that come late."""

    labels: Annotated[Texts, Field(default_factory=dict)]
    """Labels of all its rules."""

    rules: Annotated[tuple[RuleSpec, ...], Field(min_length=1)]
    """The rules."""


class RuleFileSpec(SpecModel):
    """The whole of `monitoring/rules/<name>.yaml`."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_FILE

    groups: Annotated[tuple[RuleGroupSpec, ...], Field(min_length=1)]
    """Groups of rules."""
