"""A file of rules that Prometheus would not take is refused before anything is made, each mistake by its place."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml

from infra.spec import SpecError
from infra.spec.monitoring.load import judge_rules

FILE = "monitoring/rules/web.yaml"
RULE: dict[str, Any] = {"alert": "WebFails", "expr": 'rate(errors{job="web"}[5m]) > 1'}


def told(*rules: dict[str, Any], **group: Any) -> list[str]:
    written = {"groups": [{"name": "web", "rules": list(rules), **group}]}
    return [str(problem) for problem in judge_rules(yaml.safe_dump(written), FILE)]


@pytest.mark.parametrize(
    "rule",
    [
        RULE,
        {**RULE, "for": "1h30m", "keep_firing_for": "5m", "labels": {"severity": "critical"},
         "annotations": {"summary": "{{ $labels.pod }} fails {{ $value | humanize }} times a second"}},
        {"record": "web:errors:rate5m", "expr": "sum by (pod) (rate(errors[5m]))", "labels": {"team": "shop"}},
        {"alert": "Never", "expr": "vector(0)"},
        {"alert": "Scalar", "expr": "1 > bool 2"},
        {"alert": "Lag", "expr": "histogram_quantile(0.9, sum by (le) (rate(lag_bucket[5m])))", "for": "0"},
        {"alert": "Quoted", "expr": '{"http.server.errors", job="web"} > 0'},
    ],
)  # fmt: skip
def test_what_prometheus_takes(rule: dict[str, Any]) -> None:
    assert told(rule) == []


def test_a_group_may_say_how_often_and_how_far_back_it_looks() -> None:
    assert told(RULE, interval="1m", limit=10, query_offset="30s", labels={"team": "shop"}) == []


PROMQL = "is no PromQL that Prometheus takes"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ({**RULE, "expr": "rate(errors)"}, f"expr: 'rate(errors)' {PROMQL}: expected type matrix in call to function "
         "'rate', got vector. Fix: correct it."),
        ({**RULE, "expr": "sum by (pod) (errors"}, f"expr: 'sum by (pod) (errors' {PROMQL}: unclosed left parenthesis. "
         "Fix: correct it."),
        ({**RULE, "expr": "rat(errors[5m])"}, f"expr: 'rat(errors[5m])' {PROMQL}: unknown function with name 'rat'. "
         "Fix: correct it."),
        ({**RULE, "expr": "errors[5m]"}, "expr: 'errors[5m]' is a range of values for each series, and a rule has one "
         "number for each. Fix: use a function that makes one value of it, as rate(...)."),
        ({**RULE, "expr": "errors[1h:5m]"}, "expr: 'errors[1h:5m]' is a range of values for each series, and a rule "
         "has one number for each. Fix: use a function that makes one value of it, as rate(...)."),
        ({**RULE, "expr": '"errors"'}, "expr: '\"errors\"' is a text, and a rule has one number for each. Fix: correct "
         "it."),
        ({"alert": "A"}, "expr: is missing. Fix: add expr, for example 'up{job=\"web\"} == 0'."),
        ({"expr": "up"}, ": says neither alert nor record. Fix: write one of them."),
        ({**RULE, "record": "a:b"}, ": says alert and record. Fix: write one of them."),
        ({"record": "a-b", "expr": "up"}, "record: 'a-b' is not the name of a metric. Fix: use letters, digits, _ and "
         ":, and begin with no digit."),
        ({"record": "a", "expr": "up", "for": "5m"}, "for: '5m' is of alerts, and this rule records. Fix: remove it."),
        ({"record": "a", "expr": "up", "annotations": {"x": "y"}}, "annotations: are of alerts, and this rule records. "
         "Fix: remove them."),
        ({"record": "a", "expr": "up", "keep_firing_for": "5m"}, "keep_firing_for: '5m' is of alerts, and this rule "
         "records. Fix: remove it."),
        ({**RULE, "labels": {"since": date(2026, 1, 1)}}, "labels.since: 2026-01-01 is a date to YAML. Fix: put "
         "it in quotes."),
        ({**RULE, "for": "5 minutes"}, "for: '5 minutes' is not a duration of Prometheus's. Fix: write numbers and "
         "units from y to ms, the longest first, as 1h30m."),
        ({**RULE, "for": ""}, "for: '' is not a duration of Prometheus's. Fix: write numbers and "
         "units from y to ms, the longest first, as 1h30m."),
        ({**RULE, "labels": {"a-b": "c"}}, "labels.a-b: 'c' is not a name that labels and annotations have. Fix: use "
         "letters, digits and _, and begin with no digit."),
        ({**RULE, "annotations": {"summary": "{{ $labels.pod } fails"}}, "annotations.summary: '{{ $labels.pod } "
         "fails' opens {{ and closes it not, or the other way round. Fix: write }} behind each {{."),
        ({**RULE, "severity": "page"}, "severity: is not a known key. Fix: write it under labels."),
        ({**RULE, "keepFiringFor": "5m"}, "keepFiringFor: is not a known key. Fix: write keep_firing_for, as "
         "Prometheus calls it."),
    ],
)  # fmt: skip
def test_what_it_would_refuse(rule: dict[str, Any], line: str) -> None:
    place = "groups[0].rules[0]"
    assert told(rule) == [f"{place}{line}" if line.startswith(":") else f"{place}.{line}"]


def test_names_of_groups_are_unique() -> None:
    written = {"groups": [{"name": name, "rules": [RULE]} for name in ("a", "b", "a")]}
    assert [str(each) for each in judge_rules(yaml.safe_dump(written), FILE)] == [
        "groups[2].name: 'a' is declared twice in the file. Fix: rename one."
    ]


def test_all_that_is_wrong_is_told_in_the_order_of_the_file() -> None:
    found = told({"alert": "A", "expr": "a[", "for": "soon"}, {"record": "b", "expr": "rate(a)"}, interval="soon")
    assert [line.partition(": ")[0] for line in found] == [
        "groups[0].interval", "groups[0].rules[0].expr", "groups[0].rules[0].for", "groups[0].rules[1].expr",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("groups: []", "groups: "),
        ("", "the file holds no keys and values. Fix: write at least groups: [...]."),
        ("- a", "the file holds no keys and values. Fix: write at least groups: [...]."),
        ("groups: [", "the file is not readable as YAML: "),
        ("apiVersion: monitoring.coreos.com/v1\ngroups: [{name: a, rules: [{alert: A, expr: up}]}]",
         "apiVersion: is not a known key. Fix: write groups alone: this is a file of Prometheus's own, and no "
         "PrometheusRule."),
    ],
)  # fmt: skip
def test_a_file_that_is_none(text: str, problem: str) -> None:
    try:
        found = judge_rules(text, FILE)
    except SpecError as error:
        found = list(error.problems)
    (line,) = (str(each).removeprefix(f"{FILE}: ") for each in found)
    assert line.startswith(problem)
