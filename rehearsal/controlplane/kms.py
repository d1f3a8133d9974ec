"""The provider of KMS that a member has beside its API server: the program of its machine, as a process of this one.

What differs from a machine is where it listens, and that the KMS it asks is moto's.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import sys
from collections.abc import Mapping
from typing import Final

from infra.plan.control_plane.encryption import PROVIDER_SOCKET
from rehearsal.controlplane.layout import Layout
from rehearsal.controlplane.member import Provider
from rehearsal.processes import write_private

NAME: Final = "kms-provider"
_READY_SECONDS: Final = 30.0


def here(layout: Layout, text: bytes) -> bytes:
    """Return a file of a member's with the socket of a machine replaced by this environment's."""
    return text.replace(PROVIDER_SOCKET.encode(), str(layout.provider_socket).encode())


def start(layout: Layout, provider: Provider, variables: Mapping[str, str]) -> bool:
    """Start the provider unless it runs, and wait until it listens; return whether it was started now.

    `variables` is the environment of its process, by which it finds KMS. Raises ProcessError.
    """
    config = here(layout, provider.config.encode())
    folder = layout.folder / f"kms-{hashlib.sha256(config + provider.program.encode()).hexdigest()[:12]}"
    write_private(folder / "provider.py", provider.program)
    write_private(folder / "provider.json", config)
    address = json.loads(config)["socket"]
    layout.provider_socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = (sys.executable, str(folder / "provider.py"), str(folder / "provider.json"))
    started = layout.daemon(NAME).start(command, variables)
    layout.daemon(NAME).await_ready(lambda: _listens(address), _READY_SECONDS)
    return started


def stop(layout: Layout) -> None:
    """Stop the provider; nothing happens when none runs. Raises ProcessError."""
    layout.daemon(NAME).stop()
    shutil.rmtree(layout.provider_socket.parent, ignore_errors=True)


def _listens(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as asked:
        try:
            asked.connect(address)
        except OSError:
            return False
    return True
