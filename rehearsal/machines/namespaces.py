"""The run's own network namespace, and one for each machine.

Everything between machines (the VPC's bridge, routers' addresses, the metadata service) lives in one network namespace
of the environment's, so that this computer's own network is left as it is and all goes with the namespace. A socket
belongs to the namespace it was made in: a server there can still be a client of this computer's loopback.
"""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from rehearsal.machines.commands import run

FOLDER: Final = Path("/run/netns")
_CLONE_NEWNET: Final = 0x40000000
_Result = TypeVar("_Result")


def exists(name: str) -> bool:
    """Return whether there is a network namespace of that name."""
    return (FOLDER / name).exists()


def ensure(name: str) -> None:
    """Make a network namespace unless it is there, its loopback up."""
    if not exists(name):
        run(["ip", "netns", "add", name])
        run(["ip", "-n", name, "link", "set", "lo", "up"])


def remove(name: str) -> None:
    """Remove a network namespace with its interfaces; nothing happens when there is none."""
    if exists(name):
        run(["ip", "netns", "delete", name])


def named(prefix: str) -> list[str]:
    """Return the names of the network namespaces that begin so."""
    return sorted(path.name for path in FOLDER.glob(f"{prefix}*")) if FOLDER.is_dir() else []


@contextmanager
def entered(name: str) -> Iterator[None]:
    """Put this thread into a network namespace for a while."""
    own = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        target = os.open(FOLDER / name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _set(target)
        finally:
            os.close(target)
        try:
            yield
        finally:
            _set(own)
    finally:
        os.close(own)


def _set(descriptor: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


def inside(name: str, make: Callable[[], _Result]) -> _Result:
    """Return what `make` makes in a network namespace: a socket that stays there."""
    with entered(name):
        return make()


def listener(name: str, address: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """Return a bound socket in a network namespace, listening when it is of streams."""

    def bound() -> socket.socket:
        made = socket.socket(socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        if kind == socket.SOCK_STREAM:
            made.listen(256)
        return made

    return inside(name, bound)


def connected(name: str, address: str, port: int, timeout: float, source: str | None = None) -> socket.socket:
    """Return a connection from a network namespace, and from the address `source` of it when one is given.

    Raises OSError when there is none within `timeout` seconds.
    """
    made = inside(name, lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    made.settimeout(timeout)
    try:
        if source is not None:
            made.bind((source, 0))
        made.connect((address, port))
    except OSError:
        made.close()
        raise
    return made
