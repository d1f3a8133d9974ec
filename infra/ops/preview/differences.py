"""Which properties of a resource differ, value by value, in a form for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import Any

from infra.ops.preview.events import State, Step
from infra.ops.preview.record_diffs import condensed, is_record
from infra.ops.preview.secrets import SECRET, holds_secret
from infra.ops.preview.userdata import decoded_files, is_document, is_user_data

ABSENT = "(not set)"
_COMPUTED_TAGS = "tagsAll"
_KEYS = ("key", "name", "deviceName", "resourceType", "mountPath", "id")
_LONG = 120
"""Characters above which a text is shown as a diff of its lines rather than as old and new."""


@dataclass(frozen=True)
class Difference:
    """One property: what it was and what it will be."""

    path: str
    old: str
    new: str
    replaces: bool = False
    """Whether it is why the resource is replaced."""
    lines: tuple[str, ...] = ()
    """A diff of the lines, where the value is a longer text."""


def step_differences(step: Step) -> tuple[Difference, ...]:
    """Return what a step changes: inputs that differ, then what only the provider sees to differ."""
    old, new = step.old or State({}, {}), step.new or State({}, {})
    forced = {*step.keys, *(diff.path for diff in step.diffs if diff.replaces)}
    found = [
        difference
        for path, before, after in _leaves("", dict(old.inputs), dict(new.inputs))
        for difference in _shown(path, before, after, _is_forced(path, forced))
    ]
    seen = {_top(difference.path) for difference in found}
    for diff in step.diffs:
        if _top(diff.path) in seen or diff.path.startswith(_COMPUTED_TAGS):
            continue
        before, after = _at(old.outputs, diff.path, _at(old.inputs, diff.path)), _at(new.inputs, diff.path)
        if old.unfinished and before == after:
            continue  # the last update has sent it, and the engine goes by its inputs of before
        found += _shown(diff.path, before, after, diff.replaces)
    if is_record(step):
        return tuple(replace(each, lines=condensed(each.lines)) for each in found)
    return tuple(found)


def _top(path: str) -> str:
    return path.partition("[")[0].partition(".")[0].partition(" (")[0]


def _related(path: str, other: str) -> bool:
    path, other = path.partition(" (")[0], other.partition(" (")[0]
    return path == other or path.startswith((f"{other}.", f"{other}[")) or other.startswith((f"{path}.", f"{path}["))


def _is_forced(path: str, forced: set[str]) -> bool:
    return any(_related(path, each) for each in forced)


_MISSING = object()


def _leaves(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            if not path and key == _COMPUTED_TAGS:
                continue
            yield from _leaves(_join(path, key), old.get(key, _MISSING), new.get(key, _MISSING))
        return
    if isinstance(old, list) and isinstance(new, list) and (key := _key(old, new)):
        first, second = ({str(entry[key]): entry for entry in entries} for entries in (old, new))
        for name in sorted({*first, *second}):
            yield from _leaves(f"{path}[{name}]", first.get(name, _MISSING), second.get(name, _MISSING))
        return
    if isinstance(old, list) and isinstance(new, list) and _has_mappings(old, new):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _MISSING
            after = new[index] if index < len(new) else _MISSING
            yield from _leaves(f"{path}[{index}]", before, after)
        return
    yield path, old, new


def _key(*lists: Sequence[Any]) -> str | None:
    """Return the property that tells the entries of lists apart, so that a new one in between moves no other."""
    for key in _KEYS:
        if all(_told_apart(entries, key) for entries in lists):
            return key
    return None


def _told_apart(entries: Sequence[Any], key: str) -> bool:
    values = [entry.get(key) if isinstance(entry, Mapping) else None for entry in entries]
    return all(isinstance(value, str) and value for value in values) and len(set(values)) == len(values)


def _has_mappings(*lists: Sequence[Any]) -> bool:
    return any(isinstance(entry, Mapping) for each in lists for entry in each)


def _join(path: str, key: str) -> str:
    if not re.fullmatch(r"[A-Za-z_$][\w$]*", key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _shown(path: str, old: Any, new: Any, replaces: bool) -> Iterator[Difference]:
    files = is_user_data(path) or is_document(path, old) or is_document(path, new)
    # Parts that are hidden do not keep a document from being read; a document that is secret as a whole is.
    if files and SECRET not in (old, new) and not _hidden_within(old, new):
        for name, lines in _file_diffs(old, new):
            yield Difference(f"{path} ({name})", "", "", replaces, lines)
    elif holds_secret(old) or holds_secret(new):
        yield from _secret(path, old, new, replaces)
    elif lines := _text_diff(old, new):
        yield Difference(path, "", "", replaces, lines)
    else:
        yield Difference(path, shown_value(old), shown_value(new), replaces)


def _hidden_within(*values: Any) -> bool:
    """Return whether something other than a text holds a secret."""
    return any(holds_secret(value) and not isinstance(value, str) for value in values)


def _secret(path: str, old: Any, new: Any, replaces: bool) -> Iterator[Difference]:
    # Once one side is secret the other is not shown either: the value may be the same, newly marked.
    if isinstance(old, str) and isinstance(new, str) and {old, new} != {SECRET} and SECRET not in (old, new):
        # A text in which a part is hidden; the rest of it may be read.
        yield Difference(path, "", "", replaces, _text_diff(old, new) or (f"-{old}", f"+{new}"))
        return
    before = ABSENT if old is _MISSING or old is None else SECRET
    yield Difference(path, before, ABSENT if new is _MISSING or new is None else SECRET, replaces)


def shown_value(value: Any) -> str:
    """Return a value in one line."""
    if value is _MISSING or value is None:
        return ABSENT
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _text_diff(old: Any, new: Any) -> tuple[str, ...]:
    before, after = _lines(old), _lines(new)
    if max(len(before), len(after)) < 2:
        return ()
    return _unified(before, after)


def _lines(value: Any) -> list[str]:
    if value is _MISSING or value is None:
        return []
    if isinstance(value, str):
        document = _document(value)
        return value.splitlines() if document is None else _pretty(document)
    text = json.dumps(value, sort_keys=True)
    return _pretty(value) if len(text) > _LONG else [text]


def _pretty(document: Any) -> list[str]:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def _document(text: str) -> Any | None:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def _unified(old: list[str], new: list[str]) -> tuple[str, ...]:
    return tuple(line.rstrip("\n") for line in unified_diff(old, new, lineterm="", n=2))[2:]


def _file_diffs(old: Any, new: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    before = decoded_files(old) if isinstance(old, str) else {}
    after = decoded_files(new) if isinstance(new, str) else {}
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield name, _unified(before.get(name, "").splitlines(), after.get(name, "").splitlines())


_STEP_OF_PATH = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[\]]+)')


def _at(tree: Any, path: str, default: Any = _MISSING) -> Any:
    """Return what stands at an engine's property path."""
    for quoted, index, name in _STEP_OF_PATH.findall(path):
        if index and isinstance(tree, list):
            if int(index) >= len(tree):
                return default
            tree = tree[int(index)]
        elif isinstance(tree, Mapping) and (quoted or name) in tree:
            tree = tree[quoted or name]
        else:
            # What is secret as a whole hides its parts.
            return SECRET if tree == SECRET else default
    return tree


def value_at(tree: Mapping[str, Any], path: str) -> str:
    """Return what stands at an engine's property path, in one line."""
    return shown_value(_at(tree, path))
