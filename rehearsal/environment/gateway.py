"""The process of an environment's gateway."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Final

from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.layout import Layout
from rehearsal.ports import remembered_ports
from rehearsal.processes import Daemon, ProcessError

_ROOT: Final = Path(__file__).resolve().parents[2]
_READY_SECONDS: Final = 30.0


class Gateway:
    """The gateway of one environment."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.daemon = Daemon("gateway", layout.pids / "gateway.json", layout.logs / "gateway.log")

    @property
    def port(self) -> int:
        """The loopback port, the same for the environment's life."""
        return remembered_ports(self._layout.ports, ["gateway"])["gateway"]

    @property
    def url(self) -> str:
        """What clients take as their proxy."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, project: Path) -> bool:
        """Start it unless it runs; return whether it was started. Raises RehearsalError."""
        command = [
            sys.executable,
            "-m",
            "rehearsal.gateway",
            name,
            "--project",
            str(project),
            "--port",
            str(self.port),
        ]
        try:
            started = self.daemon.start(command, {**os.environ, "PYTHONPATH": str(_ROOT)})
            self.daemon.await_ready(self.answers, _READY_SECONDS)
        except ProcessError as error:
            raise RehearsalError(str(error)) from error
        return started

    def answers(self) -> bool:
        """Return whether it accepts connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
        except OSError:
            return False
        return True

    def stop(self) -> bool:
        """Stop it; return whether it ran."""
        return self.daemon.stop()
