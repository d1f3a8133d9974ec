"""Clients outside of a rehearsed environment on machines, each at an address of its own choice."""

from __future__ import annotations

import http.client
import random
import socket
import ssl
import struct
from dataclasses import dataclass
from pathlib import Path

from rehearsal.machines import namespaces, resolver
from rehearsal.machines.commands import run

_SECONDS = 10


@dataclass(frozen=True)
class Answer:
    """What was answered, or nothing: `status` 0 where the connection was refused."""

    status: int
    body: str = ""
    location: str = ""


@dataclass(frozen=True)
class Outside:
    """Everyone who is not in the VPC, in the network namespace `namespace`; `authority` signs what ends TLS."""

    namespace: str
    authority: Path

    def get(self, url: str, balancer: str, client: str, **headers: str) -> Answer:
        """Ask a load balancer, by its DNS name, for a URL from the address `client`."""
        scheme, _, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        run(["ip", "-n", self.namespace, "address", "replace", f"{client}/32", "dev", "lo"])
        port = 443 if scheme == "https" else 80
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        try:
            with namespaces.connected(self.namespace, self.resolve(balancer), port, _SECONDS, client) as made:
                made.settimeout(_SECONDS)
                secured = ssl.create_default_context(cafile=str(self.authority)) if scheme == "https" else None
                connection.sock = secured.wrap_socket(made, server_hostname=host) if secured else made
                connection.request("GET", slash + path, headers=headers)
                answer = connection.getresponse()
                return Answer(answer.status, answer.read().decode(), answer.headers.get("Location", ""))
        except (ConnectionError, ssl.SSLEOFError):
            return Answer(0)
        finally:
            connection.close()

    def resolve(self, name: str) -> str:
        """Return the address that the VPC's resolver has for a name (RFC 1035, section 4.1)."""
        number = random.randrange(1 << 16)  # noqa: S311  no secret
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        query = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)
        with namespaces.inside(self.namespace, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asked:
            asked.settimeout(_SECONDS)
            asked.sendto(query, (resolver.ADDRESS, 53))
            answer = asked.recv(512)
        assert answer[:2] == query[:2]
        assert struct.unpack("!H", answer[6:8])[0] == 1, f"{name} has no address"
        return socket.inet_ntoa(answer[-4:])
