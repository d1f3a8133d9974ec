"""Load balancers: TCP proxies in the VPC's network that stand for the Network Load Balancers of the AWS stand-in."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import socket
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any, Final

from rehearsal.machines import namespaces
from rehearsal.machines.network import BALANCERS

_CONNECT_SECONDS: Final = 3.0
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True)
class Check:
    """A target group's health check."""

    protocol: str
    port: str
    path: str


@dataclass(frozen=True)
class Target:
    """A target of a load balancer: what it is registered as, and where it answers."""

    identity: str
    address: str
    port: int


@dataclass(frozen=True)
class Listener:
    """One port of a load balancer and the targets of the group behind it."""

    address: IPv4Address
    port: int
    group: str
    targets: tuple[Target, ...]
    check: Check


@dataclass
class Described:
    """The stand-in's load balancers: name -> address, and all listeners."""

    names: dict[str, IPv4Address] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)


class BalancerView:
    """Reads load balancers through the API of the AWS stand-in; each keeps the address it was first given."""

    def __init__(self, elb: Any) -> None:
        self._elb = elb
        self._addresses: dict[str, IPv4Address] = {}
        self._free = iter(BALANCERS.hosts())

    def read(self, addresses: Mapping[str, str]) -> Described:
        """Return what there is. `addresses` are those of instances, and of interfaces by address."""
        described = Described()
        for balancer in self._elb.describe_load_balancers()["LoadBalancers"]:
            arn = balancer["LoadBalancerArn"]
            if arn not in self._addresses:
                self._addresses[arn] = next(self._free)
            described.names[balancer["DNSName"].lower()] = self._addresses[arn]
            for listener in self._elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
                described.listeners += self._listeners(self._addresses[arn], listener, addresses)
        return described

    def _listeners(
        self, address: IPv4Address, listener: Mapping[str, Any], addresses: Mapping[str, str]
    ) -> Iterator[Listener]:
        for action in listener["DefaultActions"]:
            arn = action.get("TargetGroupArn")
            if not arn:
                continue
            (group,) = self._elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
            described = self._elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            targets = tuple(
                Target(target["Id"], addresses[target["Id"]], int(target.get("Port") or group["Port"]))
                for target in (each["Target"] for each in described)
                if target["Id"] in addresses
            )
            check = Check(
                group.get("HealthCheckProtocol", "TCP"),
                str(group.get("HealthCheckPort", "traffic-port")),
                group.get("HealthCheckPath", "/"),
            )
            yield Listener(address, int(listener["Port"]), arn, targets, check)


def is_healthy(namespace: str, target: Target, check: Check) -> bool:
    """Return whether a target answers as its group's health check demands (ELB does not look at certificates)."""
    address = target.address
    asked = target.port if check.port == "traffic-port" else int(check.port)
    try:
        with namespaces.connected(namespace, address, asked, _CONNECT_SECONDS) as plain:
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


class Proxy:
    """Serves listeners in a network namespace, and further ones on this computer's loopback."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._healthy: dict[tuple[str, int], tuple[Target, ...]] = {}
        self._open: set[tuple[str, int]] = set()
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="check")
        threading.Thread(target=self._loop.run_forever, name="balancers", daemon=True).start()

    def update(self, listeners: Sequence[Listener]) -> dict[tuple[str, Target], bool]:
        """Check every target, and lead connections to those that answer; return by group and target which do."""
        asked = {(each.group, target): each.check for each in listeners for target in each.targets}
        outcomes = self._pool.map(lambda item: is_healthy(self._namespace, item[0][1], item[1]), asked.items())
        health = dict(zip(asked, outcomes, strict=True))
        for each in listeners:
            key = str(each.address), each.port
            # A load balancer with no healthy target leads to all of them (ELB User Guide, "Health checks").
            self._healthy[key] = tuple(it for it in each.targets if health[each.group, it]) or each.targets
            if key not in self._open:
                self._serve(namespaces.listener(self._namespace, *key), key)
                self._open.add(key)
        return health

    def publish(self, port: int, key: tuple[str, int]) -> None:
        """Serve a listener on a port of this computer's loopback, too."""
        bound = socket.create_server(("127.0.0.1", port))
        self._serve(bound, key)

    def _serve(self, bound: socket.socket, key: tuple[str, int]) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._carry(key, reader, writer)

        bound.setblocking(False)
        asyncio.run_coroutine_threadsafe(asyncio.start_server(connected, sock=bound), self._loop).result(timeout=10)

    async def _carry(self, key: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        targets = self._healthy.get(key, ())
        start = next(self._turn)
        for position in range(len(targets)):
            target = targets[(start + position) % len(targets)]
            try:
                made = await asyncio.to_thread(
                    namespaces.connected, self._namespace, target.address, target.port, _CONNECT_SECONDS
                )
            except OSError:
                continue
            made.setblocking(False)
            back_reader, back_writer = await asyncio.open_connection(sock=made)
            await asyncio.gather(_pump(reader, back_writer), _pump(back_reader, writer))
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
