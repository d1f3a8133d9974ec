"""Headers of the PROXY protocol, version 2, as a Network Load Balancer puts them before a connection's first byte.

Their form is the specification's (HAProxy, "The PROXY protocol", section 2.2). The tuples that AWS adds behind the
addresses, of which a receiver needs none, are left out.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address
from typing import Final

_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_LOCAL, _PROXY = 0x20, 0x21
_TCP4: Final = 0x11

LOCAL: Final = _SIGNATURE + struct.pack("!BBH", _LOCAL, 0, 0)
"""What comes before a health check: no client's address (Network Load Balancers, "Proxy protocol", health checks)."""


def proxied(client: tuple[str, int], reached: tuple[str, int]) -> bytes:
    """Return the header of a client's connection: its address and port, and those it connected to."""
    addresses = IPv4Address(client[0]).packed + IPv4Address(reached[0]).packed
    body = addresses + struct.pack("!HH", client[1], reached[1])
    return _SIGNATURE + struct.pack("!BBH", _PROXY, _TCP4, len(body)) + body
