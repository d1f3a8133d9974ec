"""The firewall policy as decisions: which host leads where, and who may come to it.

A rule allows; nothing denies. So who may come to a host on a port is the union of the sources of all rules that cover
both, and the order of rules means nothing.

The router picks the most exact host it has been given. Hosts of rules and of routes therefore become one list of
*patterns*, and each pattern gets the sources of the rules that cover it. The patterns that match one name are ordered
(see :func:`infra.spec.hosts.covers`), so the most exact one of them is covered by just the rules that match the name:
what the router decides by its pattern is what the policy says of the name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra.plan.edge.entries import Entry
from infra.spec.edge import EdgeRouteSpec, EdgeSpec, FirewallRuleSpec
from infra.spec.hosts import EVERY_ADDRESS, covers, source_block, without_contained


@dataclass(frozen=True)
class AllowList:
    """Who may come, and by which rules."""

    rules: tuple[str, ...]
    """Names of the rules, in alphabetical order."""
    blocks: tuple[str, ...]
    """IPv4 blocks, none inside another."""

    @property
    def everyone(self) -> bool:
        """Whether every address may come."""
        return self.blocks == (EVERY_ADDRESS,)

    @property
    def name(self) -> str:
        """Name of the router's object that holds it."""
        joined = f"allow.{'.'.join(self.rules)}"
        # Kubernetes names have at most 253 characters; the digest keeps long ones apart.
        return joined if len(joined) <= 200 else f"allow.{hashlib.sha256(joined.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Exposure:
    """A host pattern on an entry: the routes it leads to and who may come."""

    entry: Entry
    host: str
    routes: tuple[EdgeRouteSpec, ...]
    """Longest path first, as the router chooses."""
    route_host: str
    """The host of the routes that covers ``host``; whose certificate it is served with."""
    allowed: AllowList


def allow_list(rules: Iterable[FirewallRuleSpec]) -> AllowList:
    """Return the sources of some rules together."""
    chosen = tuple(rules)
    return AllowList(
        rules=tuple(rule.name for rule in chosen),
        blocks=without_contained(source_block(source) for rule in chosen for source in rule.sources),
    )


def rules_for(edge: EdgeSpec, policy_port: int | str, host: str | None) -> tuple[FirewallRuleSpec, ...]:
    """Return the rules that open a port, for a host where the port has hosts, in the order of their names."""
    return tuple(
        rule
        for rule in sorted(edge.firewall, key=lambda rule: rule.name)
        if policy_port in rule.ports and (host is None or any(covers(each, host) for each in rule.hosts))
    )


def routes_for(edge: EdgeSpec, host: str) -> tuple[tuple[EdgeRouteSpec, ...], str] | None:
    """Return the routes that a host leads to, longest path first, and which of their hosts matches.

    That is the most exact one, which is the longest: a wildcard as long as a name that it covers is refused.
    """
    found = [each for route in edge.routes for each in route.hosts if covers(each, host)]
    if not found:
        return None
    chosen = max(found, key=len)
    return routes_of(edge, chosen), chosen


def routes_of(edge: EdgeSpec, route_host: str) -> tuple[EdgeRouteSpec, ...]:
    """Return the routes that list a host, longest path first."""
    sharing = [route for route in edge.routes if route_host in route.hosts]
    return tuple(sorted(sharing, key=lambda route: (-len(route.path), route.path)))


def plan_exposures(edge: EdgeSpec, entries: Sequence[Entry]) -> tuple[Exposure, ...]:
    """Return every host pattern of every entry that carries host names, where a route and a rule allow it."""
    # Entries of plain TCP carry none, and so no rule of theirs has any.
    hosts = dict.fromkeys([*edge.route_hosts, *(host for rule in edge.firewall for host in rule.hosts)])
    led = [(host, routes) for host in hosts if (routes := routes_for(edge, host)) is not None]
    return tuple(
        Exposure(entry, host, *routes, allow_list(rules))
        for entry in entries
        for host, routes in led
        if (rules := rules_for(edge, entry.policy_port, host))
    )
