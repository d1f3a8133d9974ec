"""The gateway between clients and the API server, with a server that stands for it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rehearsal.gateway.proxy import NotServedError, Proxy


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def _await_listener(port: int) -> None:
    until = time.monotonic() + 10
    while not _listens(port):
        assert time.monotonic() < until, "the proxy does not listen"
        time.sleep(0.01)


@contextlib.contextmanager
def serving(destination: Callable[[str, int], int]) -> Iterator[int]:
    """A proxy in a thread of its own; yields its port."""
    port, loop = free_port(), asyncio.new_event_loop()
    task = loop.create_task(Proxy(destination).serve(port))

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        _await_listener(port)
        yield port
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
        loop.close()


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says what it hears in capitals, once the client has said all."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    heard = b""
                    while chunk := connection.recv(65536):
                        heard += chunk
                    connection.sendall(heard.upper())

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(10)


def asked(port: int, request: bytes, more: bytes = b"") -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        answer = connection.recv(65536) if more else b""
        if more:
            connection.sendall(more)
        connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


CONNECT = b"CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def test_both_ways_are_open_and_closed_one_by_one(echo: int) -> None:
    seen: list[tuple[str, int]] = []

    def destination(host: str, port: int) -> int:
        seen.append((host, port))
        return echo

    with serving(destination) as port:
        big = b"hello " * 50_000
        assert asked(port, CONNECT, big) == ESTABLISHED + big.upper()
    assert seen == [("api.example", 443)]


def test_a_client_is_told_why_nothing_answers() -> None:
    def destination(host: str, port: int) -> int:
        raise NotServedError("no control-plane member\nhas been started yet")

    with serving(destination) as port:
        answer = asked(port, CONNECT)
    assert answer.startswith(b"HTTP/1.1 503 no control-plane member has been started yet\r\n")
    assert answer.endswith(b"\r\n\r\nno control-plane member\nhas been started yet\n")


@pytest.mark.parametrize(
    "request_",
    [b"GET http://example/ HTTP/1.1\r\n\r\n", b"CONNECT nowhere HTTP/1.1\r\n\r\n", b"CONNECT a:b HTTP/1.1\r\n\r\n"],
)
def test_it_leads_nowhere_else(request_: bytes) -> None:
    def destination(host: str, port: int) -> int:
        raise AssertionError(host)

    with serving(destination) as port:
        assert asked(port, request_).startswith(b"HTTP/1.1 405 This proxy leads to the rehearsed Kubernetes API")


def test_a_destination_that_takes_its_time_holds_up_nobody_else(echo: int) -> None:
    release = threading.Event()

    def destination(host: str, port: int) -> int:
        if host == "slow.example":
            release.wait(10)
        return echo

    with serving(destination) as port:
        slow = threading.Thread(target=asked, args=(port, CONNECT.replace(b"api", b"slow"), b"x"))
        slow.start()
        assert asked(port, CONNECT, b"quick").endswith(b"QUICK")
        release.set()
        slow.join(10)
        assert not slow.is_alive()


def test_a_client_that_says_nothing_whole_is_left(echo: int) -> None:
    with serving(lambda *_: echo) as port:
        assert asked(port, b"CONN") == b""
        assert asked(port, CONNECT, b"after").endswith(b"AFTER")
