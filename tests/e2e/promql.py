"""What queries ask for: each selector of a rule or a dashboard, with the labels that what is around it goes by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from infra import templates

_FOLDER = Path(next(iter(templates.__path__))) / "observability"
_SELECTOR = re.compile(r"(?<![\w:\"$.])([a-zA-Z_:][\w:]*)\s*(?:\{([^{}]*)\})?(?!\s*\(|[\w:\"])")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_BY = re.compile(r"\b(by|on|ignoring|without)\s*\(([^()]*)\)\s*(?=(\()?)")
_WORDS = frozenset(["and", "or", "unless", "bool", "offset", "inf", "nan"])
_SERIES = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Labels = Mapping[str, str]
Series = dict[str, list[Labels]]

BY_SCRAPING = {"instance", "job", "node"}
"""Labels that every series has from how its target was found."""


@dataclass(frozen=True)
class Selector:
    """A metric with what is asked of its labels; `by` are those that it is summed by."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...]
    by: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def labels(self) -> set[str]:
        """All labels that it must have."""
        return {name for name, _, _ in self.matchers} | self.by

    def takes(self, labels: Labels) -> bool:
        """Return whether it takes a series, its own labels alone being looked at."""
        return all(_holds(labels[name], way, value) for name, way, value in self.matchers if name in labels)


def _holds(found: str, way: str, wanted: str) -> bool:
    same = re.fullmatch(wanted, found) is not None if "~" in way else found == wanted
    return same != way.startswith("!")


def selectors(query: str) -> Iterator[Selector]:
    """Yield the selectors of a query, whose dashboard's variables may be anything."""
    query = re.sub(r"\$\w+", ".*", query)
    spans = list(_groups(query))
    plain = _BY.sub(lambda found: " " * len(found[0]), query)
    for found in _SELECTOR.finditer(plain):
        if found[1] in _WORDS or _inside_braces(plain, found.start()):
            continue
        by = [names for start, end, names in spans if start <= found.start() < end]
        yield Selector(found[1], tuple(_MATCHER.findall(found[2] or "")), frozenset().union(*by))


def _groups(query: str) -> Iterator[tuple[int, int, set[str]]]:
    """Yield the labels of each `by`, with where what it sums begins and ends."""
    for found in _BY.finditer(query):
        if found[1] != "by" or not found[3]:
            continue
        depth, end = 0, found.end()
        for end in range(found.end(), len(query)):
            depth += {"(": 1, ")": -1}.get(query[end], 0)
            if depth == 0:
                break
        yield found.end(), end, {name.strip() for name in found[2].split(",")}


def _inside_braces(query: str, where: int) -> bool:
    return query.count("{", 0, where) > query.count("}", 0, where)


def rules() -> Iterator[str]:
    """Yield the expression of each rule."""
    for path in sorted((_FOLDER / "rules").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from (rule["expr"] for rule in group["rules"])


def dashboards() -> Iterator[str]:
    """Yield the query of each panel."""
    for path in sorted((_FOLDER / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            yield from (target["expr"] for target in panel["targets"])


def asked() -> dict[Selector, frozenset[str]]:
    """Return every selector of rules and dashboards, with the labels that it must have."""
    found: dict[Selector, frozenset[str]] = {}
    for each in (each for query in (*rules(), *dashboards()) for each in selectors(query)):
        found[each] = found.get(each, frozenset()) | frozenset(each.labels)
    return found


def series(lines: Iterable[str]) -> Series:
    """Return the series of an answer in Prometheus's text format, by the metric.

    Limits of buckets are written as Prometheus 3 writes them, whatever the text says: 5 is 5.0 (its migration guide).
    """
    found: Series = {}
    for line in lines:
        if match := _SERIES.match(line):
            labels = dict(_LABEL.findall(match[2] or ""))
            if labels.get("le", "+Inf") != "+Inf":
                labels["le"] = str(float(labels["le"]))
            found.setdefault(match[1], []).append(labels)
    return found


def judged(found: Series, prefix: str, *, elsewhere: str | None = None) -> set[Selector]:
    """Hold every selector of metrics with a prefix against series; return those that take none of them.

    Each metric must exist, with the labels that it is asked for. Metrics with the prefix ``elsewhere`` are judged by
    another test.
    """
    empty = set()
    for selector, labels in asked().items():
        if elsewhere is not None and selector.metric.startswith(elsewhere):
            continue
        if selector.metric.startswith(prefix):
            assert selector.metric in found, selector.metric
            told = {name for each in found[selector.metric] for name in each}
            assert labels <= told | BY_SCRAPING, selector
            if not any(selector.takes(each) for each in found[selector.metric]):
                empty.add(selector)
    return empty
