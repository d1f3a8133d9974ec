"""Judging data by a model and its rules in one go, so that a bad structure does not hide what the rules would say.

Where the structure is bad, the offending values are replaced by neutral ones so that the rules can still judge the
rest, and what a rule says of a replaced value is dropped.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from infra.spec.errors import Location, Problem, model_at, problems_of

_Model = TypeVar("_Model", bound=BaseModel)

_ROUNDS = 8
"""Times a spec is repaired at most: a repaired mapping may show problems inside it, and they nest six deep."""


def judge(
    root: type[_Model],
    data: Mapping[str, Any],
    rules: Callable[[_Model], Sequence[Problem]],
    replaced: Iterable[Location] = (),
) -> tuple[_Model | None, list[Problem]]:
    """Return the model that ``data`` makes, repaired where need be, and every problem found.

    ``replaced`` are places already reported. The model is as declared only where there are no problems; it is None
    where no repair helped.
    """
    known = set(replaced)
    problems: list[Problem] = []
    spec = _parse(root, data)
    if isinstance(spec, ValidationError):
        found = [p for error in _errors(spec) for p in problems_of(root, error)]
        problems += [p for p in found if not _touches(p, known)]
        spec = _repaired(root, copy.deepcopy(dict(data)), spec, known)
    if isinstance(spec, ValidationError):
        return None, problems
    problems += [p for p in rules(spec) if not _touches(p, known)]
    return spec, problems


def position(written: Any, location: Location) -> tuple[int, ...]:
    """Return where in the file a location stands, to sort by; what is missing comes last in its mapping."""
    places, container = [], written
    for part in location:
        if isinstance(container, dict):
            keys = list(container)
            places.append(keys.index(part) if part in container else len(keys))
            container = container.get(part)
        elif isinstance(container, list) and isinstance(part, int) and part < len(container):
            places.append(part)
            container = container[part]
        else:
            break
    return tuple(places)


def _parse(root: type[_Model], data: Mapping[str, Any]) -> _Model | ValidationError:
    try:
        # JSON has lists where Python has tuples: strict validation of JSON accepts the one for the other.
        return root.model_validate_json(json.dumps(data))
    except ValidationError as error:
        return error


def _errors(error: ValidationError) -> list[ErrorDetails]:
    """Return what is wrong with values that were written.

    A default that waits for such a value is not wrong itself, and a list is not too short for items that are bad, which
    pydantic does not count.
    """
    found = [each for each in error.errors(include_url=False) if each["type"] != "default_factory_not_called"]
    places = [each["loc"] for each in found]
    return [each for each in found if each["type"] != "too_short" or not _has_bad_items(each["loc"], places)]


def _has_bad_items(location: Location, places: Sequence[Location]) -> bool:
    return any(len(place) > len(location) and place[: len(location)] == location for place in places)


def _repaired(
    root: type[_Model], data: dict[str, Any], error: ValidationError, replaced: set[Location]
) -> _Model | ValidationError:
    """Parse ``data`` with its bad values replaced, and add the places where that was done to ``replaced``."""
    outcome: _Model | ValidationError = error
    for _ in range(_ROUNDS):
        if not isinstance(outcome, ValidationError):
            break
        locations = [tuple(e["loc"]) for e in _errors(outcome)]
        # Last list items first: taking one out must not move another that is still to be taken.
        for location in sorted(locations, key=_last_items_first):
            _replace(root, data, location)
            # Taking an item out moves those behind it, so a rule can no longer speak of that list.
            replaced.add(location[:-1] if isinstance(location[-1], int) else location)
        outcome = _parse(root, data)
    return outcome


def _last_items_first(location: Location) -> list[tuple[int, str]]:
    return [(-part, "") if isinstance(part, int) else (0, part) for part in location]


def _replace(root: type[BaseModel], data: Any, location: Location) -> None:
    container = data
    for part in location[:-1]:
        try:
            container = container[part]
        except (KeyError, IndexError, TypeError):
            return
    last = location[-1]
    if isinstance(container, list) and isinstance(last, int) and last < len(container):
        container.pop(last)
    elif isinstance(container, dict):
        container.pop(last, None)
        model = model_at(root, location[:-1])
        field = next((f for f in model.model_fields.values() if f.alias == last), None) if model else None
        if field is not None and field.is_required():
            container[str(last)] = copy.deepcopy(field.examples[0]) if field.examples else {}


def _touches(problem: Problem, replaced: Iterable[Location]) -> bool:
    """Say whether a problem rests on what was replaced.

    One that names the parts of its place which it judged does not rest on the others: a bad label in one group says
    nothing of how many groups there are.
    """
    at, related = problem.location, problem.related
    names_parts = bool(related) and all(len(each) > len(at) and each[: len(at)] == at for each in related)
    places = related if names_parts else (at, *related)
    return any(a[: len(b)] == b or b[: len(a)] == a for a in places for b in replaced)
