"""Whether one client reaches one host, decided from the policy: layer by layer, with the rule that decides.

The answer is worked out from the policy's own rules. What the layers do is in the objects that are rendered for each;
that both always agree is what the tests of this module hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from infra.plan.edge.balancer import address_in
from infra.plan.edge.entries import Entry, plan_entries
from infra.plan.edge.manifest import ROUTER
from infra.plan.edge.network_policies import Backend, backend_of, backends_of
from infra.plan.edge.policy import AllowList, allow_list, routes_for, rules_for
from infra.spec.edge import HTTPS_PORT, EdgeRouteSpec, EdgeSpec, FirewallRuleSpec
from infra.spec.hosts import source_block

Layer = Literal["load balancer's security group", "machines' security group", "router", "network policy"]


@dataclass(frozen=True)
class Step:
    """What one layer says."""

    layer: Layer
    allowed: bool
    rules: tuple[str, ...]
    """Rules of the policy that decide; empty where it is their absence that does."""
    reason: str


@dataclass(frozen=True)
class Explanation:
    """The answer for one client, host and port."""

    source: str
    host: str
    port: int
    steps: tuple[Step, ...]
    """The layers in the order in which traffic meets them, up to the one that denies."""

    @property
    def allowed(self) -> bool:
        """Whether every layer allows it."""
        return all(step.allowed for step in self.steps)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules by which it is allowed, or by which the layer that denies has denied it."""
        return self.steps[-1].rules


def explain(edge: EdgeSpec, source: str, host: str, port: int) -> Explanation:
    """Return whether ``source``, an IPv4 address, reaches ``host`` on a port of the load balancer, and why."""
    return Explanation(source, host, port, tuple(_steps(edge, source, host, port)))


def _steps(edge: EdgeSpec, source: str, host: str, port: int) -> Iterator[Step]:
    """Yield what each layer says, up to the one that denies."""
    entries = plan_entries(edge)
    entry = next((each for each in entries if each.port == port), None)
    if entry is None:
        opened = ", ".join(str(each.port) for each in entries)
        reason = f"no rule opens port {port}; open are {opened}"
        yield Step("load balancer's security group", False, (), reason)
        return
    opening = rules_for(edge, entry.policy_port, None)
    matching = tuple(rule for rule in opening if _has(rule, source))
    names = tuple(rule.name for rule in matching)
    if not matching:
        others = ", ".join(rule.name for rule in opening)
        reason = f"no rule lets {source} to port {port}; it is open to the sources of {others}"
        yield Step("load balancer's security group", False, (), reason)
        return
    yield Step("load balancer's security group", True, names, f"opens port {port} to {source}")
    reason = f"admits the load balancer on port {entry.router_port}, where the router answers for {port}"
    yield Step("machines' security group", True, names, reason)
    yield from _tcp(edge, entry, source) if entry.tcp is not None else _http(edge, entry, source, host)


def _has(rule: FirewallRuleSpec, source: str) -> bool:
    return any(address_in(source, source_block(each)) for each in rule.sources)


def _matching(rules: Sequence[FirewallRuleSpec], source: str) -> tuple[str, ...]:
    return tuple(rule.name for rule in rules if _has(rule, source))


def _tcp(edge: EdgeSpec, entry: Entry, source: str) -> Iterator[Step]:
    assert entry.tcp is not None  # noqa: S101 (for the type checker)
    rules = rules_for(edge, entry.policy_port, None)
    target = f"{entry.tcp.namespace}/{entry.tcp.service}"
    reason = f"passes TCP on to {target}, whatever the host name{_by(allow_list(rules))}"
    yield Step("router", True, _matching(rules, source), reason)
    yield _policy([backend_of(entry.tcp)], _matching(rules, source))


def _http(edge: EdgeSpec, entry: Entry, source: str, host: str) -> Iterator[Step]:
    routes, _ = routes_for(edge, host) or ((), "")
    rules = rules_for(edge, entry.policy_port, host)
    names = _matching(rules, source)
    if not routes:
        yield Step("router", False, (), f"no route leads to {host}")
    elif not rules:
        yield Step("router", False, (), f"no rule names {host} on port {entry.port}")
    elif not names:
        others = tuple(rule.name for rule in rules)
        reason = f"{host} is open to the sources of {', '.join(others)}, and {source} is none of them"
        yield Step("router", False, others, reason)
    elif entry.kind == "redirect":
        yield Step("router", True, names, f"redirects to https://{host}{_by(allow_list(rules))}; see port {HTTPS_PORT}")
    else:
        ways = ", ".join(f"route {route.name} {_way(route)}" for route in routes)
        yield Step("router", True, names, f"{ways}{_by(allow_list(rules))}")
        yield _policy([each for route in routes for each in backends_of(route)], names)


def _way(route: EdgeRouteSpec) -> str:
    if route.ingress:
        # What the Ingress objects are is the namespace's affair and in no plan; who may come, and to what, is.
        services = ", ".join([route.service, *(each.service for each in route.further_services)])
        return f"leaves the way to Ingress objects of {route.namespace}, which may lead to {services}"
    path = "" if route.path == "/" else f" for paths under {route.path}"
    return f"leads to {route.namespace}/{route.service}{path}"


def _by(allowed: AllowList) -> str:
    return "" if allowed.everyone else f", by the allow-list {allowed.name}"


def _policy(backends: Sequence[Backend], names: tuple[str, ...]) -> Step:
    admitted = [f"{each.namespace}/{each.policy} admits the pods of {ROUTER} on port {each.port}" for each in backends]
    return Step("network policy", True, names, "; ".join(admitted))
