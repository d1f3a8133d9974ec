"""Keeps what was read of the vendor's SDK, so that a plugin starts without importing it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rehearsal.providers.aws.shapes import ResourceShape, UnknownTypeError, from_json
from rehearsal.toolchain.cache import cache_home

_ROOT = Path(__file__).resolve().parents[3]
_NO_SUCH_TYPE = 3
_LOCK = threading.Lock()


def store_path() -> Path:
    """Return where shapes are kept: a file for each version of the SDK and of the code that reads it."""
    code = b"".join((Path(__file__).parent / name).read_bytes() for name in ("sdk.py", "shapes.py"))
    name = f"pulumi-aws-{version('pulumi-aws')}-{hashlib.sha256(code).hexdigest()[:12]}.json"
    return cache_home() / "sdk" / name


@cache
def resource_shape(token: str) -> ResourceShape:
    """Return the shape of a resource type, from the store or else from the SDK.

    Raises:
        UnknownTypeError: the SDK has no such type.
    """
    with _LOCK:
        found = _kept().get(token) or _all_with(token)[token]
    return ResourceShape(from_json(found["inputs"]), frozenset(found["outputs"]))


def _all_with(token: str) -> Mapping[str, Any]:
    """Read every type that the stand-in knows beside the wanted one: one reading costs hardly more than its slowest."""
    from rehearsal.providers.aws.types import KINDS  # which need this module

    return fill([token, *KINDS])


@cache
def _kept() -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(store_path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return kept


def fill(tokens: Iterable[str]) -> Mapping[str, Any]:
    """Read types from the SDK into the store, those already there excepted; return all that it holds.

    Raises:
        UnknownTypeError: the SDK has no type of that name; nothing is stored then.
        RuntimeError: the SDK cannot be read.
    """
    path = store_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        missing = [token for token in tokens if token not in kept]
        if missing:
            kept |= _read(missing)
            partial = path.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps(kept), encoding="utf-8")
            partial.replace(path)
    _kept().update(kept)
    return kept


def _read(tokens: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "rehearsal.providers.aws.sdk", *tokens],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == _NO_SUCH_TYPE:
        raise UnknownTypeError(done.stderr.strip())
    if done.returncode != 0:
        raise RuntimeError(f"pulumi_aws cannot be read: {done.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
