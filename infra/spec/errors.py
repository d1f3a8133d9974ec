"""What is wrong with a spec, said once and whole: path, value and fix of every problem."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

Location = tuple[str | int, ...]

_FIXES = {
    "string_type": "write text; put it in quotes if YAML takes it for a number",
    "int_type": "write a whole number, without quotes",
    "bool_type": "write true or false, without quotes",
    "dict_type": "write a mapping of keys to values",
    "model_type": "write a mapping of keys to values",
    "tuple_type": "write a list, one item a line beginning with '- '",
}
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
    """Other places that the judgement rests on."""

    def __str__(self) -> str:
        """Return ``path: value problem. Fix: ...`` in one line."""
        value = "" if self.value is None else f"{self.value} "
        return f"{format_path(self.location)}: {value}{self.problem}. Fix: {self.fix}."


class SpecError(Exception):
    """The spec cannot be used. Carries every problem found, in the order of the file."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = len(self.problems)
        heading = f"{source}: {count} problem{'s' if count != 1 else ''} in the environment's spec"
        super().__init__("\n".join([heading, *(f"  {index}. {p}" for index, p in enumerate(self.problems, 1))]))


def show(value: Any) -> str:
    """Return a value for an error message, cut at 80 characters."""
    text = repr(value) if not isinstance(value, Mapping) else "{" + ", ".join(map(str, value)) + "}"
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


def _unknown_key(root: type[BaseModel], location: Location) -> tuple[str, str]:
    key = str(location[-1])
    model = model_at(root, location[:-1])
    known = sorted(str(f.alias) for f in model.model_fields.values() if not f.exclude) if model else []
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    lowered = {name.lower(): name for name in known}
    squeezed = key.replace("_", "").replace("-", "").lower()
    nearest = lowered.get(squeezed) or (near[0] if near else None)
    fix = f"write {nearest}" if nearest else f"remove it; known here: {', '.join(known)}"
    return "is not a known key", fix


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
        return f"has {context['actual_length']} items", f"write at most {context['max_length']}"
    if kind == "too_short":
        return f"has {context['actual_length']} items", f"write at least {context['min_length']}"
    if kind in ("literal_error", "enum"):
        return "is not one of the choices", f"write {context['expected']}"
    return None


def problem_of(root: type[BaseModel], error: ErrorDetails) -> Problem:
    """Translate one of pydantic's errors into a :class:`Problem`."""
    location: Location = tuple(error["loc"])
    kind = error["type"]
    value: str | None = show(error["input"])
    if kind == "slipway":
        context = error["ctx"]
        return Problem(location, str(context["problem"]), str(context["fix"]), value)
    if kind == "missing":
        model = model_at(root, location[:-1])
        field = next((f for f in model.model_fields.values() if f.alias == location[-1]), None) if model else None
        example = f", for example {field.examples[0]!r}" if field is not None and field.examples else ""
        return Problem(location, "is missing", f"add {location[-1]}{example}", None)
    if kind == "extra_forbidden":
        problem, fix = _unknown_key(root, location)
        return Problem(location, problem, fix, None)
    bounds = _bounds(error)
    problem, fix = bounds or (_PROBLEMS.get(kind, error["msg"]), _FIXES.get(kind, "see the options table"))
    return Problem(location, problem, fix, value)
