"""Makes `.venv` hold exactly what requirements.lock says; needs nothing but the standard library.

Run by the shell scripts at the root before every command, so the usual case (nothing to do) must stay quick. A stamp
inside `.venv`, written last, names what was installed: an installation that was interrupted has none and is done
again, and a changed lock file has another. Two runs at once take turns through a lock on requirements.lock.

`venv.py policy` does the same in the folder `policy`, whose packages do not go together with the program's.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / sys.argv[1] if __name__ == "__main__" and sys.argv[1:] else ROOT
LOCK_FILE = FOLDER / "requirements.lock"
# Programs name the folder that they were installed into, and `.venv` may lead to one that several checkouts share.
VENV = (FOLDER / ".venv").resolve()
STAMP = VENV / "requirements.sha256"
PYTHON = VENV / "bin" / "python"


def wanted_stamp() -> str:
    """Return what the stamp says when `.venv` is right: the lock file's hash, and the Python it was made with."""
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()
    return f"{digest} {sys.implementation.cache_tag} {Path(sys.base_prefix).resolve()}\n"


def is_current(stamp: str) -> bool:
    """Tell whether `.venv` was completely installed with this stamp, and its interpreter is still there."""
    try:
        return STAMP.read_text(encoding="utf-8") == stamp and os.access(PYTHON, os.X_OK)
    except OSError:
        return False


def commands(uv: str | None) -> list[list[str]]:
    """Return the commands that make `.venv` anew; raises RuntimeError when this Python can make none."""
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    install = ["install", *quiet, "--require-hashes", "--no-deps", "-r", str(LOCK_FILE)]
    if uv is not None:
        return [
            [uv, "venv", *quiet, "--clear", "--no-project", "--python", sys.executable, str(VENV)],
            [uv, "pip", *install, "--python", str(PYTHON)],
        ]
    if importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise RuntimeError(
            f"{sys.executable} cannot make a virtual environment: it has no ensurepip. Install the package "
            f"python{version}-venv (apt-get install python{version}-venv) or uv, then run the same command again."
        )
    return [
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        # What is used is compiled at its first use (tools/venv.sh); all of it would take a minute.
        [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *install, "--no-compile"],
    ]


def install(stamp: str) -> None:
    """Make `.venv` anew; raises RuntimeError when a step fails."""
    uv = shutil.which("uv")
    packages = sum("==" in line for line in LOCK_FILE.read_text(encoding="utf-8").splitlines())
    means = "uv" if uv else "pip, which takes a minute or two; uv on PATH would take seconds"
    say(f"Installing {packages} packages into {VENV} with {means}.")
    started = time.monotonic()
    STAMP.unlink(missing_ok=True)
    for command in commands(uv):
        # stdout belongs to the command that this one prepares.
        code = subprocess.run(command, stdout=sys.stderr, stdin=subprocess.DEVNULL, check=False).returncode
        if code:
            raise RuntimeError(
                f"`{' '.join(command)}` failed with exit code {code}; its own message is above. When it is the "
                "network, or the index that pip or uv is set to, put that right; then run the same command again."
            )
    unfinished = STAMP.with_suffix(".unfinished")
    unfinished.write_text(stamp, encoding="utf-8")
    unfinished.replace(STAMP)
    say(f"Installed in {time.monotonic() - started:.0f} s.")


def say(text: str) -> None:
    """Print a sentence on stderr."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Bring `.venv` up to date when it is not; return the exit code."""
    stamp = wanted_stamp()
    if is_current(stamp):
        return 0
    turns = LOCK_FILE if VENV.parent == LOCK_FILE.parent else VENV.with_name(f"{VENV.name}.lock")
    if turns != LOCK_FILE:
        turns.touch()
    with turns.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another process that installs into {VENV}.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if not is_current(stamp):
                install(stamp)
        except (RuntimeError, OSError) as error:
            say(str(error))
            return 1
        except KeyboardInterrupt:
            say("Interrupted; the next run installs again.")
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
