"""Versions of S3 objects: moto 5.2.5 compares each version of an object with each other whenever one is added.

A state has a version for each step of every update: the thousandth would cost half a million comparisons.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.s3.utils import _VersionedKeyStore

from rehearsal.moto.replaced import replace_once


def complete_versions() -> None:
    """Make moto add a version in a time that grows with their number alone."""
    replace_once(_VersionedKeyStore, "setlist", _by_identity)


def _by_identity(_: Callable[..., Any]) -> Callable[..., Any]:
    def setlist(self: Any, key: Any, versions: Any) -> None:
        listed = list(versions) if isinstance(versions, list | tuple) else [versions]
        kept = {id(each) for each in listed}
        for before in self.getlist(key, []):
            if id(before) not in kept and hasattr(before, "dispose"):
                before.dispose()
        dict.__setitem__(self, key, listed)

    return setlist
