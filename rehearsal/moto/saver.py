"""Takes snapshots soon after changes, without making requests wait for them."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

from rehearsal.moto import snapshot
from rehearsal.moto.bodies import BodyStore
from rehearsal.moto.gate import Gate

QUIET_SECONDS = 0.3
"""A snapshot is taken once no change came for so long."""
MAX_DELAY_SECONDS = 1.0
"""Under constant change, a snapshot starts this long after the first change it holds, if its share of time allows."""
SHARE_OF_TIME = 0.1
"""Under constant change, snapshots use no more than this part of the time."""
_RETRY_SECONDS = 5.0


class Saver:
    """Writes snapshots of what the gate guards to one file, as changes are reported."""

    def __init__(self, path: Path, gate: Gate, bodies: BodyStore) -> None:
        self.path = path
        self._gate = gate
        self._bodies = bodies
        self._changes = threading.Semaphore(0)
        self._last_change = 0.0
        self._last_cost = 0.0
        self._finished = 0.0
        self._child: int | None = None

    def changed(self) -> None:
        """Report a change; called with the gate held."""
        self._last_change = time.monotonic()
        self._changes.release()

    def start(self) -> None:
        """Save in the background from now on."""
        threading.Thread(target=self._loop, name="saver", daemon=True).start()

    def save_now(self) -> None:
        """Save in this process what is not yet saved, with the gate held by the caller, before the server ends."""
        if self._child is None and not self._changes.acquire(blocking=False):
            return
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):  # it would write the same file, older data last
                os.kill(self._child, signal.SIGKILL)
        self._write()

    def _write(self) -> None:
        self._bodies.sync()
        snapshot.write(self.path, snapshot.dump())

    def _loop(self) -> None:
        while True:
            self._changes.acquire()
            self._wait_for_quiet(first_change=time.monotonic())
            began = time.monotonic()
            child, bodies = self._fork()
            if self._saved(child):
                self._bodies.forget_synced(bodies)
            else:
                self._changes.release()  # what failed is still to be saved
                time.sleep(_RETRY_SECONDS)
            self._finished = time.monotonic()
            self._last_cost = self._finished - began

    def _wait_for_quiet(self, first_change: float) -> None:
        allowed = self._finished + self._last_cost * (1 / SHARE_OF_TIME - 1)
        due = max(first_change + MAX_DELAY_SECONDS, allowed)
        while (now := time.monotonic()) < self._last_change + QUIET_SECONDS and now < due:
            time.sleep(0.05)

    def _fork(self) -> tuple[int, set[Path]]:
        """Fork a child that holds this instant; it writes while this process serves."""
        with self._gate.held():
            while self._changes.acquire(blocking=False):
                pass
            bodies = self._bodies.take_unsynced()
            self._child = os.fork()
            if self._child == 0:
                self._write_and_exit()
            return self._child, bodies

    def _write_and_exit(self) -> None:
        status = 1
        try:
            gc.disable()
            os.closerange(3, 4096)  # the server's sockets must not outlive a killed server in this child
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.nice(5)
            self._write()
            status = 0
        except BaseException:  # noqa: BLE001  a forked child must never return into the server
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _saved(self, child: int) -> bool:
        _, status = os.waitpid(child, 0)
        self._child = None
        if status != 0:
            print(f"snapshot to {self.path} failed (see above); it is tried again", file=sys.stderr, flush=True)
        return status == 0
