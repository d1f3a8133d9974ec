from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from rehearsal.machines import namespaces
from rehearsal.machines.authority import Authority
from rehearsal.machines.balancers import Check, Listener, Target
from rehearsal.machines.proxy import Proxy, is_healthy
from rehearsal.machines.proxy_protocol import LOCAL, proxied

LOOPBACK = "127.0.0.1"


class Machine:
    """Answers each connection as a web server would, once it has read the blank line; keeps what it read."""

    def __init__(self) -> None:
        self._bound = socket.create_server((LOOPBACK, 0))
        self.port: int = self._bound.getsockname()[1]
        self.heard: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._bound.accept()
            except OSError:
                return
            with connection:
                heard = b""
                while b"\r\n\r\n" not in heard.removeprefix(LOCAL)[28:] and (chunk := connection.recv(4096)):
                    heard += chunk
                self.heard.append(heard)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    def close(self) -> None:
        self._bound.close()


@pytest.fixture
def machine() -> Iterator[Machine]:
    machine = Machine()
    yield machine
    machine.close()


@pytest.fixture(autouse=True)
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything happen in this process's own network."""

    def connected(_name: str, address: str, port: int, timeout: float, source: str | None = None) -> socket.socket:
        return socket.create_connection((address, port), timeout, (source or LOOPBACK, 0))

    monkeypatch.setattr(namespaces, "connected", connected)
    monkeypatch.setattr(namespaces, "listener", lambda _name, address, port: socket.create_server((address, port)))


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as bound:
        return int(bound.getsockname()[1])


def listener(machine: Machine, **change: object) -> Listener:
    target = Target("i-1", LOOPBACK, machine.port)
    check = Check("TCP", "traffic-port", "/")
    listening = Listener(
        "edge", IPv4Address(LOOPBACK), free_port(), "group", (target,), check, IPv4Address("127.0.0.9")
    )
    return replace(listening, **change)  # type: ignore[arg-type]


def proxy(folder: Path) -> Proxy:
    return Proxy("unused", Authority(folder / "authority").any_name)


def ask(connection: socket.socket) -> bytes:
    connection.sendall(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n" + b" " * 40 + b"\r\n\r\n")
    answer = b""
    while chunk := connection.recv(4096):
        answer += chunk
    return answer


def test_a_target_is_told_the_clients_address(machine: Machine, tmp_path: Path) -> None:
    listening = listener(machine, headed=True)
    proxy(tmp_path).update([listening])
    with socket.create_connection(listening.key, 5, ("127.0.0.5", 0)) as client:
        own = client.getsockname()
        assert ask(client).endswith(b"ok")
    assert machine.heard[-1].startswith(proxied(own, listening.key) + b"GET / HTTP/1.1\r\n")


def test_a_client_that_no_security_group_lets_in_gets_nothing(machine: Machine, tmp_path: Path) -> None:
    listening = listener(machine, sources=(IPv4Network("127.0.0.8/32"),))
    proxy(tmp_path).update([listening])
    with socket.create_connection(listening.key, 5, ("127.0.0.8", 0)) as client:
        assert ask(client).endswith(b"ok")
    heard = len(machine.heard)
    answer = b""
    with socket.create_connection(listening.key, 5, ("127.0.0.7", 0)) as client, suppress(ConnectionError):
        answer = ask(client)
    assert (answer, len(machine.heard)) == (b"", heard)


def test_tls_ends_with_a_certificate_for_the_name_that_is_asked_for(machine: Machine, tmp_path: Path) -> None:
    listening = listener(machine, ends_tls=True)
    proxy(tmp_path).update([listening])
    context = ssl.create_default_context(cafile=str(tmp_path / "authority" / "ca.crt"))
    # Python's default from 3.13 on.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in ("web.example.com", "other.example.com"):
        with (
            socket.create_connection(listening.key, 5) as plain,
            context.wrap_socket(plain, server_hostname=name) as client,
        ):
            assert ask(client).endswith(b"ok")
    assert machine.heard[-1].startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("offered", "wanted", "spoken"),
    [
        (("h2", "http/1.1"), ["http/1.1", "h2"], "h2"),
        (("h2", "http/1.1"), ["http/1.1"], "http/1.1"),
        (("h2", "http/1.1"), [], None),
        ((), ["h2"], None),
    ],
)
def test_clients_are_offered_the_protocols_of_the_listener(
    machine: Machine, tmp_path: Path, offered: tuple[str, ...], wanted: list[str], spoken: str | None
) -> None:
    listening = listener(machine, ends_tls=True, protocols=offered)
    proxy(tmp_path).update([listening])
    context = ssl.create_default_context(cafile=str(tmp_path / "authority" / "ca.crt"))
    if wanted:
        context.set_alpn_protocols(wanted)
    with (
        socket.create_connection(listening.key, 5) as plain,
        context.wrap_socket(plain, server_hostname="web.example.com") as client,
    ):
        assert client.selected_alpn_protocol() == spoken
        assert ask(client).endswith(b"ok")


@pytest.mark.parametrize(("headed", "first"), [(True, LOCAL + b"GET /ping HTTP"), (False, b"GET /ping HTTP")])
def test_a_check_has_the_header_where_connections_have_it(machine: Machine, headed: bool, first: bytes) -> None:
    check = Check("HTTP", str(machine.port), "/ping", headed=headed)
    assert is_healthy("unused", Target("i-1", LOOPBACK, 1), check, "127.0.0.9")
    assert machine.heard[-1].startswith(first)


def test_who_does_not_answer_is_not_healthy() -> None:
    assert not is_healthy("unused", Target("i-1", LOOPBACK, free_port()), Check("TCP", "traffic-port", "/"))
