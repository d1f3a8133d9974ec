"""What stops a rehearsal, told in one message."""

from __future__ import annotations


class RehearsalError(Exception):
    """Something the user can act on; the text says what happened and what to do."""

    def __init__(self, message: str, exit_status: int = 1) -> None:
        super().__init__(message)
        self.exit_status = exit_status
