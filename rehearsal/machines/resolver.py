"""The VPC's resolver: answers for the names that stand-ins serve, and for no others."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Final

ADDRESS: Final = "169.254.169.253"
"""Amazon's resolver, reachable from any instance (Amazon VPC User Guide, "Amazon DNS server")."""
_TYPE_A: Final = 1
_CLASS_IN: Final = 1
_NO_SUCH_NAME: Final = 3
_TTL_SECONDS: Final = 5
_AUTHORITATIVE_ANSWER: Final = 0x8480  # QR, AA, RA


def answer(query: bytes, find: Callable[[str], list[IPv4Address] | None]) -> bytes | None:
    """Return the answer to a query (RFC 1035) with one question; None for what is no such query.

    `find` returns a name's addresses, and None when there is no such name.
    """
    if len(query) < 12 or struct.unpack_from("!H", query, 4)[0] != 1:
        return None
    labels, at = [], 12
    while at < len(query) and (length := query[at]):
        if length > 63:
            return None
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    question = query[12 : at + 5]
    if len(question) != at - 7:
        return None
    kind, family = struct.unpack_from("!HH", query, at + 1)
    addresses = find(".".join(labels))
    wanted = addresses if addresses and kind == _TYPE_A and family == _CLASS_IN else []
    flags = _AUTHORITATIVE_ANSWER | (struct.unpack_from("!H", query, 2)[0] & 0x0100)
    flags |= _NO_SUCH_NAME if addresses is None else 0
    header = struct.pack("!HHHHHH", struct.unpack_from("!H", query, 0)[0], flags, 1, len(wanted), 0, 0)
    # Each answer points back at the question's name, twelve bytes into the message.
    records = (struct.pack("!HHHIH", 0xC00C, kind, family, _TTL_SECONDS, 4) + each.packed for each in wanted)
    return header + question + b"".join(records)


def serve(bound: socket.socket, find: Callable[[str], list[IPv4Address] | None]) -> threading.Thread:
    """Answer queries on a datagram socket, in a thread of its own."""

    def loop() -> None:
        while True:
            query, source = bound.recvfrom(4096)
            if (told := answer(query, find)) is not None:
                bound.sendto(told, source)

    thread = threading.Thread(target=loop, name="resolver", daemon=True)
    thread.start()
    return thread
