"""Where an environment's files lie."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from rehearsal.environment.errors import RehearsalError

# Names of stacks are narrower still; this one keeps a name from leaving the state directory.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True)
class Layout:
    """The files of the environment `name` under its directory `root`."""

    name: str
    root: Path

    @property
    def config_file(self) -> Path:
        """The copy of the stack file that the engine reads and writes."""
        return self.root / f"Pulumi.{self.name}.yaml"

    @property
    def project_note(self) -> Path:
        """Tells which project's stack file the copy was made of."""
        return self.root / "project-folder"

    @property
    def lock_file(self) -> Path:
        """Held by the command that changes the environment."""
        return self.root / "lock"

    @property
    def moto_data(self) -> Path:
        """Snapshots of the AWS stand-in."""
        return self.root / "moto"

    @property
    def ports(self) -> Path:
        """The AWS stand-in's port."""
        return self.root / "ports.json"

    @property
    def logs(self) -> Path:
        """Logs of all processes."""
        return self.root / "logs"

    @property
    def pids(self) -> Path:
        """Pid files of the processes that are not the control plane's."""
        return self.root / "run"

    @property
    def pulumi_home(self) -> Path:
        """The engine's own directory, so that the user's credentials and plugins are not touched."""
        return self.root / "pulumi"

    @property
    def created_journal(self) -> Path:
        """What the stand-in plugins created, by URN: it outlives an engine that was killed before it noted it."""
        return self.root / "created.jsonl"

    @property
    def unfinished(self) -> Path:
        """Exists from the start of an engine's run until it succeeds."""
        return self.root / "unfinished"


def state_home() -> Path:
    """Return the directory of all environments: SLIPWAY_STATE_HOME, or `slipway` in XDG's state directory."""
    if chosen := os.environ.get("SLIPWAY_STATE_HOME"):
        return Path(chosen).expanduser().resolve()
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser().resolve() / "slipway"


def layout_of(name: str) -> Layout:
    """Return the layout of the environment of that name. Raises RehearsalError for a name that is no file name."""
    if not _NAME.fullmatch(name):
        raise RehearsalError(
            f"{name!r} is no name of an environment: use letters, digits, '-', '_' and '.', as in `local`", 2
        )
    return Layout(name, state_home() / name)


def known_environments() -> list[str]:
    """Return the environments that have a directory."""
    home = state_home()
    if not home.is_dir():
        return []
    return sorted(path.name for path in home.iterdir() if path.is_dir() and _NAME.fullmatch(path.name))
