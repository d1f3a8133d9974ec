"""`python -m rehearsal.machines SETTINGS`: an environment's machines, until SIGTERM."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.machines.around import Surroundings
from rehearsal.machines.controller import Controller
from rehearsal.machines.errors import MachineError
from rehearsal.machines.log import tell
from rehearsal.machines.network import Network
from rehearsal.machines.settings import Settings, read_settings

_PAUSE_SECONDS: Final = 1.0


def main() -> None:
    """Serve what surrounds machines, and keep machines as instances are."""
    settings = read_settings(Path(sys.argv[1]))
    stop = threading.Event()

    def leave(_signal: int, _frame: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    serve(settings, stop)


def serve(settings: Settings, stop: threading.Event) -> None:
    """Run until `stop` is set; then shut all machines down."""
    network = Network(settings.environment)
    network.prepare()
    around = Surroundings(settings, network)
    controller = Controller(settings, network, around.authority.text(), around.account.release)
    controller.take_over()
    around.serve(controller)
    while not stop.wait(_PAUSE_SECONDS):
        try:
            controller.reconcile(around.account.instances())
            around.refresh(controller)
        except (MachineError, BotoCoreError, ClientError, OSError) as error:
            tell(f"{type(error).__name__}: {error}")
    controller.halt()


main()
