"""Host names and source addresses of the firewall policy: their forms, and which contains which."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Annotated

from infra.spec.base import checked, matching, refuse

ANYWHERE = "anywhere"
"""What a policy calls every IPv4 address."""

EVERY_ADDRESS = "0.0.0.0/0"

HOST_LIMIT = 230
"""Characters of a host: Kubernetes objects are named after it, with a prefix, and 253 is the most for a name."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"^(\*\.)?{_LABEL}(\.{_LABEL})+$"
_NEVER_SOURCES = (
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("224.0.0.0/3", "multicast and reserved"),
)
"""IANA IPv4 Special-Purpose Address Registry (RFC 6890)."""


def _host(value: str) -> str:
    if value == "*":
        refuse("would open every name", "name the hosts, or a wildcard below a domain of yours, as *.example.com")
    if "*" in value and (not value.startswith("*.") or value.count("*") > 1):
        refuse("has a wildcard that is not the whole first label", "write the wildcard as *.example.com")
    if re.fullmatch(rf"\*\.{_LABEL}", value):
        refuse("is a wildcard over a whole top-level domain", "write it below a domain of yours, as *.example.com")
    if not re.fullmatch(_HOST, value) or len(value) > HOST_LIMIT:
        refuse(
            "is not a host name",
            "write lower-case labels of letters, digits and hyphens joined by dots, as shop.example.com, and at most "
            f"{HOST_LIMIT} characters",
        )
    if re.fullmatch(r"[0-9.]+", value):
        refuse("is an address, and a route needs a name", "write a host name, as shop.example.com")
    return value


def _source(value: str) -> str:
    if value == ANYWHERE:
        return value
    try:
        network = ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        refuse("is not a source", f"write an IPv4 block, as 198.51.100.0/24, or {ANYWHERE}")
    if network.prefixlen == 0:
        refuse("is every address", f"write {ANYWHERE}")
    if "/" not in value:
        refuse("is an address without a prefix length", f"write {network}")
    if str(network) != value:
        refuse("has address bits set beyond its prefix length", f"write {network}")
    for block, use in _NEVER_SOURCES:
        if network.overlaps(ipaddress.IPv4Network(block)):
            refuse(f"has addresses of {block} ({use}), from which nothing reaches a load balancer", "remove it")
    return value


def covers(pattern: str, host: str) -> bool:
    """Return whether every name that ``host`` stands for is one that ``pattern`` stands for.

    A wildcard stands for one or more labels, as in the Gateway API (``*.example.com`` matches ``a.b.example.com`` and
    not ``example.com``). So the patterns that match one name are always ordered: of two, one covers the other.
    """
    return pattern == host or (pattern.startswith("*.") and host.removeprefix("*").endswith(pattern[1:]))


def source_block(source: str) -> str:
    """Return a source of the policy as an IPv4 block."""
    return EVERY_ADDRESS if source == ANYWHERE else source


def contains(block: str, other: str) -> bool:
    """Return whether every address of ``other`` is one of ``block``; both are IPv4 blocks."""
    return ipaddress.IPv4Network(other).subnet_of(ipaddress.IPv4Network(block))


def without_contained(blocks: Iterable[str]) -> tuple[str, ...]:
    """Return the blocks that no other of them contains, each once, in the order of addresses."""
    distinct = sorted(set(blocks), key=ipaddress.IPv4Network)
    return tuple(block for block in distinct if not any(o != block and contains(o, block) for o in distinct))


Host = Annotated[str, checked(_host), matching(_HOST)]
Source = Annotated[str, checked(_source), matching(r"^(anywhere|([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2})$")]
