"""Limits of this computer's kernel that all its machines share, and that user-data can therefore not raise in one.

A machine's `sysctl` of these is pretended (`inside/early.sh`), so that they are raised here to what machines ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

from rehearsal.machines.errors import MachineError

KERNEL: Final = Path("/proc/sys")
SHARED: Final = ("fs.inotify.max_user_instances", "fs.inotify.max_user_watches")
"""Counted for each user, and root of all machines is one user: Debian's 128 instances are too few for four machines."""


def asked_for() -> dict[str, int]:
    """Return the shared limits as nodes ask for them."""
    text = files("infra.templates").joinpath("node", "sysctl.conf").read_text(encoding="utf-8")
    settings = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line and not line.startswith("#"))
    return {name: int(settings[name]) for name in SHARED}


def raise_shared_limits(kernel: Path = KERNEL) -> Iterator[str]:
    """Raise the limits that are lower than nodes ask for; yield what was changed, as sentences. Raises MachineError."""
    for name, wanted in asked_for().items():
        path = kernel / name.replace(".", "/")
        try:
            found = int(path.read_text())
            if found < wanted:
                path.write_text(f"{wanted}\n")
                yield f"Raised {name} of this computer from {found} to {wanted}, which machines share."
        except OSError as error:
            raise MachineError(
                f"{path}, which machines share, cannot be raised to {wanted}: {error.strerror}"
            ) from error
