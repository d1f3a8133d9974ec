"""Keeps what was read of a vendor's SDK, so that a plugin starts without importing it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rehearsal.cache import cache_home
from rehearsal.providers.base.shapes import ResourceShape, UnknownTypeError, from_json

_ROOT = Path(__file__).resolve().parents[3]
_NO_SUCH_TYPE = 3


class SdkStore:
    """The shapes of one vendor's resource types, in a file for each version of its SDK and of the code that reads it.

    `package` is the SDK's distribution (``pulumi-aws``); `known` returns the types that the stand-in knows, which are
    read together: one reading costs hardly more than its slowest type.
    """

    def __init__(self, package: str, known: Callable[[], Iterable[str]]) -> None:
        """Read nothing yet."""
        self._package = package
        self._known = known
        self._lock = threading.Lock()
        self._kept: dict[str, Any] | None = None
        self._shapes: dict[str, ResourceShape] = {}

    @property
    def path(self) -> Path:
        """Where the shapes are kept."""
        code = b"".join((Path(__file__).parent / name).read_bytes() for name in ("sdk.py", "shapes.py"))
        name = f"{self._package}-{version(self._package)}-{hashlib.sha256(code).hexdigest()[:12]}.json"
        return cache_home() / "sdk" / name

    def resource_shape(self, token: str) -> ResourceShape:
        """Return the shape of a resource type, from the store or else from the SDK.

        Raises:
            UnknownTypeError: the SDK has no such type.
        """
        with self._lock:
            if token not in self._shapes:
                kept = self._kept if self._kept is not None else _load(self.path)
                if token not in kept:
                    kept = self.fill([token, *self._known()])
                self._kept = kept
                found = kept[token]
                self._shapes[token] = ResourceShape(from_json(found["inputs"]), frozenset(found["outputs"]))
            return self._shapes[token]

    def fill(self, tokens: Iterable[str] | None = None) -> dict[str, Any]:
        """Read types (all that the stand-in knows, when none are named) into the store; return all that it holds.

        Raises:
            UnknownTypeError: the SDK has no type of that name; nothing is stored then.
            RuntimeError: the SDK cannot be read.
        """
        path = self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = _load(path)
            missing = [token for token in (self._known() if tokens is None else tokens) if token not in kept]
            if missing:
                kept |= _read(missing)
                partial = path.with_suffix(f".{os.getpid()}")
                partial.write_text(json.dumps(kept), encoding="utf-8")
                partial.replace(path)
        return kept


def _load(path: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return kept


def _read(tokens: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "rehearsal.providers.base.sdk", *tokens],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == _NO_SUCH_TYPE:
        raise UnknownTypeError(done.stderr.strip())
    if done.returncode != 0:
        raise RuntimeError(f"the vendor's SDK cannot be read: {done.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
