"""The TCP proxies that stand for Network Load Balancers, in the network of an environment's VPC."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from rehearsal.machines import namespaces, proxy_protocol
from rehearsal.machines.balancers import Check, Listener, Target

_CONNECT_SECONDS: Final = 3.0
_CHUNK: Final = 64 * 1024


def is_healthy(namespace: str, target: Target, check: Check, inside: str | None = None) -> bool:
    """Return whether a target answers as its group's health check demands (ELB does not look at certificates).

    `inside` is the load balancer's own address, from which it asks.
    """
    address = target.address
    asked = target.port if check.port == "traffic-port" else int(check.port)
    try:
        with namespaces.connected(namespace, address, asked, _CONNECT_SECONDS, inside) as plain:
            if check.headed:
                plain.sendall(proxy_protocol.LOCAL)
            if check.protocol not in ("HTTP", "HTTPS"):
                return True
            connection = http.client.HTTPConnection(address, asked, timeout=_CONNECT_SECONDS)
            connection.sock = _tls(plain) if check.protocol == "HTTPS" else plain
            connection.request("GET", check.path)
            return 200 <= connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False


def _tls(plain: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain)


@dataclass(frozen=True, eq=False)
class _Flow:
    """A connection that is carried to a target."""

    target: Target
    front: asyncio.StreamWriter
    back: asyncio.StreamWriter


class Proxy:
    """Serves listeners in a network namespace, and some of them on this computer's loopback, too."""

    def __init__(self, namespace: str, certificates: Callable[[Sequence[str]], ssl.SSLContext]) -> None:
        """`certificates` makes the TLS settings of the listeners that end TLS, of the protocols that they offer."""
        self._namespace = namespace
        self._certificates = certificates
        self._known: dict[tuple[str, int], Listener] = {}
        self._healthy: dict[tuple[str, int], tuple[Target, ...]] = {}
        self._open: set[tuple[str, int]] = set()
        self._turn = itertools.count()
        self._flows: set[_Flow] = set()
        self._loop = asyncio.new_event_loop()
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="check")
        threading.Thread(target=self._loop.run_forever, name="balancers", daemon=True).start()

    def update(self, listeners: Sequence[Listener]) -> dict[tuple[str, Target], bool]:
        """Check every target, and lead connections to those that answer; return by group and target which do."""
        asked = {(each.group, target): each for each in listeners for target in each.targets}
        health = dict(zip(asked, self._pool.map(self._check, asked.items()), strict=True))
        self._end_flows({target for (_, target), healthy in health.items() if not healthy})
        for each in listeners:
            # A load balancer with no healthy target leads to all of them (ELB User Guide, "Health checks").
            self._healthy[each.key] = tuple(it for it in each.targets if health[each.group, it]) or each.targets
            self._known[each.key] = each
            if each.key not in self._open:
                self._serve(namespaces.listener(self._namespace, *each.key), each)
                self._open.add(each.key)
        return health

    def _end_flows(self, unhealthy: set[Target]) -> None:
        """End the connections to targets that answer no more, as Network Load Balancers do unless told otherwise."""

        def end() -> None:
            for flow in [each for each in self._flows if each.target in unhealthy]:
                flow.front.transport.abort()
                flow.back.transport.abort()

        self._loop.call_soon_threadsafe(end)

    def publish(self, port: int, listener: Listener) -> None:
        """Serve a listener on a port of this computer's loopback, too."""
        self._serve(socket.create_server(("127.0.0.1", port)), listener)

    def _check(self, item: tuple[tuple[str, Target], Listener]) -> bool:
        (_, target), listener = item
        inside = str(listener.inside) if listener.inside else None
        return is_healthy(self._namespace, target, listener.check, inside)

    def _serve(self, bound: socket.socket, listener: Listener) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._carry(listener.key, reader, writer)

        bound.setblocking(False)
        tls = self._certificates(listener.protocols) if listener.ends_tls else None
        served = asyncio.start_server(connected, sock=bound, ssl=tls)
        asyncio.run_coroutine_threadsafe(served, self._loop).result(timeout=10)

    async def _carry(self, key: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener, targets = self._known[key], self._healthy.get(key, ())
        client = writer.get_extra_info("peername")[:2]
        if not listener.admits(client[0]):
            writer.transport.abort()
            return
        start = next(self._turn)
        for position in range(len(targets)):
            target = targets[(start + position) % len(targets)]
            inside = str(listener.inside) if listener.inside else None
            try:
                made = await asyncio.to_thread(
                    namespaces.connected, self._namespace, target.address, target.port, _CONNECT_SECONDS, inside
                )
            except OSError:
                continue
            made.setblocking(False)
            back_reader, back_writer = await asyncio.open_connection(sock=made)
            if listener.headed:
                back_writer.write(proxy_protocol.proxied(client, key))
            flow = _Flow(target, writer, back_writer)
            self._flows.add(flow)
            try:
                await asyncio.gather(_pump(reader, back_writer), _pump(back_reader, writer))
            finally:
                self._flows.discard(flow)
            return
        if not targets:
            sys.stderr.write(f"{key[0]}:{key[1]} has no target\n")
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
