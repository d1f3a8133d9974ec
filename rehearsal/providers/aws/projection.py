"""The live state as the program would have declared it: what a refresh compares with the declaration."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from rehearsal.providers.base.diff import Path, same, schema_path
from rehearsal.providers.base.shapes import Shape
from rehearsal.providers.base.values import has_unknown


def project(shape: Shape, declared: Any, live: Any, sets: Collection[str], at: Path) -> Any:
    """Return ``live`` cut down to what the program declared: sub-settings that it left to AWS are not drift.

    A declared sub-setting that is gone stays out, unless the declaration asks for nothing (false, 0, empty). The items
    of a list in ``sets``, which names schema paths, come in the order of the declaration.
    """
    if shape.kind == "object" and isinstance(declared, Mapping) and isinstance(live, Mapping):
        return _object(shape, declared, live, sets, at)
    if shape.kind == "list" and shape.item is not None and isinstance(declared, list) and isinstance(live, list):
        return _list(shape.item, declared, live, sets, at)
    return live


def _object(
    shape: Shape, declared: Mapping[str, Any], live: Mapping[str, Any], sets: Collection[str], at: Path
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in declared.items():
        found = live.get(key)
        if found is not None:
            field = shape.fields.get(key)
            kept[key] = found if field is None else project(field, value, found, sets, (*at, key))
        elif not value:
            kept[key] = value
    return kept


def _list(item: Shape, declared: list[Any], live: list[Any], sets: Collection[str], at: Path) -> list[Any]:
    if schema_path(at) in sets:
        live = _in_order_of(item, declared, live, sets, at)
    paired = [project(item, before, found, sets, (*at, 0)) for before, found in zip(declared, live, strict=False)]
    return [*paired, *live[len(declared) :]]


def _in_order_of(item: Shape, declared: list[Any], live: list[Any], sets: Collection[str], at: Path) -> list[Any]:
    """Return ``live`` with each item at the place of its twin in ``declared``; those without one fill the gaps."""
    rest = list(live)
    places: list[Any] = [None] * len(declared)
    for place, before in enumerate(declared):
        for found in rest:
            if same(before, project(item, before, found, sets, (*at, 0)), sets=sets, at=(*at, 0)):
                places[place] = found
                rest.remove(found)
                break
    filled = [place if place is not None else (rest.pop(0) if rest else None) for place in places]
    return [*(place for place in filled if place is not None), *rest]


def same_document(declared: Any, live: Any) -> bool:
    """Tell whether two JSON texts mean the same."""
    if not isinstance(declared, str) or not isinstance(live, str) or has_unknown(declared):
        return False
    return bool(json.loads(declared) == json.loads(live))
