"""Runs the Pulumi engine on an environment's stack."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.layout import Layout
from rehearsal.environment.variables import process_environment
from rehearsal.processes import write_private

# Commands of the engine that read the stack's configuration and so take the file to read it from.
_CONFIG_COMMANDS = {"up", "update", "preview", "pre", "refresh", "destroy", "down", "dn", "import", "watch", "config"}

_WATCH_SECONDS = 0.5
_END_SECONDS = 5.0


@dataclass(frozen=True)
class Engine:
    """An engine executable, the project it runs and the variables it runs with."""

    executable: Path
    project: Path
    layout: Layout
    variables: Mapping[str, str]

    def run(self, arguments: Sequence[str], worth_waiting: Callable[[], bool] = lambda: True) -> int:
        """Run a command of the engine on the stack, its output to the terminal; return its exit status.

        The terminal sends an interrupt to the engine as well, which ends what it has begun and saves its state (and
        gives up at once at the second): this process only waits for that. Once `worth_waiting()` is false the engine is
        ended: without a bucket to save to, it would try for minutes.
        """
        process = subprocess.Popen(self.command(arguments), cwd=self.project, env=process_environment(self.variables))
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            while True:
                try:
                    return process.wait(timeout=_WATCH_SECONDS)
                except subprocess.TimeoutExpired:
                    if not worth_waiting():
                        return _end(process)
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

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Put a state in place of the stack's, as `pulumi stack import` does."""
        scratch = self.layout.root / "state.json"
        write_private(scratch, json.dumps(state))
        try:
            self.output(["stack", "import", "--file", str(scratch)])
        finally:
            scratch.unlink()

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


def _end(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        return process.wait(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _names(arguments: Sequence[str], *flags: str) -> bool:
    return any(argument.split("=")[0] in flags for argument in arguments)


def _takes_stack(arguments: Sequence[str]) -> bool:
    """Return whether the command works on a stack; the others would refuse the flag."""
    if arguments[0] == "stack":
        return len(arguments) == 1 or arguments[1] not in ("ls", "init", "select", "unselect", "rm")
    return arguments[0] in _CONFIG_COMMANDS | {"cancel", "state", "logs", "console", "events"}
