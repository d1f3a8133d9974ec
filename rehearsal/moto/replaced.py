"""Methods of moto that the rehearsal replaces: each once in a process, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def replace_once(owner: type, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put what ``make`` makes of a class's method in its place, unless that was done before."""
    method = getattr(owner, name)
    if getattr(method, "replaced", False):
        return
    replacement = make(method)
    replacement.replaced = True  # type: ignore[attr-defined]
    setattr(owner, name, replacement)
