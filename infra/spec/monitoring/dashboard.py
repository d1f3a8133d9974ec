"""What a dashboard must be for Grafana to show it from a file: the model of one, as Grafana exports it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from infra.spec.errors import Location, Problem, SpecError

DATA_SOURCE = "prometheus"
"""``uid`` of the one data source that Grafana has here."""


def dashboard_of(text: str, file: str) -> dict[str, Any]:
    """Return a dashboard's model.

    Raises:
        SpecError: the text is no JSON, or no object.
    """
    try:
        model = json.loads(text)
    except ValueError as error:
        what = f"the file is not readable as JSON: {error}"
        raise SpecError(file, [Problem((), what, "export it from Grafana again", None, (), file)]) from None
    if not isinstance(model, dict):
        problem = Problem((), "the file holds no dashboard", "export it from Grafana: Export, as JSON", None, (), file)
        raise SpecError(file, [problem])
    return model


def check_dashboard(model: dict[str, Any]) -> Iterator[Problem]:
    """Yield what keeps Grafana from showing a dashboard, by its place in the file."""
    if "dashboard" in model and "title" not in model:
        yield Problem(("dashboard",), "is an answer of Grafana's API", "keep what stands under dashboard alone")
        return
    for key in ("title", "uid"):
        if not isinstance(model.get(key), str) or not model[key]:
            yield Problem((key,), "is missing", f"add {key}, a text: links lead to the uid, and people read the title")
    if model.get("__inputs"):
        yield Problem(
            ("__inputs",),
            "is of an export for others, which asks for its data source",
            "export it without 'Export for sharing externally'",
        )
        return
    for at, uid in _sources(model, ()):
        fix = f"write {DATA_SOURCE}, or choose the data source in Grafana here and export it again"
        problem = f"is a data source of another Grafana; the uid of the one here is {DATA_SOURCE}"
        yield Problem(at, problem, fix, repr(uid))


def _sources(value: Any, at: Location) -> Iterator[tuple[Location, str]]:
    """Yield where a data source of Prometheus's kind is named that there is none of. Variables begin with ``$``."""
    if isinstance(value, dict):
        source = value.get("datasource")
        if isinstance(source, dict) and source.get("type") == "prometheus":
            uid = source.get("uid")
            if isinstance(uid, str) and uid != DATA_SOURCE and not uid.startswith("$"):
                yield (*at, "datasource", "uid"), uid
        for key, inner in value.items():
            yield from _sources(inner, (*at, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _sources(inner, (*at, index))
