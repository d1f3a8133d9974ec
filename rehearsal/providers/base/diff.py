"""What changed between two sets of inputs, path by path."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from rehearsal.providers.base.values import Unknown

Path = tuple[str | int, ...]
"""A property path: names and list indices from the root."""

_PLAIN_KEY = re.compile(r"[A-Za-z_$][\w$]*\Z")
_TOKEN = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)')


class Kind(Enum):
    """How a property differs."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One property that differs."""

    path: Path
    kind: Kind

    @property
    def text(self) -> str:
        """The path as the engine writes it: ``tags.Name``, ``ingress[0].cidrBlocks``, ``tags["a.b"]``."""
        return format_path(self.path)


def format_path(path: Path) -> str:
    """Write `path` in the engine's syntax (``sdk/go/common/resource/property_path.go``)."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.match(part):
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part, ensure_ascii=False)}]"
    return text


def parse_path(text: str) -> Path:
    """Read a path in the engine's syntax; ``*`` stands for any name or index."""
    parts: list[str | int] = []
    for quoted, index, name in _TOKEN.findall(text):
        if quoted:
            parts.append(json.loads(f'"{quoted}"'))
        elif index:
            parts.append(int(index) if index.isdigit() else "*")
        else:
            parts.append(name)
    return tuple(parts)


def schema_path(path: Path) -> str:
    """Return `path` without list indices: the name of a property in a table (``ingress.cidrBlocks``)."""
    return ".".join(part for part in path if isinstance(part, str))


def changes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    sets: Collection[str] = (),
    ignore: Iterable[str] = (),
) -> list[Change]:
    """Return how `new` differs from `old`, deepest path first known, in the order of the names.

    Args:
        old: The inputs of the last deployment.
        new: The inputs the program asks for now.
        sets: Schema paths (see `schema_path`) of lists in which the order carries no meaning.
        ignore: Paths the user put under ``ignoreChanges``; ``*`` matches one part, and a path covers all below it.
    """
    ignored = [parse_path(text) for text in ignore]
    found = _compare((), old, new, frozenset(sets))
    return [change for change in found if not any(_covers(pattern, change.path) for pattern in ignored)]


def same(old: Any, new: Any, *, sets: Collection[str] = (), at: Path = ()) -> bool:
    """Tell whether two values are equal, comparing the lists named in `sets` in any order."""
    return next(_compare(at, old, new, frozenset(sets)), None) is None


def _compare(path: Path, old: Any, new: Any, sets: frozenset[str]) -> Iterator[Change]:
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        if old is not new:
            yield Change(path, Kind.UPDATE)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            here = (*path, key)
            if key not in new:
                yield Change(here, Kind.DELETE)
            elif key not in old:
                yield Change(here, Kind.ADD)
            else:
                yield from _compare(here, old[key], new[key], sets)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(path, old, new, sets)
    elif (type(old) is not type(new) and (isinstance(old, bool) or isinstance(new, bool))) or old != new:
        yield Change(path, Kind.UPDATE)


def _compare_lists(path: Path, old: Sequence[Any], new: Sequence[Any], sets: frozenset[str]) -> Iterator[Change]:
    pairs: Iterable[tuple[int, Any, int, Any]]
    gone: list[int] = []
    if schema_path(path) in sets:
        rest_old = list(range(len(old)))
        rest_new = []
        for index, item in enumerate(new):
            twin = next((i for i in rest_old if same(old[i], item, sets=sets, at=(*path, index))), None)
            if twin is None:
                rest_new.append(index)
            else:
                rest_old.remove(twin)
    else:
        rest_old, rest_new = list(range(len(old))), list(range(len(new)))
    common = min(len(rest_old), len(rest_new))
    pairs = [(rest_old[i], old[rest_old[i]], rest_new[i], new[rest_new[i]]) for i in range(common)]
    for _, before, index, after in pairs:
        yield from _compare((*path, index), before, after, sets)
    for index in rest_new[common:]:
        yield Change((*path, index), Kind.ADD)
    gone = rest_old[common:]
    for index in gone:
        yield Change((*path, index), Kind.DELETE)


def _covers(pattern: Path, path: Path) -> bool:
    if len(pattern) > len(path):
        return False
    return all(want in ("*", part) for want, part in zip(pattern, path, strict=False))
