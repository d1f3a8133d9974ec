"""Reading a spec: from a stack file or from a mapping, with every problem reported together."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem, SpecError, model_at, problems_of, show
from infra.spec.plain import plain_data
from infra.spec.rules import check_environment
from infra.spec.stack_file import CONFIG_KEY, environment_in

__all__ = ["CONFIG_KEY", "from_mapping", "load"]

_ROUNDS = 8
"""Times a spec is repaired at most: a repaired mapping may show problems inside it, and they nest six deep."""


def load(path: Path, name: str) -> EnvironmentSpec:
    """Read the spec of environment ``name`` from its stack file.

    Raises:
        SpecError: the file cannot be read as YAML, holds no environment, or holds a bad one.
    """
    return from_mapping(environment_in(path), name, source=str(path))


def from_mapping(raw: object, name: str, *, source: str = "config") -> EnvironmentSpec:
    """Return the checked spec of environment ``name`` from plain data.

    Structure and cross-field rules are judged in one go: where the structure is bad, the offending values are
    replaced by neutral ones so that the rules can still judge the rest, and what a rule says of a replaced value is
    dropped.

    Raises:
        SpecError: naming every problem, in the order of the file.
    """
    if raw is None:
        missing = Problem((), f"{CONFIG_KEY} is missing", f"declare the environment under config: {CONFIG_KEY}:")
        raise SpecError(source, [missing])
    if not isinstance(raw, Mapping):
        raise SpecError(source, [Problem((), "is not a mapping", "write keys and values", show(raw))])
    written, problems = plain_data(raw)
    replaced = {problem.location for problem in problems}
    if "name" in written:
        value = show(written.pop("name"))
        problems.append(Problem(("name",), "is the stack's own name and not written here", "remove it", value))
    data = {**written, "name": name}
    spec = _parse(data)
    if isinstance(spec, ValidationError):
        found = [p for error in spec.errors(include_url=False) for p in problems_of(EnvironmentSpec, error)]
        problems += [_of_stack(p) for p in found if not _touches(p, replaced)]
        data = copy.deepcopy(data)
        spec = _repaired(data, spec, replaced)
    if isinstance(spec, EnvironmentSpec):
        problems += [p for p in check_environment(spec) if not _touches(p, replaced)]
    if problems:
        raise SpecError(source, sorted(problems, key=lambda problem: _position(written, problem.location)))
    assert isinstance(spec, EnvironmentSpec)  # noqa: S101 (no problems means that it parsed)
    return spec


def _parse(data: Mapping[str, Any]) -> EnvironmentSpec | ValidationError:
    try:
        # JSON has lists where Python has tuples: strict validation of JSON accepts the one for the other.
        return EnvironmentSpec.model_validate_json(json.dumps(data))
    except ValidationError as error:
        return error


def _of_stack(problem: Problem) -> Problem:
    """Say of the environment's name, which no file holds, where it comes from."""
    if problem.location != ("name",):
        return problem
    return Problem((), f"the name of the stack, {problem.value}, {problem.problem}", problem.fix)


def _position(written: Any, location: Location) -> tuple[int, ...]:
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


def _repaired(
    data: dict[str, Any], error: ValidationError, replaced: set[Location]
) -> EnvironmentSpec | ValidationError:
    """Parse ``data`` with its bad values replaced, and add the places where that was done to ``replaced``."""
    outcome: EnvironmentSpec | ValidationError = error
    for _ in range(_ROUNDS):
        if not isinstance(outcome, ValidationError):
            break
        locations = [tuple(e["loc"]) for e in outcome.errors(include_url=False)]
        # Last list items first: taking one out must not move another that is still to be taken.
        for location in sorted(locations, key=_last_items_first):
            _replace(data, location)
            # Taking an item out moves those behind it, so a rule can no longer speak of that list.
            replaced.add(location[:-1] if isinstance(location[-1], int) else location)
        outcome = _parse(data)
    return outcome


def _last_items_first(location: Location) -> list[tuple[int, str]]:
    return [(-part, "") if isinstance(part, int) else (0, part) for part in location]


def _replace(data: Any, location: Location) -> None:
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
        model = model_at(EnvironmentSpec, location[:-1])
        field = next((f for f in model.model_fields.values() if f.alias == last), None) if model else None
        if field is not None and field.is_required():
            container[str(last)] = copy.deepcopy(field.examples[0]) if field.examples else {}


def _touches(problem: Problem, replaced: Iterable[Location]) -> bool:
    places = (problem.location, *problem.related)
    return any(a[: len(b)] == b or b[: len(a)] == a for a in places for b in replaced)
