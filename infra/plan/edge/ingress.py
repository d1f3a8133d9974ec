"""Ingress objects: what the router lets them do, and what the API server refuses of them.

A route with ``ingress: true`` gives hosts to a namespace, whose own Ingress objects lead them on. An Ingress carries no
allow-list, so the firewall policy holds without its help, and twice:

*In the router*, guards rank before all that an Ingress can say: who is not among the sources of a host's rules is
refused there, and so is every host that no route has.

*At the API server*, an admission policy refuses an Ingress of the router's class that names another host, leads to
another Service, or carries settings of the router's own (annotations, among them the rank by which it could come before
a guard).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from infra.plan.edge.manifest import CAME_BY_TLS, INGRESS_CLASS, TRAEFIK_GROUP, Manifest, manifest
from infra.plan.edge.policy import Exposure
from infra.spec.edge import EdgeRouteSpec, EdgeSpec
from infra.spec.hosts import covers

CONTROLLER = "traefik.io/ingress-controller"
"""Name by which Traefik knows its IngressClasses (``pkg/provider/kubernetes/ingress/kubernetes.go``)."""

GUARD = "ingress-guard"
ADMISSION = "slipway-edge-ingress"

GUARD_PRIORITY = 1_000_000_000
"""Before every HTTPRoute and Ingress: both rank by lengths of hosts and paths, at most some 100,000."""

TRAEFIK_ANNOTATIONS = "traefik.ingress.kubernetes.io/"
OLD_CLASS = "kubernetes.io/ingress.class"

_NOWHERE = "255.255.255.255/32"
"""An address that no client has."""


def plan_ingress(edge: EdgeSpec, exposures: Sequence[Exposure]) -> Iterator[Manifest]:
    """Yield what Ingress objects need and what holds them; nothing where no route is given to them."""
    given = [route for route in edge.routes if route.ingress]
    if not given:
        return
    yield manifest(
        "networking.k8s.io/v1",
        "IngressClass",
        INGRESS_CLASS,
        None,
        # The only router there is; an Ingress without a class would else be read by nobody, in silence.
        annotations={"ingressclass.kubernetes.io/is-default-class": "true"},
        spec={"controller": CONTROLLER},
    )
    headers = {"customRequestHeaders": {"X-Forwarded-Proto": "https"}}
    yield manifest(f"{TRAEFIK_GROUP}/v1alpha1", "Middleware", CAME_BY_TLS, spec={"headers": headers})
    yield from _guards([each for each in exposures if each.entry.kind == "https"])
    yield from _admission(given)


def _guards(exposures: Sequence[Exposure]) -> Iterator[Manifest]:
    refused = {"ipAllowList": {"sourceRange": [_NOWHERE], "rejectStatusCode": 404}}
    yield manifest(f"{TRAEFIK_GROUP}/v1alpha1", "Middleware", GUARD, spec=refused)
    known = " || ".join(_matcher(each.host) for each in exposures) or "Host(`none.invalid`)"
    routes = [_guard(f"!({known})", GUARD)]
    for exposure in exposures:
        # Hosts of other routes too: an Ingress made before the admission policy would rank before an HTTPRoute.
        if exposure.allowed.everyone:
            continue
        inner = [each.host for each in exposures if each.host != exposure.host and covers(exposure.host, each.host)]
        blocks = " || ".join(f"ClientIP(`{block}`)" for block in exposure.allowed.blocks)
        match = " && ".join([_matcher(exposure.host), *(f"!{_matcher(host)}" for host in inner), f"!({blocks})"])
        # The host's own allow-list refuses whom it does not name, so that 403 and the access log are as elsewhere.
        routes.append(_guard(match, exposure.allowed.name))
    entry_points = list(dict.fromkeys(each.entry.name for each in exposures)) or ["https"]
    spec = {"entryPoints": entry_points, "routes": routes}
    yield manifest(f"{TRAEFIK_GROUP}/v1alpha1", "IngressRoute", GUARD, spec=spec)


def _guard(match: str, middleware: str) -> dict[str, Any]:
    return {
        "kind": "Rule",
        "match": match,
        "priority": GUARD_PRIORITY,
        "middlewares": [{"name": middleware}],
        "services": [{"kind": "TraefikService", "name": "noop@internal"}],
    }


def _matcher(host: str) -> str:
    if not host.startswith("*."):
        return f"Host(`{host}`)"
    # As Traefik itself reads a wildcard of the Gateway API: one or more labels.
    return f"HostRegexp(`^[a-z0-9-.]+{re.escape(host[1:])}$`)"


def _admission(given: Sequence[EdgeRouteSpec]) -> Iterator[Manifest]:
    group = "admissionregistration.k8s.io/v1"
    resources = {"apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"]}
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [{**resources, "resources": ["ingresses"]}]},
        "matchConditions": [{"name": "of-the-routers-class", "expression": _of_class()}],
        "variables": [
            {"name": "given", "expression": f"{_grants(given)}[?request.namespace].orValue([])"},
            {"name": "rules", "expression": "object.spec.?rules.orValue([])"},
            {"name": "hosts", "expression": "variables.rules.map(r, r.?host.orValue(''))"},
            {"name": "strange", "expression": f"variables.hosts.filter(h, !variables.given.exists(g, {_GIVEN_HOST}))"},
            {"name": "elsewhere", "expression": f"variables.rules.filter(r, !({_OWN_SERVICES}))"},
        ],
        "validations": [*_validations()],
    }
    yield manifest(group, "ValidatingAdmissionPolicy", ADMISSION, None, spec=spec)
    binding = {"policyName": ADMISSION, "validationActions": ["Deny"]}
    yield manifest(group, "ValidatingAdmissionPolicyBinding", ADMISSION, None, spec=binding)


def _of_class() -> str:
    new = f"object.spec.?ingressClassName.orValue('') == '{INGRESS_CLASS}'"
    return f"{new} || object.metadata.?annotations[?'{OLD_CLASS}'].orValue('') == '{INGRESS_CLASS}'"


# Names of one label more: h is exact, so only its first label may stand for the wildcard's star and more.
_GIVEN_HOST = "h in g.hosts || g.below.exists(b, h.endsWith(b) && h != b && !h.contains('*'))"
_OWN_SERVICES = (
    "variables.given.exists(g, (r.?host.orValue('') in g.hosts || g.below.exists(b, r.?host.orValue('').endsWith(b)))"
    " && r.?http.?paths.orValue([]).all(p, p.backend.?service.?name.orValue('') in g.services))"
)


def _grants(given: Sequence[EdgeRouteSpec]) -> str:
    """Return what each namespace is given, as a CEL literal: JSON is one."""
    granted: dict[str, list[dict[str, list[str]]]] = {}
    for route in given:
        granted.setdefault(route.namespace, []).append(
            {
                "hosts": [host for host in route.hosts if not host.startswith("*.")],
                "below": [host[1:] for host in route.hosts if host.startswith("*.")],
                "services": [route.service, *(each.service for each in route.further_services)],
            }
        )
    return json.dumps(granted)


def _validations() -> Iterator[dict[str, str]]:
    yield {
        "expression": "!has(object.spec.defaultBackend) && size(variables.rules) > 0",
        "message": "spec.defaultBackend would answer for every host, and the edge opens none but by name. Fix: remove "
        "it, and write spec.rules with a host each.",
    }
    hosts = "variables.given.map(g, (g.hosts + g.below.map(b, '*' + b)).join(', ')).join(', ')"
    yield {
        "expression": "size(variables.strange) == 0",
        "messageExpression": '"spec.rules: host \'" + variables.strange[0] + "\' is not given to Ingress objects of '
        'namespace " + request.namespace + ". Fix: " + (size(variables.given) > 0 ? "write one of " + '
        + hosts
        + ' + ", or " : "") + "add a route with this host, this namespace and ingress: true to edge.routes of the '
        'environment."',
        "message": "a host is not given to Ingress objects of this namespace",
    }
    yield {
        "expression": "size(variables.strange) > 0 || size(variables.elsewhere) == 0",
        "messageExpression": '"spec.rules: host \'" + variables.elsewhere[0].host + "\' leads to a Service that the '
        "edge does not reach. Fix: lead it to one of \" + variables.given.map(g, g.services.join(', ')).join(', ') + "
        '", or add the Service to furtherServices of its route in the environment."',
        "message": "a path leads to a Service that the edge does not reach",
    }
    yield {
        "expression": f"object.metadata.?annotations.orValue({{}}).all(k, !k.startsWith('{TRAEFIK_ANNOTATIONS}'))",
        "message": f"annotations of {TRAEFIK_ANNOTATIONS} change what the router does, and the edge's firewall is not "
        "to be gone round. Fix: remove them.",
    }
    yield {
        "expression": "object.spec.?tls.orValue([]).all(t, !has(t.secretName))",
        "message": "spec.tls[].secretName brings a certificate, and those of the edge are made by edge.tls of the "
        "environment. Fix: remove secretName, or spec.tls.",
    }
