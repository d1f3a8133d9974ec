"""What goes wrong with machines."""

from __future__ import annotations


class MachineError(Exception):
    """Machines cannot be had, or one of them cannot be started; the text says why and what to do."""
