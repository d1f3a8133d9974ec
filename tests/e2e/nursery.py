"""The nurseries of a test run: processes of rehearsals begin with their libraries loaded (:mod:`rehearsal.nursery`)."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from rehearsal.project import ROOT

VARIABLE = "SLIPWAY_NURSERY"
ASK = ROOT / "rehearsal" / "nursery" / "ask.py"


@cache
def nursery() -> Path:
    """Return the folder of the nurseries' sockets; they are started when it is first asked for, and end with the
    run."""
    folder = tempfile.TemporaryDirectory(prefix="slipway-nursery-")
    atexit.register(folder.cleanup)
    variables = {**os.environ, "NO_COLOR": "1"}
    for kind in ("lean", "whole"):
        command = [sys.executable, "-m", "rehearsal.nursery.server", kind, str(Path(folder.name) / kind)]
        # Its standard input is held open by this process alone, so that it ends with it, however that is.
        started = subprocess.Popen(command, cwd=ROOT, env=variables, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        atexit.register(started.kill)
    return Path(folder.name)


def command(module: str, *arguments: str) -> list[str]:
    """Return what runs ``python -m module`` from a nursery, when it has begun to listen, and as ever until then.

    It is the nursery that the variable names, in a process that a test has started.
    """
    socket = Path(os.environ.get(VARIABLE) or nursery()) / "whole"
    if not socket.is_socket():
        return [sys.executable, "-m", module, *arguments]
    return [sys.executable, "-I", "-S", str(ASK), str(socket), module, *arguments]
