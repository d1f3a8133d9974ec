"""The stand-in plugins' note of what they created, which outlives an engine that was killed before it wrote it down.

The rehearsal reads it after such a kill and adopts what is there (`rehearsal.environment.pending`).
"""

from __future__ import annotations

import json
import os
from typing import Final

JOURNAL_VARIABLE: Final = "SLIPWAY_CREATED_JOURNAL"


def note_creation(urn: str, identifier: str) -> None:
    """Append a creation to the file that the environment names; does nothing where none is named.

    One write of one line: lines of several plugins do not mix, and a line cut short by a crash has no end.
    """
    path = os.environ.get(JOURNAL_VARIABLE)
    if not path:
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, (json.dumps({"urn": urn, "id": identifier}) + "\n").encode())
    finally:
        os.close(descriptor)
