"""Runs the Pulumi engine on an environment's stack."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.layout import Layout
from rehearsal.environment.variables import process_environment

# Commands of the engine that read the stack's configuration and so take the file to read it from.
_CONFIG_COMMANDS = {"up", "update", "preview", "pre", "refresh", "destroy", "down", "dn", "import", "watch", "config"}


@dataclass(frozen=True)
class Engine:
    """An engine executable, the project it runs and the variables it runs with."""

    executable: Path
    project: Path
    layout: Layout
    variables: Mapping[str, str]

    def run(self, arguments: Sequence[str]) -> int:
        """Run a command of the engine on the stack, its output to the terminal; return its exit status.

        An interrupt goes to the engine alone, which ends what it has begun and saves its state; it is asked again
        and gives up at once when the user interrupts twice, as the engine does by itself.
        """
        process = subprocess.Popen(
            self.command(arguments), cwd=self.project, env=process_environment(self.variables), stdin=sys.stdin
        )
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the engine too
        try:
            return process.wait()
        finally:
            signal.signal(signal.SIGINT, previous)

    def output(self, arguments: Sequence[str]) -> str:
        """Return what a command prints. Raises RehearsalError with what it says when it fails."""
        done = subprocess.run(
            self.command(arguments),
            cwd=self.project,
            env=process_environment(self.variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise RehearsalError(f"`pulumi {' '.join(arguments)}` failed: {said}")
        return done.stdout

    def state(self) -> dict[str, Any]:
        """Return the stack's state as `pulumi stack export` gives it."""
        state: dict[str, Any] = json.loads(self.output(["stack", "export"]))
        return state

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return the command line, with the stack and its configuration file where the command takes them."""
        given = list(arguments)
        if "--help" in given or "-h" in given or not given:
            return [str(self.executable), *given]
        added = []
        if given[0] in _CONFIG_COMMANDS and not _names(given, "--config-file"):
            added += ["--config-file", str(self.layout.config_file)]
        if _takes_stack(given) and not _names(given, "--stack", "-s"):
            added += ["--stack", self.layout.name]
        return [str(self.executable), *given, *added]


def _names(arguments: Sequence[str], *flags: str) -> bool:
    return any(argument.split("=")[0] in flags for argument in arguments)


def _takes_stack(arguments: Sequence[str]) -> bool:
    """Return whether the command works on a stack; the others would refuse the flag."""
    if arguments[0] == "stack":
        return len(arguments) == 1 or arguments[1] not in ("ls", "init", "select", "unselect", "rm")
    return arguments[0] in _CONFIG_COMMANDS | {"cancel", "state", "logs", "console", "events"}
