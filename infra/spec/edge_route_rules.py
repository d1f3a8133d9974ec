"""Rules about routes of the edge beside each other: hosts that several share, and what Ingress objects may be given."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.edge import EdgeRouteSpec, EdgeSpec
from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.hosts import covers

ROUTES_OF_A_HOST = 16
"""Rules of an HTTPRoute (Gateway API v1, ``spec.rules``)."""


def check_route_forms(edge: EdgeSpec) -> Iterator[Problem]:
    """Yield what is wrong with single routes, and between the hosts of two."""
    for index, route in enumerate(edge.routes):
        at: Location = ("edge", "routes", index)
        yield from _check_services(at, route)
        for position, host in enumerate(route.hosts):
            for other in range(len(edge.routes)):
                if other != index:
                    yield from _check_pair((*at, "hosts", position), host, route, edge, other)


def check_api_names(spec: EnvironmentSpec, edge: EdgeSpec) -> Iterator[Problem]:
    """Yield hosts that are the Kubernetes API's own names in the same zone: Route 53 has one record of a name."""
    api, zone = spec.cluster.api, edge.dns.zone_id if edge.dns else None
    if zone is None or zone != api.hosted_zone:
        return
    taken = {f"api.internal.{spec.cluster.name}", *([f"api.{spec.cluster.name}"] if api.access == "public" else [])}
    for index, route in enumerate(edge.routes):
        for position, host in enumerate(route.hosts):
            if host in taken:
                at: Location = ("edge", "routes", index, "hosts", position)
                related: tuple[Location, ...] = (("cluster", "api"), ("cluster", "name"), ("edge", "dns"))
                problem = "is the name of the Kubernetes API, which has its record in the same zone"
                yield Problem(at, problem, "use another host", repr(host), related)


def check_shared(edge: EdgeSpec, index: int, position: int) -> Iterator[Problem]:
    """Yield why a route cannot have one of its hosts that routes before it have: each needs a path of its own.

    ``index`` is the route's place, and ``position`` that of the host in it.
    """
    route = edge.routes[index]
    host, at = route.hosts[position], ("edge", "routes", index, "hosts", position)
    before = [(other, each) for other, each in enumerate(edge.routes[:index]) if host in each.hosts]
    if host in route.hosts[:position]:
        yield Problem(at, "is listed twice", "remove one", repr(host))
    for other, first in before:
        related: tuple[Location, ...] = (("edge", "routes", index), ("edge", "routes", other))
        if route.ingress or first.ingress:
            whose = f"leads to route {first.name} already, and"
            problem = f"{whose} Ingress objects have a host to themselves"
            yield Problem(at, problem, "give each of the two a host of its own", repr(host), related)
            return
        if same_path(route.path, first.path):
            problem = f"leads to route {first.name} already, for the same paths"
            yield Problem(at, problem, "give one of them another path, or another host", repr(host), related)
            return
    if len(before) == ROUTES_OF_A_HOST:
        problem = f"has {ROUTES_OF_A_HOST} routes already, which is how many paths the router takes for one name"
        yield Problem(at, problem, "use another host", repr(host))


def same_path(one: str, other: str) -> bool:
    """Tell whether two prefixes mean the same paths: a slash at the end says nothing (Gateway API, PathPrefix)."""
    return one.rstrip("/") == other.rstrip("/")


def _check_services(at: Location, route: EdgeRouteSpec) -> Iterator[Problem]:
    if not route.ingress:
        if route.further_services:
            problem = "are for Ingress objects, and this route leads to service alone"
            related: tuple[Location, ...] = ((*at, "ingress"),)
            yield Problem((*at, "furtherServices"), problem, "set ingress: true, or remove them", None, related)
        return
    if route.path != "/":
        problem = "is for the namespace's Ingress objects to say"
        yield Problem((*at, "path"), problem, "remove it", repr(route.path), ((*at, "ingress"),))
    names = [route.service, *(each.service for each in route.further_services)]
    for position, name in enumerate(names[1:]):
        if name in names[: position + 1]:
            where: Location = (*at, "furtherServices", position, "service")
            yield Problem(where, "is listed already", "remove it", repr(name))


def _check_pair(at: Location, host: str, route: EdgeRouteSpec, edge: EdgeSpec, other: int) -> Iterator[Problem]:
    """Find a wildcard over another route's host where the more exact name would not win.

    Traefik ranks an HTTPRoute by its path first and its host second (``buildMatchRule`` in
    ``pkg/provider/kubernetes/gateway/httproute.go``), and an Ingress by the length of both together.
    """
    second = edge.routes[other]
    below = [each for each in second.hosts if each != host and covers(host, each)]
    related: tuple[Location, ...] = (at[:3], ("edge", "routes", other))
    if below and (route.ingress or second.ingress):
        yield Problem(
            at,
            f"covers {below[0]} of route {second.name}, and between Ingress objects and other routes the router does "
            "not take the more exact name",
            "name single hosts in place of the wildcard",
            repr(host),
            related,
        )
        return
    for name in below:
        paths = [each.path for each in edge.routes if name in each.hosts]
        if not any(same_path(route.path, path) for path in ("/", *paths)):
            yield Problem(
                at,
                f"covers {name} of route {second.name}, whose requests for paths under {route.path} would be led here: "
                "the router looks at paths before names",
                f"let both have the same path, or name single hosts in place of {host}",
                repr(host),
                related,
            )
            return
