"""A dashboard that Grafana would not show, or show without figures, is refused with what to export instead."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.spec import SpecError
from infra.spec.monitoring.load import judge_dashboard

FILE = "monitoring/dashboards/web.json"
DASHBOARD = {"title": "Web", "uid": "web", "panels": []}


def panel(uid: str, kind: str = "prometheus") -> dict[str, Any]:
    return {"title": "Errors", "datasource": {"type": kind, "uid": uid}, "targets": []}


def told(dashboard: object) -> list[str]:
    return [str(problem) for problem in judge_dashboard(json.dumps(dashboard), FILE)]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {
            "panels": [
                panel("prometheus"),
                panel("$source"),
                panel("-- Grafana --", "datasource"),
                {"datasource": None},
                {"datasource": {"type": "prometheus"}},
            ]
        },
        {"__inputs": []},
        {"dashboard": {}},
    ],
)
def test_what_grafana_shows(change: dict[str, Any]) -> None:
    assert told({**DASHBOARD, **change}) == []


SHOWN = "Fix: write prometheus, or choose the data source in Grafana here and export it again."
FOREIGN = f"'abc' is a data source of another Grafana; the uid of the one here is prometheus. {SHOWN}"


@pytest.mark.parametrize(
    ("dashboard", "lines"),
    [
        (
            {"panels": []},
            [f"{key}: is missing. Fix: add {key}, a text: links lead to the uid, and people read the title."
             for key in ("title", "uid")],
        ),
        ({**DASHBOARD, "uid": ""}, ["uid: is missing. Fix: add uid, a text: links lead to the uid, and people read the "
                                    "title."]),
        ({**DASHBOARD, "__inputs": [{"name": "DS_PROMETHEUS"}], "panels": [panel("abc")]},
         ["__inputs: is of an export for others, which asks for its data source. Fix: export it without 'Export for "
          "sharing externally'."]),
        ({**DASHBOARD, "panels": [panel("prometheus"), {"panels": [panel("abc")]}]},
         [f"panels[1].panels[0].datasource.uid: {FOREIGN}"]),
        ({**DASHBOARD, "templating": {"list": [panel("abc")]}}, [f"templating.list[0].datasource.uid: {FOREIGN}"]),
        ({"dashboard": DASHBOARD, "meta": {}}, ["dashboard: is an answer of Grafana's API. Fix: keep what stands under "
                                                "dashboard alone."]),
    ],
)  # fmt: skip
def test_what_it_would_not(dashboard: dict[str, Any], lines: list[str]) -> None:
    assert told(dashboard) == lines


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "the file is not readable as JSON: "),
        ("[]", "the file holds no dashboard. Fix: export it from Grafana: Export, as JSON."),
    ],
)
def test_a_file_that_is_none(text: str, problem: str) -> None:
    with pytest.raises(SpecError) as refused:
        judge_dashboard(text, FILE)
    assert str(refused.value.problems[0]).startswith(f"{FILE}: {problem}")
