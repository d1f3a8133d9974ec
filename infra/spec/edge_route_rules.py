"""Rules about routes of the edge beside each other: what Ingress objects may be given, and paths below wildcards."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.edge import EdgeRouteSpec, EdgeSpec
from infra.spec.errors import Location, Problem
from infra.spec.hosts import covers


def check_route_forms(edge: EdgeSpec) -> Iterator[Problem]:
    """Yield what is wrong with single routes, and between the hosts of two."""
    for index, route in enumerate(edge.routes):
        at: Location = ("edge", "routes", index)
        yield from _check_services(at, route)
        for position, host in enumerate(route.hosts):
            for other, second in enumerate(edge.routes):
                if other != index:
                    yield from _check_pair((*at, "hosts", position), host, route, second, other)


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


def _check_pair(at: Location, host: str, route: EdgeRouteSpec, second: EdgeRouteSpec, other: int) -> Iterator[Problem]:
    """Find a wildcard over another route's host where the more exact name would not win.

    Traefik ranks an HTTPRoute by its path first and its host second (``buildMatchRule`` in
    ``pkg/provider/kubernetes/gateway/httproute.go``), and an Ingress by the length of both together.
    """
    below = [each for each in second.hosts if each != host and covers(host, each)]
    if not below:
        return
    related: tuple[Location, ...] = (("edge", "routes", other),)
    if route.ingress or second.ingress:
        yield Problem(
            at,
            f"covers {below[0]} of route {second.name}, and between Ingress objects and other routes the router does "
            "not take the more exact name",
            "name single hosts in place of the wildcard",
            repr(host),
            related,
        )
    elif route.path not in ("/", second.path):
        yield Problem(
            at,
            f"covers {below[0]} of route {second.name}, whose requests for paths under {route.path} would be led here: "
            "the router looks at paths before names",
            f"let both have the same path, or name single hosts in place of {host}",
            repr(host),
            related,
        )
