"""Running the system's programs, with what they said in the error when they fail."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.machines.errors import MachineError

_KEPT_CHARACTERS = 2000


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 120,
) -> str:
    """Run a command and return what it prints. Raises MachineError with the end of what it said when it fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            env=None if environment is None else dict(environment),
            input="" if stdin is None else stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except OSError as error:
        raise MachineError(f"cannot run {words[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise MachineError(f"`{' '.join(words)}` did not end within {timeout:.0f} s") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-_KEPT_CHARACTERS:]
        raise MachineError(f"`{' '.join(words)}` failed ({done.returncode}): {said}")
    return done.stdout
