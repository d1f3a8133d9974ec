"""Builds the missing tools of a release with one `go build`, and moves them into the cache whole."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TextIO

from rich.console import Console

from rehearsal.toolchain.cache import cached, lock_path, log_path, release_folder, sweep
from rehearsal.toolchain.errors import ToolchainError, build_failure, file_failure
from rehearsal.toolchain.golang import Go, find_go
from rehearsal.toolchain.locate import reported_version
from rehearsal.toolchain.lock import build_lock
from rehearsal.toolchain.patched import patched_modules
from rehearsal.toolchain.process import run_logged
from rehearsal.toolchain.progress import BuildProgress, duration
from rehearsal.toolchain.release import Release, Tool
from rehearsal.toolchain.versions import read_version

GO_FLAGS: Final = ("-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false")
"""What every build of ours is given, so that all find in Go's cache what one has compiled.

Without debug tables, which the linker leaves out in any case, compiling takes an eighth less: etcd from empty caches
89 s of processor time in place of 102 s.
"""
_STALE: Final = "stale "
_LIST_FORMAT: Final = "{{if .Stale}}" + _STALE + "{{.ImportPath}}{{end}}"


def build(release: Release, tools: Sequence[Tool], console: Console) -> None:
    """Build these tools of one release into the cache, or wait for the process that is doing so.

    Safe to kill at any time: Go keeps what it compiled, and a program appears in the cache only when it is
    complete and has told its own version. Raises ToolchainError when the build fails.
    """
    names = ", ".join(tool.name for tool in tools)
    console.print(
        f"Building {names} {release.version}, {release.purpose}: about {release.build_minutes} min on two "
        f"cores the first time, then kept in {release_folder(release)}.",
        highlight=False,
        soft_wrap=True,
    )
    try:
        with BuildProgress(console, release.key) as progress:
            done = _build_under_lock(release, tools, progress)
    except OSError as error:
        raise file_failure(f"Building {names}", error, release_folder(release)) from error
    except KeyboardInterrupt:
        console.print(f"Stopped building {names}; the next run goes on from here.", highlight=False)
        raise
    console.print(f"{done} {names} {release.version} in {duration(progress.elapsed)}.", highlight=False, soft_wrap=True)


def _build_under_lock(release: Release, tools: Sequence[Tool], progress: BuildProgress) -> str:
    with build_lock(lock_path(release.key), f"building {release.key}", progress.waiting):
        missing = [tool for tool in tools if cached(tool) is None]
        if not missing:
            return "Another process built"
        folder = release_folder(release)
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder.parent, f".{release.key}.")
        log = log_path(release.key)
        log.parent.mkdir(parents=True, exist_ok=True)
        go = find_go(release.folder, progress)
        temporary = Path(tempfile.mkdtemp(prefix=f".{release.key}.", dir=folder.parent))
        try:
            with log.open("w", encoding="utf-8") as stream:
                flags = patched_modules(release.folder, release.patches, go, temporary)
                GoBuild(release, missing, go, stream, log, progress, flags).run(temporary)
            for tool in missing:
                program = temporary / tool.built_name
                _check_version(program, tool, log)
                program.replace(folder / tool.name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return "Built"


def _check_version(program: Path, tool: Tool, log: Path) -> None:
    if not tool.version_arguments:
        return
    try:
        output = reported_version(program, tool)
    except subprocess.SubprocessError as error:
        raise build_failure(f"Running the {tool.name} just built", 1, [str(error)], log) from error
    found = read_version(output)
    if found != tool.release.version:
        raise ToolchainError(
            f"The {tool.name} just built says it is version {found}, not {tool.release.version}: "
            "the `variables` of its release in rehearsal/toolchain/table.py no longer fit its source."
        )


class GoBuild:
    """One `go build` of several programs of a release, counting the packages it still has to compile."""

    def __init__(
        self,
        release: Release,
        tools: Sequence[Tool],
        go: Go,
        stream: TextIO,
        log: Path,
        progress: BuildProgress,
        flags: Sequence[str] = (),
    ) -> None:
        self._given = flags
        self._release = release
        self._packages = [tool.package for tool in tools]
        self._go = go
        self._stream = stream
        self._log = log
        self._progress = progress

    def run(self, output: Path) -> None:
        """Build the programs into the folder `output`; raises ToolchainError when a step fails."""
        # The programs' own packages come last: what they take is the linking.
        waiting = self._packages_to_compile() - set(self._packages)
        if waiting:
            self._progress.phase("compiling", "packages", len(waiting))
        else:
            self._progress.phase("linking")

        def on_line(line: str) -> None:
            if line in waiting:
                waiting.discard(line)
                self._progress.advance()
                if not waiting:
                    self._progress.phase("linking")

        arguments = ["build", "-v", *self._flags(), "-o", f"{output}/", *self._packages]
        self._run("compiling", arguments, on_line)

    def _packages_to_compile(self) -> set[str]:
        """Fetch the modules of every package the build needs; return the packages Go has not compiled yet."""
        self._progress.phase("fetching modules", "downloaded")
        stale: set[str] = set()

        def on_line(line: str) -> None:
            if line.startswith("go: downloading "):
                self._progress.advance()
            elif line.startswith(_STALE):
                stale.add(line.removeprefix(_STALE))

        self._run(
            "fetching the modules",
            ["list", "-deps", *self._flags(), "-f", _LIST_FORMAT, *self._packages],
            on_line,
        )
        return stale

    def _flags(self) -> list[str]:
        # The same flags for listing as for building: they are part of what Go's cache is keyed by.
        tags = [f"-tags={','.join(self._release.tags)}"] if self._release.tags else []
        return [*self._given, *GO_FLAGS, *tags, f"-ldflags={self._release.ldflags}"]

    def _run(self, doing: str, arguments: Sequence[str], on_line: Callable[[str], None]) -> None:
        printed: list[str] = []

        def listen(line: str) -> None:
            # A listing of packages says nothing about a failure; keep the rest for the message.
            if line and not line.startswith(_STALE):
                printed.append(line)
            on_line(line)

        code = run_logged(
            [str(self._go.command), *arguments],
            folder=self._release.folder,
            environment=self._go.environment,
            log=self._stream,
            on_line=listen,
            on_tick=self._progress.tick,
        )
        if code:
            raise build_failure(f"Building {self._release.key} ({doing})", code, printed, self._log)
