"""Background processes of a rehearsed environment: started, found again, stopped.

A process outlives the command that started it, so what is known of it lies in a pid file beside its log. A
pid alone may have been given to another process since: the file also holds the start time, which must
agree before a process is called ours. Two commands that change one environment at a time must be kept
apart by the caller (it holds the environment's lock); nothing here locks.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

# A start time is derived from the boot time, which moves when the system clock is corrected.
_CLOCK_TOLERANCE_SECONDS = 5.0
_LOG_LIMIT_BYTES = 10 * 1024 * 1024

_children: dict[int, subprocess.Popen[bytes]] = {}


@atexit.register
def _leave() -> None:
    """Let go of the processes that run on: they are meant to, and Popen would warn of each."""
    for child in _children.values():
        if child.poll() is None:
            child.returncode = 0


class ProcessError(Exception):
    """A background process could not be started, died, or could not be stopped; the text names its log."""


@dataclass(frozen=True)
class Record:
    """What a pid file holds. `started` is in seconds since the epoch."""

    pid: int
    started: float
    command: tuple[str, ...]


@dataclass(frozen=True)
class Daemon:
    """One background process of an environment, known by its pid file."""

    name: str
    pid_file: Path
    log_file: Path

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> bool:
        """Start `command` unless it runs already; return whether it was started now.

        The same command found running without a pid file (the starter was killed before it wrote one) is
        adopted. One of ours that runs with another command line is stopped first. `environment` replaces
        the process's environment; None hands down this one's. Raises ProcessError when the executable
        cannot be run.
        """
        wanted = tuple(command)
        running = self.record()
        if running is not None:
            if running.command == wanted:
                return False
            self.stop()
        if self.adopt(wanted):
            return False
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_LIMIT_BYTES:
            self.log_file.replace(self.log_file.with_suffix(self.log_file.suffix + ".1"))
        descriptor = os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            child = subprocess.Popen(
                wanted,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            raise ProcessError(f"{self.name}: cannot run {wanted[0]}: {error.strerror}") from error
        finally:
            os.close(descriptor)
        _children[child.pid] = child
        with contextlib.suppress(psutil.Error):  # it died at once: `record` reports that
            self._write(Record(child.pid, psutil.Process(child.pid).create_time(), wanted))
        return True

    def adopt(self, command: Sequence[str]) -> bool:
        """Take over a process of this user that runs exactly `command`; return whether there is one."""
        found = _find(tuple(command))
        if found is not None:
            self._write(found)
        return found is not None

    def record(self) -> Record | None:
        """Return what is known of the process when it runs, else None."""
        try:
            kept = json.loads(self.pid_file.read_text())
            record = Record(int(kept["pid"]), float(kept["started"]), tuple(kept["command"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return None  # cut short while it was written: `start` adopts the process by its command line
        return record if _alive(record) else None

    def stop(self, timeout: float = 15.0) -> bool:
        """Ask the process to end, kill it after `timeout` seconds; return whether one ran.

        Raises ProcessError when the process outlives the kill by five seconds.
        """
        record = self.record()
        if record is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(record.pid)
                process.terminate()
                if not _gone(record, timeout):
                    process.kill()
                    if not _gone(record, 5.0):
                        raise ProcessError(
                            f"{self.name}: process {record.pid} does not end; its log is {self.log_file}"
                        )
        self.pid_file.unlink(missing_ok=True)
        return record is not None

    def resident_bytes(self) -> int | None:
        """Return the memory the process holds resident, in bytes; None when it does not run."""
        record = self.record()
        if record is None:
            return None
        try:
            return int(psutil.Process(record.pid).memory_info().rss)
        except psutil.Error:
            return None

    def tail(self, lines: int = 12) -> str:
        """Return the last lines of the log, each cut at 400 characters."""
        try:
            with self.log_file.open("rb") as log:
                log.seek(max(0, self.log_file.stat().st_size - 64 * 1024))
                text = log.read().decode(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(line[:400] for line in text.splitlines()[-lines:])

    def await_ready(self, ready: Callable[[], bool], timeout: float, pause: float = 0.05) -> float:
        """Wait until `ready()` is true; return the seconds it took.

        Raises ProcessError with the end of the log when the process dies or `timeout` seconds pass.
        """
        began = time.monotonic()
        while not ready():
            waited = time.monotonic() - began
            if self.record() is None:
                raise ProcessError(self._report("ended before it was ready"))
            if waited > timeout:
                raise ProcessError(self._report(f"was not ready after {timeout:.0f} s"))
            time.sleep(pause)
        return time.monotonic() - began

    def _report(self, what: str) -> str:
        return f"{self.name} {what}. The end of its log, {self.log_file}:\n{self.tail()}"

    def _write(self, record: Record) -> None:
        write_private(self.pid_file, json.dumps(asdict(record)))


def write_private(path: Path, text: str | bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    data = text.encode() if isinstance(text, str) else text
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
    scratch.replace(path)


def _alive(record: Record) -> bool:
    child = _children.get(record.pid)
    if child is not None and child.poll() is not None:
        del _children[record.pid]
        return False
    try:
        process = psutil.Process(record.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(process.create_time() - record.started) <= _CLOCK_TOLERANCE_SECONDS
    except psutil.Error:
        return False


def _gone(record: Record, timeout: float) -> bool:
    end = time.monotonic() + timeout
    while _alive(record):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _find(command: tuple[str, ...]) -> Record | None:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if tuple(process.cmdline()) == command and process.uids().real == os.getuid():
                record = Record(process.pid, process.create_time(), command)
                if _alive(record):
                    return record
    return None
