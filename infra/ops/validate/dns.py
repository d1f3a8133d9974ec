"""The name of the API: it must lead somewhere."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from infra.ops.validate.findings import Finding

CHECK = "DNS"
Resolve = Callable[[str], list[str]]


def addresses(name: str) -> list[str]:
    """Return the addresses that a name leads to.

    Raises:
        OSError: the resolver has none.
        UnicodeError: it is no name: a part between two dots is empty or too long.
    """
    return sorted({str(each[4][0]) for each in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)})


PLACEHOLDER = "203.0.113.123"
"""Address that kops's placeholder records have until the cluster's own come (its ``PlaceholderIP``)."""


def check_api_name(server: str, resolve: Resolve = addresses) -> Iterator[Finding]:
    """Yield whether the host in the API's URL cannot be resolved; an address needs no resolving."""
    host = urlsplit(server).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return
    try:
        found = resolve(host)
    except (OSError, UnicodeError) as error:
        yield Finding(CHECK, "invalid", host, f"cannot be resolved: {error}", "see the zone's record of this name")
        return
    if found == [PLACEHOLDER]:
        yield Finding(CHECK, "invalid", host, f"leads to the placeholder {PLACEHOLDER}", "wait for the real record")
