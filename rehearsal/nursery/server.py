"""The process whose forks the others are.

``python -m rehearsal.nursery.server lean|whole SOCKET`` loads what its programs share and waits at a socket. It ends
when its standard input does. It has one thread and has opened no channel of gRPC's: such a process may fork.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

LEAN: Final[Mapping[str, str]] = {
    f"pulumi-resource-{name}": f"rehearsal.providers.{name}.service" for name in ("aws", "kubernetes", "random", "tls")
}
"""Plugin -> the module whose `main` it is. They share a process that has no SDK (`rehearsal.providers.base.lean`)."""

LIBRARIES: Final = (
    "pulumi", "pulumi_aws", "pulumi_kubernetes", "pulumi_random", "pulumi_tls", "pulumi.runtime.stack", "pydantic",
    "yaml",
)  # fmt: skip
"""What a program imports first. The program itself is not loaded: it may be another checkout's."""

COMMANDS: Final[Mapping[str, str]] = {"rehearsal": "rehearsal.cli", "infra.cli": "infra.cli"}
"""Command as of ``python -m`` -> its module. They are this checkout's own."""

_LENGTH: Final = 8
_PATIENCE: Final = 5.0


def load(kind: str) -> Mapping[str, Callable[[], object]]:
    """Load what a nursery's programs share and return what each of them runs, by its name."""
    if kind == "lean":
        import_module("rehearsal.providers.base.lean").without_sdk()
        return {name: import_module(module).main for name, module in LEAN.items()}
    for library in LIBRARIES:
        import_module(library)
    programs = {"pulumi-language-python": import_module("rehearsal.language.server").main}
    import_module("rehearsal.language.program")
    return programs | {name: import_module(module).main for name, module in COMMANDS.items()}


class Nursery:
    """Forks processes and tells those who asked for them how they ended."""

    def __init__(self, listener: socket.socket, programs: Mapping[str, Callable[[], object]]) -> None:
        self._listener = listener
        self._programs = programs
        self._asked: dict[int, socket.socket] = {}

    def serve(self) -> None:
        """Fork until standard input ends; in a forked process, run its program and return."""
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer.fileno())
        with selectors.DefaultSelector() as ready:
            for each in (self._listener, reader, sys.stdin):
                ready.register(each, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fileobj is sys.stdin:
                        return None
                    if key.fileobj is reader:
                        reader.recv(4096)
                        self._tell_ends()
                    elif (asker := self._fork()) is not None:
                        signal.set_wakeup_fd(-1)
                        return self._become(asker)

    def _fork(self) -> socket.socket | None:
        """Fork for who asks now; return the connection in the forked process, and None in this one."""
        asker, _ = self._listener.accept()
        pid = os.fork()
        if pid == 0:
            return asker
        self._asked[pid] = asker
        return None

    def _tell_ends(self) -> None:
        while self._asked:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with self._asked.pop(pid) as asker:
                code = os.waitstatus_to_exitcode(status)
                # As a shell tells of one that a signal ended.
                tell(asker, code if code >= 0 else 128 - code)

    def _become(self, asker: socket.socket) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._listener.close()
        for other in self._asked.values():
            other.close()
        name = take_over(asker)
        threading.Thread(target=_end_with, args=(asker,), name="asker-watch", daemon=True).start()
        self._programs[name]()


def tell(asker: socket.socket, code: int) -> None:
    """Tell who asked how the process ended, if he is still there."""
    try:
        asker.send(bytes([code]))
    except OSError:
        return


def take_over(asker: socket.socket) -> str:
    """Make this process the one that was asked for, but for its program, whose name is returned."""
    length, descriptors, _, _ = socket.recv_fds(asker, _LENGTH, 3)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    left, parts = int.from_bytes(length, "big"), []
    while left:
        parts.append(asker.recv(left))
        left -= len(parts[-1])
    folder, count, *fields = b"".join(parts).decode("utf-8", "surrogateescape").split("\0")
    arguments, variables = fields[: int(count)], fields[int(count) :]
    os.chdir(folder)
    os.environ.clear()
    for variable in variables:
        name, _, value = variable.partition("=")
        os.environ[name] = value
    sys.argv = arguments
    # Made for the nursery's own streams; the engine reads the port of a plugin as soon as it is written.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, write_through=True)  # type: ignore[union-attr]
    return arguments[0]


def _end_with(asker: socket.socket) -> None:
    asker.recv(1)
    # As the asker was: what the program does then (a host of programs ends its own) is done by its handler.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE)
    os._exit(1)


def main() -> None:
    """Load, then serve at the socket that the second argument names."""
    programs = load(sys.argv[1])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[2])
        listener.listen(64)
        gc.collect()
        # What is loaded stays shared between the forks as long as nobody writes to it, and collecting garbage would.
        gc.freeze()
        Nursery(listener, programs).serve()


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    main()
