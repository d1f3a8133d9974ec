"""Which plugins the engine gets: the vendors' where they are installed, ours where they are not.

The engine looks for plugins in `$PULUMI_HOME/plugins/<kind>-<name>-v<version>/`. The rehearsal fills its own such
directory, so that the engine finds the version the SDK asks for, warns of nothing, and downloads nothing.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rehearsal.environment.errors import RehearsalError
from rehearsal.processes import write_private

STAND_INS = Path(__file__).resolve().parents[1] / "bin"


@dataclass(frozen=True)
class Plugin:
    """One plugin the engine will find. `vendor` is False for a stand-in; `path` is what is run."""

    kind: str
    name: str
    version: str
    path: Path
    vendor: bool

    @property
    def folder(self) -> str:
        """The name of its directory among plugins."""
        return f"{self.kind}-{self.name}-v{self.version}"

    @property
    def executable(self) -> str:
        """The name of its executable."""
        return f"pulumi-{self.kind}-{self.name}"


def wanted() -> list[tuple[str, str, str]]:
    """Return kind, name and version of the plugins that the installed SDKs ask for, sorted."""
    found = [("language", "python", metadata.version("pulumi"))]
    for site in map(Path, sys.path):
        for description in site.glob("pulumi_*/pulumi-plugin.json"):
            plugin = json.loads(description.read_text())
            if plugin.get("resource") and "version" in plugin:
                found.append(("resource", plugin["name"], plugin["version"]))
    return sorted(set(found))


def choose(needs: Iterable[tuple[str, str, str]], vendor_home: Path, stand_ins: Path = STAND_INS) -> list[Plugin]:
    """Return the plugin for each need that has one: the vendor's of exactly that version, else a stand-in."""
    chosen = []
    for kind, name, version in needs:
        for folder, vendor in ((vendor_home / "plugins" / f"{kind}-{name}-v{version}", True), (stand_ins, False)):
            executable = folder / f"pulumi-{kind}-{name}"
            if executable.is_file():
                chosen.append(Plugin(kind, name, version, executable, vendor))
                break
    return chosen


def install(plugins: Iterable[Plugin], pulumi_home: Path) -> None:
    """Make `plugins`, and no others, the ones an engine with that home finds.

    Each is a script that runs the real one where it lies: the engine passes over directories that are links.
    """
    target = pulumi_home / "plugins"
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True, mode=0o700)
    for plugin in plugins:
        script = target / plugin.folder / plugin.executable
        try:
            write_private(script, f'#!/bin/sh\nexec {shlex.quote(str(plugin.path))} "$@"\n')
            script.chmod(0o700)
        except OSError as error:
            raise RehearsalError(f"cannot write {script}: {error.strerror}") from error
