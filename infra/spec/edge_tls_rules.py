"""Rules about the certificates of the edge: whether they can be had for the hosts that are served."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.edge import HTTP_PORT, EdgeRouteSpec, EdgeSpec
from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.hosts import ANYWHERE, covers
from infra.spec.partition import check_partition


def check_tls(spec: EnvironmentSpec, edge: EdgeSpec) -> Iterator[Problem]:
    """Yield the problems of the edge's certificates."""
    tls = edge.tls
    at: Location = ("edge", "tls")
    if tls.acm is not None:
        if tls.acme is not None:
            yield Problem((*at, "acme"), "is of no use where the load balancer ends TLS with acm", "remove one of both")
        yield from check_partition(spec, (*at, "acm"), tls.acm)
        _, _, _, region, account, _ = tls.acm.split(":")
        if (region, account) != (spec.region, spec.account_id):
            yield Problem((*at, "acm"), "is not of the environment's region and account, from which alone a load "
                          "balancer takes certificates", f"name one of {spec.region} and {spec.account_id}",
                          repr(tls.acm), (("region",), ("accountId",)))  # fmt: skip
        return
    if tls.acme is not None and tls.acme.solver == "dns01":
        if edge.dns is None:
            yield Problem((*at, "acme", "solver"), "needs a zone to write into", "declare edge.dns", "'dns01'",
                          (("edge", "dns"),))  # fmt: skip
        yield from _outside_zone(edge)
        return
    for index, route in enumerate(edge.routes):
        yield from _check_http01(edge, index, route)


def _outside_zone(edge: EdgeSpec) -> Iterator[Problem]:
    for index, route in enumerate(edge.routes):
        for position, host in enumerate(route.hosts):
            zone = edge.dns.zone if edge.dns else host
            if host != zone and not host.endswith(f".{zone}"):
                yield Problem(("edge", "routes", index, "hosts", position), f"is outside the zone {zone}, so dns01 "
                              "cannot prove it", "use acm or another zone", repr(host), (("edge", "dns"),))  # fmt: skip


def _check_http01(edge: EdgeSpec, index: int, route: EdgeRouteSpec) -> Iterator[Problem]:
    for position, host in enumerate(route.hosts):
        if host.startswith("*."):
            problem = "is a wildcard, and http01 proves single names only"
        elif not any(
            ANYWHERE in rule.sources and HTTP_PORT in rule.ports and any(covers(each, host) for each in rule.hosts)
            for rule in edge.firewall
        ):
            problem = "is not open on 80 from anywhere, so Let's Encrypt cannot prove it by http01"
        elif edge.internal:
            problem = "is behind an internal load balancer, which Let's Encrypt cannot reach"
        else:
            continue
        yield Problem(
            ("edge", "routes", index, "hosts", position),
            problem,
            "set edge.tls.acm, or edge.tls.acme.solver: dns01 with edge.dns",
            repr(host),
            (("edge", "tls"), ("edge", "firewall")),
        )
