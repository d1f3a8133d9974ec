"""Reading a spec: from a stack file or from a mapping, with every problem reported together."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem, SpecError, model_at, problem_of, show
from infra.spec.rules import check_environment

CONFIG_KEY = "slipway:environment"


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML's safe loader, refusing a key written twice instead of keeping the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def load(path: Path, name: str) -> EnvironmentSpec:
    """Read the spec of environment ``name`` from its stack file.

    Raises:
        SpecError: the file cannot be read as YAML, holds no environment, or holds a bad one.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError:
        raise SpecError(
            str(path), [Problem((), "the file does not exist", f"create {path} or name another environment")]
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(
            str(path), [Problem((), f"not readable as YAML: {error}", "correct the file at the place named")]
        ) from None
    config = document.get("config") if isinstance(document, Mapping) else None
    environment = config.get(CONFIG_KEY) if isinstance(config, Mapping) else None
    if environment is None:
        raise SpecError(
            str(path),
            [
                Problem(
                    (),
                    f"the file has no {CONFIG_KEY}",
                    f"declare the environment under config: {CONFIG_KEY}:",
                )
            ],
        )
    return from_mapping(environment, name, source=str(path))


def from_mapping(raw: object, name: str, *, source: str = "config") -> EnvironmentSpec:
    """Return the checked spec of environment ``name`` from plain data.

    Structure and cross-field rules are judged in one go: where the structure is bad, the offending values are
    replaced by neutral ones so that the rules can still judge the rest, and what a rule says of a replaced value is
    dropped.

    Raises:
        SpecError: naming every problem.
    """
    if not isinstance(raw, Mapping):
        raise SpecError(source, [Problem((), "is not a mapping", "write keys and values", show(raw))])
    if "name" in raw:
        problem = Problem(("name",), "is the stack's own name and not written here", "remove it", show(raw["name"]))
        raise SpecError(source, [problem])
    data: dict[str, Any] = {**copy.deepcopy(dict(raw)), "name": name}
    problems, replaced = [], set[Location]()
    spec = _parse(data)
    if isinstance(spec, ValidationError):
        problems = [problem_of(EnvironmentSpec, error) for error in spec.errors(include_url=False)]
        spec, replaced = _repaired(data, spec)
    if isinstance(spec, EnvironmentSpec):
        problems += [p for p in check_environment(spec) if not _touches(p, replaced)]
    if problems:
        raise SpecError(source, problems)
    assert isinstance(spec, EnvironmentSpec)  # noqa: S101 (no problems means that it parsed)
    return spec


def _parse(data: Mapping[str, Any]) -> EnvironmentSpec | ValidationError:
    try:
        # JSON has lists where Python has tuples: strict validation of JSON accepts the one for the other.
        return EnvironmentSpec.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        return error


def _repaired(data: dict[str, Any], error: ValidationError) -> tuple[EnvironmentSpec | ValidationError, set[Location]]:
    """Parse ``data`` with its bad values replaced; also return the places where that was done."""
    replaced: set[Location] = set()
    outcome: EnvironmentSpec | ValidationError = error
    # Each round repairs the values pydantic could see; a repaired container may show further ones.
    for _ in range(8):
        if not isinstance(outcome, ValidationError):
            break
        locations = [tuple(e["loc"]) for e in outcome.errors(include_url=False)]
        # Last list items first: taking one out must not move another that is still to be taken.
        for location in sorted(locations, key=_last_items_first):
            _replace(data, location)
            # Taking an item out moves those behind it, so a rule can no longer speak of that list.
            replaced.add(location[:-1] if isinstance(location[-1], int) else location)
        outcome = _parse(data)
    return outcome, replaced


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
    model = model_at(EnvironmentSpec, location[:-1])
    field = next((f for f in model.model_fields.values() if f.alias == last), None) if model else None
    if isinstance(container, list) and isinstance(last, int) and last < len(container):
        container.pop(last)
    elif isinstance(container, dict):
        container.pop(last, None)
        if field is not None and field.is_required():
            container[last] = field.examples[0] if field.examples else {}


def _touches(problem: Problem, replaced: set[Location]) -> bool:
    places = (problem.location, *problem.related)
    return any(a[: len(b)] == b or b[: len(a)] == a for a in places for b in replaced)
