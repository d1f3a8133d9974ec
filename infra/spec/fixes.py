"""What to write in place of a value of another type, by what stands there: the same in the form that is read."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_LIST = "write a list, one item a line beginning with '- '"
_NAMES = re.compile(r"[A-Za-z0-9_.-]+(\s*,\s*[A-Za-z0-9_.-]+)+")
_PLAIN = re.compile(r"[A-Za-z0-9_./-][A-Za-z0-9_./:@-]*(?<!:)")
_LONGEST = 100
"""Characters of an example."""


def text_fix(written: Any) -> str:
    """Return what to write where text is meant."""
    if written is None:
        return 'write text, "" for none'
    if isinstance(written, Mapping | list):
        return f"write text in place of the {'mapping' if isinstance(written, Mapping) else 'list'}"
    return "write it in quotes, so that YAML takes it for text"


def number_fix(written: Any) -> str:
    """Return what to write where a whole number is meant: one with a unit behind it is known by its key."""
    match = re.fullmatch(r"([0-9]{1,9}) ?[A-Za-z]{1,12}", written) if isinstance(written, str) else None
    return f"write {int(match[1])}: the key says the unit" if match else "write a whole number, without quotes"


def mapping_fix(written: Any) -> str:
    """Return what to write where a mapping of free keys is meant."""
    pairs = isinstance(written, list) and any(isinstance(each, Mapping) and "name" in each for each in written)
    if pairs:
        return 'write keys and values in place of the list, one a line, as PORT: "8080"'
    return "write a mapping of keys to values"


def model_fix(model: type[BaseModel] | None, written: Any) -> str:
    """Return what to write where a mapping of known keys is meant."""
    needed = _needed(model)
    fix = "write a mapping of keys to values"
    if not needed:
        return fix
    example = _example_item(needed, written)
    return f"{fix}, with {enumerated(list(needed))}{f', as {example}' if example else ''}"


def list_fix(field: FieldInfo | None, written: Any) -> str:
    """Return what to write where a list is meant."""
    item = _item_of(field.annotation) if field is not None else None
    if isinstance(item, type) and issubclass(item, BaseModel):
        example = _example_item(_needed(item), None)
        return f"{_LIST}, as - {example}" if example else _LIST
    if item is str and isinstance(written, str):
        return f"write [{', '.join(map(_yaml, _words(written)))}]"
    return _LIST


def choice_fix(expected: str, written: Any) -> str:
    """Return which of the choices to write: the one that is near, else all of them."""
    choices = re.findall(r"'([^']*)'", expected)
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(str(written).lower(), by_lower, n=1, cutoff=0.7) if choices else []
    return f"write {by_lower[near[0]]!r}" if near else f"write {expected}"


def choices_of(annotation: Any) -> list[str]:
    """Return the texts that a field takes, where it takes no others."""
    found = get_args(annotation)
    return [str(each) for each in found] if found and all(isinstance(each, str) for each in found) else []


def _needed(model: type[BaseModel] | None) -> dict[str, FieldInfo]:
    fields = model.model_fields.values() if model else ()
    return {str(field.alias): field for field in fields if field.is_required() and not field.exclude}


def _example_item(needed: Mapping[str, FieldInfo], written: Any) -> str | None:
    """Return an item of the least keys, with the value that was written where one key alone can have meant it."""
    meant = [key for key, field in needed.items() if type(written) is field.annotation]
    if isinstance(written, str) and len(needed) > 1:
        meant = []  # A text that is not even in the form of one of them.
    values: dict[str, Any] = {}
    for key, field in needed.items():
        if meant == [key]:
            values[key] = written
        elif field.examples:
            values[key] = field.examples[0]
        else:
            return None
    text = f"{{{', '.join(f'{key}: {_yaml(value)}' for key, value in values.items())}}}"
    return text if values and len(text) <= _LONGEST else None


def _item_of(annotation: Any) -> Any:
    for each in (annotation, *get_args(annotation)):
        if get_origin(each) is tuple:
            item = get_args(each)[0]
            return get_args(item)[0] if hasattr(item, "__metadata__") else item
    return None


def _words(text: str) -> list[str]:
    """Return the items that a text was meant as: names between commas, or the words of a command."""
    if _NAMES.fullmatch(text):
        return [each.strip() for each in text.split(",")]
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _yaml(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else repr(value)
    return str(value)


def enumerated(words: Sequence[str], last: str = "and") -> str:
    """Return words as a sentence lists them."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
