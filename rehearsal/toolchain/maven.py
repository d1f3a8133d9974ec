"""Puts together the one server of Java, OpenSearch, from what Maven fetches, and keeps it in the cache."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from rehearsal.cache import cache_home
from rehearsal.toolchain.cache import lock_path, log_path, sweep
from rehearsal.toolchain.errors import ToolchainError, build_failure, file_failure
from rehearsal.toolchain.lock import build_lock
from rehearsal.toolchain.process import run_logged
from rehearsal.toolchain.progress import BuildProgress, duration
from rehearsal.toolchain.release import TOOLS_FOLDER

MODULE: Final = TOOLS_FOLDER / "opensearch"
VERSION: Final = "3.4.0"
MINIMUM_JAVA: Final = 21
"""Of OpenSearch 3 (its breaking changes: "JDK requirement")."""

_MAVEN_MINUTES: Final = 1
_JAVA_FOLDERS: Final = Path("/usr/lib/jvm")


@dataclass(frozen=True)
class OpenSearch:
    """A server that can be started by ``bin/opensearch`` in its home, with ``JAVA_HOME`` set."""

    home: Path
    java_home: Path


def opensearch(console: Console) -> OpenSearch:
    """Return the server, put together if it is not yet.

    Raises:
        ToolchainError: there is no Maven or no Java that is new enough, or Maven could not fetch a library.
    """
    java_home = find_java(os.environ, _JAVA_FOLDERS)
    folder = cache_home() / "bin" / f"opensearch-{VERSION}-{digest(MODULE)}"
    if not folder.is_dir():
        maven = shutil.which("mvn")
        if maven is None:
            raise ToolchainError("OpenSearch is put together by Maven, and there is no mvn on PATH: install Maven.")
        _build(maven, java_home, folder, console)
    return OpenSearch(folder, java_home)


def digest(module: Path) -> str:
    """Return a digest of all files of a folder by path and content: another one is another build."""
    found = hashlib.sha256()
    for path in sorted(module.rglob("*")):
        if path.is_file() and "target" not in path.relative_to(module).parts:
            found.update(f"{path.relative_to(module)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return found.hexdigest()[:8]


def find_java(environment: Mapping[str, str], folders: Path) -> Path:
    """Return the home of a Java that is new enough: ``JAVA_HOME``, that of ``java`` on PATH, or the newest installed.

    Raises:
        ToolchainError: there is none; what was found is named.
    """
    found: dict[Path, int] = {}
    for home in _java_homes(environment, folders):
        version = _java_version(home)
        if version >= MINIMUM_JAVA:
            return home
        found[home] = version
    seen = ", ".join(f"{version or 'no version'} in {home}" for home, version in found.items()) or "none"
    raise ToolchainError(
        f"OpenSearch needs Java {MINIMUM_JAVA} or newer, and found is: {seen}. Install one, or name it in JAVA_HOME."
    )


def _java_homes(environment: Mapping[str, str], folders: Path) -> Iterator[Path]:
    if environment.get("JAVA_HOME"):
        yield Path(environment["JAVA_HOME"])
    java = shutil.which("java", path=environment.get("PATH", os.defpath))
    if java is not None:
        yield Path(java).resolve().parent.parent
    installed = {path.parent.parent.resolve() for path in folders.glob("*/bin/java")}
    yield from sorted(installed, key=lambda home: (-_java_version(home), home))


def _java_version(home: Path) -> int:
    """Return the major version by the file that each Java has; 0 where there is none."""
    try:
        told = (home / "release").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = re.search(r'^JAVA_VERSION="(\d+)', told, re.MULTILINE)
    return int(found[1]) if found else 0


def _build(maven: str, java_home: Path, folder: Path, console: Console) -> None:
    console.print(
        f"Putting OpenSearch {VERSION} together: about {_MAVEN_MINUTES} min the first time, then kept in {folder}.",
        highlight=False,
        soft_wrap=True,
    )
    name = folder.name
    try:
        with (
            BuildProgress(console, name) as progress,
            build_lock(lock_path(name), f"building {name}", progress.waiting),
        ):
            if folder.is_dir():
                return
            folder.parent.mkdir(parents=True, exist_ok=True)
            sweep(folder.parent, f".{name}.")
            temporary = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder.parent))
            try:
                _package(maven, java_home, temporary / "module", name, progress)
                _make_runnable(temporary / "module" / "target" / "home")
                (temporary / "module" / "target" / "home").replace(folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise file_failure(f"Putting {name} together", error, folder) from error
    console.print(f"Put OpenSearch {VERSION} together in {duration(progress.elapsed)}.", highlight=False)


def _package(maven: str, java_home: Path, module: Path, name: str, progress: BuildProgress) -> None:
    """Let Maven lay the libraries out, and put what is ours over them."""
    shutil.copytree(MODULE, module, ignore=shutil.ignore_patterns("target"))
    log = log_path(name)
    log.parent.mkdir(parents=True, exist_ok=True)
    printed: list[str] = []
    progress.phase("fetching libraries")
    with log.open("w", encoding="utf-8") as stream:
        code = run_logged(
            [maven, "--batch-mode", "--no-transfer-progress", "--strict-checksums", "package"],
            folder=module,
            environment={**os.environ, "JAVA_HOME": str(java_home)},
            log=stream,
            on_line=printed.append,
            on_tick=progress.tick,
        )
    if code:
        raise build_failure(f"Putting {name} together", code, _errors(printed), log)
    shutil.copytree(MODULE / "home", module / "target" / "home", dirs_exist_ok=True)


def _errors(printed: Iterable[str]) -> list[str]:
    return [line for line in printed if line.startswith("[ERROR]")]


def _make_runnable(home: Path) -> None:
    """Let any user read it, as who serves is not who built; what it writes is mounted at folders that are there."""
    for name in ("data", "logs"):
        (home / name).mkdir()
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
