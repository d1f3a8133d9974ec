"""The load balancers' stand-in, between a client and a target on this computer's loopback."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address

import pytest

from rehearsal.machines import namespaces, proxy
from rehearsal.machines.balancers import Check, Listener, Target
from rehearsal.machines.proxy import Proxy

LOOPBACK = IPv4Address("127.0.0.1")


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A target that takes connections, echoes the first bytes, and then neither says anything nor goes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    made, _ = server.accept()
                except OSError:
                    return
                held.append(made)
                made.sendall(made.recv(100))

        threading.Thread(target=serve, daemon=True).start()
        yield server


def connected(_namespace: str, address: str, port: int, timeout: float, _source: str | None = None) -> socket.socket:
    return socket.create_connection((address, port), timeout)


def listener(_namespace: str, address: str, _port: int) -> socket.socket:
    return socket.create_server((address, 0))


@pytest.fixture
def balanced(silent: socket.socket, monkeypatch: pytest.MonkeyPatch) -> tuple[Callable[[bool], object], int]:
    """Return what says whether the target is healthy, and the port that leads to it."""
    monkeypatch.setattr(namespaces, "connected", connected)
    monkeypatch.setattr(namespaces, "listener", listener)
    target = Target("i-1", "127.0.0.1", silent.getsockname()[1])
    group = Listener("edge", LOOPBACK, 443, "group", (target,), Check("TCP", "traffic-port", "/"))
    made = Proxy("namespace", lambda _protocols: ssl.create_default_context())

    def look(healthy: bool) -> object:
        monkeypatch.setattr(proxy, "is_healthy", lambda *_: healthy)
        return made.update([group])

    look(True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made.publish(port, group)
    return look, port


def test_a_connection_lasts_as_long_as_its_target_is_healthy(
    balanced: tuple[Callable[[bool], object], int],
) -> None:
    look, port = balanced
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"
        look(True)
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(100)
        look(False)
        client.settimeout(5)
        assert client.recv(100) == b""
