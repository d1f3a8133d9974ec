"""What is wrong with a spec, said once and whole: path, value and fix of every problem."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from infra.spec import foreign_values
from infra.spec.fixes import choice_fix, choices_of, enumerated, list_fix, mapping_fix, model_fix, number_fix, text_fix

Location = tuple[str | int, ...]

_FIXES = {"bool_type": "write true or false, without quotes"}
_PROBLEMS = {
    "string_type": "is not text",
    "int_type": "is not a whole number",
    "bool_type": "is not true or false",
    "dict_type": "is not a mapping",
    "model_type": "is not a mapping",
    "tuple_type": "is not a list",
}


def format_path(location: Location) -> str:
    """Return a location as it reads in YAML: ``instanceGroups[0].minSize``; ``(the environment)`` for the whole."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("-", "").replace("_", "").isalnum():
            text += f".{part}" if text else part
        else:
            text += f"[{part!r}]"
    return text or "(the environment)"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a spec."""

    location: Location
    """Where, as keys and list positions from the root of the environment."""
    problem: str
    """What is wrong, as a phrase that follows the value."""
    fix: str
    """What to write instead."""
    value: str | None = None
    """The offending value as written, or None where something is missing."""
    related: tuple[Location, ...] = ()
    """Other places that the judgement rests on; where all are inside of ``location``, it rests on those alone."""
    file: str | None = None
    """File that the location is in, where that is not the stack file."""

    def __str__(self) -> str:
        """Return ``path: value problem. Fix: ...`` in one line; without a path where the problem is of the whole."""
        value = "" if self.value is None else f"{self.value} "
        path = f"{format_path(self.location)}: " if self.location or (value and not self.file) else ""
        file = "" if self.file is None else f"{self.file}: "
        return f"{file}{path}{value}{self.problem}. Fix: {self.fix}."


def listed_twice(at: Location, values: Sequence[object]) -> Iterator[Problem]:
    """Yield each value of a list, which stands at ``at``, that stands there before."""
    for position, value in enumerate(values):
        if value in values[:position]:
            yield Problem((*at, position), "is listed twice", "remove one", repr(value))


class SpecError(Exception):
    """The spec cannot be used. Carries every problem found, in the order of the file."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = len(self.problems)
        heading = f"{source}: {count} problem{'s' if count != 1 else ''} in the environment's spec"
        super().__init__("\n".join([heading, *(f"  {index}. {p}" for index, p in enumerate(self.problems, 1))]))


def show(value: Any) -> str:
    """Return a value for an error message as YAML would have it, cut at 80 characters; of a mapping only the keys."""
    if value is None or isinstance(value, bool):
        text = "null" if value is None else str(value).lower()
    elif isinstance(value, Mapping):
        text = "{" + ", ".join(str(key) if str(key).isprintable() else ascii(key) for key in value) + "}"
    else:
        text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def model_at(root: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """Return the model whose keys stand at ``location``."""
    model: type[BaseModel] | None = root
    for part in location:
        if isinstance(part, int):
            continue
        if model is None:
            return None
        field = next((f for f in model.model_fields.values() if f.alias == part), None)
        model = _model_in(field.annotation) if field else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the keys that may be written for a model, with their fields."""
    return {str(field.alias): field for field in model.model_fields.values() if not field.exclude}


def _unknown_key(root: type[BaseModel], location: Location) -> tuple[str, str]:
    key = str(location[-1])
    model = model_at(root, location[:-1])
    known = _keys(model) if model else {}
    squeezed = _squeezed(key)
    same = [name for name in known if name.lower() == squeezed]
    foreign: Mapping[str, str] = getattr(model, "foreign_keys", {})
    habit = None if same else next((fix for word, fix in foreign.items() if _squeezed(word) == squeezed), None)
    if habit is not None:
        return "is not a known key", habit
    inside = [name for name, field in known.items() if squeezed in _squeezed_keys(_model_in(field.annotation))]
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    # One letter more or less, as workload for workloads, is a slip, whatever else is called so further in.
    slip = difflib.get_close_matches(key, known, n=1, cutoff=0.9)
    if same or slip or (near and not inside):
        fix = f"write {(same or near)[0]}"
    elif inside:
        fix = f"move it into {inside[0]}"
    else:
        fix = f"remove it; known here: {', '.join(sorted(known))}"
    return "is not a known key", fix


def _squeezed(key: str) -> str:
    return key.replace("_", "").replace("-", "").lower()


def _squeezed_keys(model: type[BaseModel] | None) -> set[str]:
    return {key.lower() for key in _keys(model)} if model else set()


def _choice_fix(root: type[BaseModel], location: Location, error: ErrorDetails) -> str:
    """Return what to write in place of a value that is none of the choices: a value of habit is known by its key."""
    *above, key = (part for part in location if isinstance(part, str))
    model = model_at(root, tuple(above))
    habits: Mapping[str, str] = getattr(model, "foreign_values", {}).get(key, {})
    written = error["input"]
    word = foreign_values.LIST if isinstance(written, list) else _squeezed(str(written))
    habit = next((fix for value, fix in habits.items() if _squeezed(value) == word), None)
    return habit or choice_fix(error["ctx"]["expected"], written)


def _missing(root: type[BaseModel], location: Location) -> str:
    """Return what to add: an example of a value, or the keys that a mapping cannot do without."""
    field = _field_at(root, location)
    if field is None:
        return f"add {location[-1]}"
    if field.examples:
        return f"add {location[-1]}, for example {field.examples[0]!r}"
    choices = choices_of(field.annotation)
    if choices:
        return f"add {location[-1]}: {enumerated(choices, 'or')}"
    return f"add {location[-1]}{_with_needed(_model_in(field.annotation))}"


def _field_at(root: type[BaseModel], location: Location) -> FieldInfo | None:
    model = model_at(root, location[:-1])
    return _keys(model).get(str(location[-1])) if model else None


def _with_needed(model: type[BaseModel] | None) -> str:
    needed = [key for key, part in _keys(model).items() if part.is_required()] if model else []
    return f", with {enumerated(needed)}" if needed else ""


def _bounds(error: ErrorDetails) -> tuple[str, str] | None:
    context = error.get("ctx", {})
    kind = error["type"]
    if kind in ("greater_than_equal", "greater_than"):
        bound = context.get("ge", context.get("gt"))
        return "is too small", f"write at least {bound}"
    if kind in ("less_than_equal", "less_than"):
        bound = context.get("le", context.get("lt"))
        return "is too great", f"write at most {bound}"
    if kind == "too_long":
        # Of a mapping pydantic does not say how many entries there are.
        return f"has {_items(context['actual_length'] or len(error['input']))}", (
            f"write at most {_items(context['max_length'])}"
        )
    if kind == "too_short":
        return f"has {_items(context['actual_length'])}", f"write at least {_items(context['min_length'])}"
    return None


def _items(count: int) -> str:
    return f"{count or 'no'} item{'' if count == 1 else 's'}"


_FIXES_OF_VALUES: Mapping[str, Callable[[Any], str]] = {
    "string_type": text_fix,
    "int_type": number_fix,
    "dict_type": mapping_fix,
}


def problems_of(root: type[BaseModel], error: ErrorDetails) -> list[Problem]:
    """Translate one of pydantic's errors; an error of a mapping may speak of several of its entries."""
    if error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]:
        # pydantic counts only the good items; the bad ones have problems of their own.
        return []
    if error["type"] != "slipway_entries":
        return [_problem_of(root, error)]
    location, written, told = tuple(error["loc"]), error["input"], error["ctx"]["told"]
    return [
        Problem((*location, key), what, fix, show(written[key]) if told else None)
        for key, what, fix in error["ctx"]["entries"]
    ]


def _problem_of(root: type[BaseModel], error: ErrorDetails) -> Problem:
    location: Location = tuple(error["loc"])
    kind = error["type"]
    value: str | None = show(error["input"])
    if kind == "slipway":
        context = error["ctx"]
        return Problem(location, str(context["problem"]), str(context["fix"]), value)
    if kind == "missing":
        return Problem(location, "is missing", _missing(root, location), None)
    if kind == "extra_forbidden":
        problem, fix = _unknown_key(root, location)
        return Problem(location, problem, fix, None)
    if kind == "model_type":
        return Problem(location, _PROBLEMS[kind], model_fix(model_at(root, location), error["input"]), value)
    if kind == "tuple_type":
        return Problem(location, _PROBLEMS[kind], list_fix(_field_at(root, location), error["input"]), value)
    if kind == "string_pattern_mismatch":
        return Problem(
            location, "has not the form of such a value", f"write what matches {error['ctx']['pattern']}", value
        )
    if kind in ("literal_error", "enum"):
        return Problem(location, "is not one of the choices", _choice_fix(root, location, error), value)
    if kind in _FIXES_OF_VALUES:
        return Problem(location, _PROBLEMS[kind], _FIXES_OF_VALUES[kind](error["input"]), value)
    bounds = _bounds(error)
    problem, fix = bounds or (_PROBLEMS.get(kind, error["msg"]), _FIXES.get(kind, "see the options table"))
    return Problem(location, problem, fix, value)
