"""Finds tools that need no build: those on PATH that will do, and those built earlier."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rehearsal.toolchain.cache import cached
from rehearsal.toolchain.release import Tool
from rehearsal.toolchain.versions import read_version

_PROBE_SECONDS: Final = 20


@dataclass(frozen=True)
class Refusal:
    """A program on PATH that will not do, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Location:
    """Where a tool is: `path` is None when it must be built; `source` is `PATH`, `cache` or `to build`."""

    tool: Tool
    path: Path | None
    source: str
    refusals: tuple[Refusal, ...]


def executables(name: str, search_path: str) -> Iterator[Path]:
    """Yield every executable file of this name on a PATH-like string, in order, each real file once."""
    seen: set[Path] = set()
    for folder in search_path.split(os.pathsep):
        candidate = Path(folder) / name
        if not folder or not candidate.is_file() or not os.access(candidate, os.X_OK):
            continue
        real = candidate.resolve()
        if real not in seen:
            seen.add(real)
            yield candidate


def reported_version(path: Path, tool: Tool, environment: Mapping[str, str] = os.environ) -> str:
    """Run a program for its version and return what it printed on stdout.

    Raises OSError when it cannot be started and subprocess.SubprocessError when it fails or hangs.
    """
    quiet = {**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    return subprocess.run(
        [str(path), *tool.version_arguments],
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=_PROBE_SECONDS,
        env=quiet,
    ).stdout


def unsuitable_because(path: Path, tool: Tool) -> str | None:
    """Return why this program cannot stand in for the pinned tool, None when it can."""
    folders = {path.parent, path.resolve().parent}
    lacking = [name for name in tool.beside if not any(os.access(folder / name, os.X_OK) for folder in folders)]
    if lacking:
        return f"it has no {' and no '.join(lacking)} beside it"
    if not tool.version_arguments:
        return "it cannot be asked for its version"
    try:
        output = reported_version(path, tool)
    except (OSError, subprocess.SubprocessError) as error:
        return f"it does not tell its version: {error}"
    found = read_version(output)
    if found is None:
        return f"it does not tell its version: it printed {output[:80]!r}"
    wanted = tool.release.version
    if not tool.rule.accepts(found, wanted):
        return f"it is {found}, and it must be {tool.rule.describe(wanted)}"
    return None


def locate(tool: Tool) -> Location:
    """Find a tool without building: the first on PATH that will do, else the cached one.

    A program on PATH comes first because whoever put it there chose it; those that will not do are passed
    over and told with the reason.
    """
    refusals: list[Refusal] = []
    for path in executables(tool.name, os.environ.get("PATH", os.defpath)):
        reason = unsuitable_because(path, tool)
        if reason is None:
            return Location(tool, path.absolute(), "PATH", tuple(refusals))
        refusals.append(Refusal(path, reason))
    path_in_cache = cached(tool)
    source = "to build" if path_in_cache is None else "cache"
    return Location(tool, path_in_cache, source, tuple(refusals))
