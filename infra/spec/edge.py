"""The edge: the router that traffic from outside meets, and the firewall policy it enforces."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from infra.spec.base import SpecModel, checked, described, matching, refuse
from infra.spec.errors import show
from infra.spec.hosts import Host, Source
from infra.spec.scalars import DnsLabel, Duration, HostedZoneId, RoutePath

HTTP_PORT = 80
HTTPS_PORT = 443
SSH_PORT = 22

_ACM_ARN = r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}$"
_ZONE_NAME = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"
_PORT_NAME = r"^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


def _port_name(value: str) -> str:
    if not re.fullmatch(_PORT_NAME, value) or not re.search("[a-z]", value):
        # IANA service names (RFC 6335): what Kubernetes takes for the name of a container's port.
        refuse("is not a port's name", "use at most 15 lower-case letters, digits and hyphens, with a letter in it")
    if value in ("http", "https", "ping", "metrics", "redirect"):
        refuse("is the name of a port that the router has", "choose another name")
    return value


def _firewall_port(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        refuse("is not a port", "write 80, 443 or the name of one of edge.tcpPorts")
    if value == SSH_PORT:
        refuse("is SSH, which is never open to the outside", "use a session of AWS Systems Manager, and remove it")
    if isinstance(value, int) and value not in (HTTP_PORT, HTTPS_PORT):
        refuse("is neither 80 nor 443", "declare the port under edge.tcpPorts and write its name here")
    if isinstance(value, str) and value.isdigit():
        refuse("is a number in quotes", f"write {value} without quotes" if value in ("80", "443") else "write a name")
    return value


def _pod_labels(labels: dict[str, str]) -> dict[str, str]:
    if not labels:
        refuse("would select every pod of the namespace", "write the labels of the pods behind the Service")
    bad = [key for key, value in labels.items() if not key or not value]
    if bad:
        refuse(f"has no value for {show(bad[0])}", "write a key and a value each")
    return labels


FirewallPort = Annotated[
    Any,
    checked(_firewall_port),
    WithJsonSchema({"anyOf": [{"type": "integer", "enum": [80, 443]}, {"type": "string", "pattern": _PORT_NAME}]}),
]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
PortName = Annotated[str, checked(_port_name), matching(_PORT_NAME)]


class FirewallRuleSpec(SpecModel):
    """What one rule lets in. Rules only ever allow; what none allows is denied, and their order means nothing."""

    name: Annotated[DnsLabel, Field(max_length=40, examples=["web"])]
    """Name of the rule, unique in the policy; `slipway firewall explain` answers with it."""

    sources: Annotated[tuple[Source, ...], Field(min_length=1, max_length=60, examples=[["198.51.100.0/24"]])]
    """Who may come: IPv4 blocks in canonical form, or `anywhere`."""

    ports: Annotated[tuple[FirewallPort, ...], Field(min_length=1, max_length=50, examples=[[443]])]
    """Where to: `443`, `80` (which only ever redirects to 443) or names of `edge.tcpPorts`."""

    hosts: Annotated[tuple[Host, ...], Field(max_length=50)] = ()
    """Names that may be asked for on 80 and 443; `*.example.com` stands for one or more labels below example.com. A
    rule for TCP ports has none, since plain TCP carries no name."""


class EdgeServiceSpec(SpecModel):
    """A Service that Ingress objects may lead to."""

    service: Annotated[DnsLabel, Field(examples=["api"])]
    """Name of the Service."""

    target_port: Annotated[PortNumber, Field(examples=[8080])]
    """Port of the pods behind the Service, which is what network policies see."""

    pod_labels: Annotated[dict[str, str], checked(_pod_labels)] | None = None
    """Labels of the pods behind the Service. Unset: `app.kubernetes.io/name: <service>`."""


class EdgeRouteSpec(SpecModel):
    """A Service of the cluster that is reached by host name through the router."""

    name: Annotated[DnsLabel, Field(max_length=40, examples=["shop"])]
    """Name of the route, unique in the environment."""

    hosts: Annotated[tuple[Host, ...], Field(min_length=1, max_length=16, examples=[["shop.example.com"]])]
    """Host names that lead to the Service. The most exact one decides where two routes could answer. Routes may share
    a host, each with a path of its own."""

    namespace: Annotated[DnsLabel, Field(examples=["shop"])]
    """Namespace of the Service: one of `cluster.namespaces`."""

    service: Annotated[DnsLabel, Field(examples=["web"])]
    """Name of the Service."""

    port: PortNumber = 80
    """Port of the Service."""

    path: RoutePath = "/"
    """Prefix of the paths that lead to the Service, by whole parts: `/api` is not `/apis`. Of two routes of one host
    the longer path decides; requests for paths of none get 404."""

    target_port: PortNumber | None = None
    """Port of the pods behind the Service, which is what network policies see. Unset: the same as `port`."""

    pod_labels: Annotated[dict[str, str], checked(_pod_labels)] | None = None
    """Labels of the pods behind the Service. Unset: `app.kubernetes.io/name: <service>`."""

    ingress: bool = False
    """Whether the namespace's own Ingress objects lead these hosts on, by paths of their choice, to `service` and
    `furtherServices`. Unset: Slipway makes the route, and the router reads no Ingress for these hosts."""

    further_services: Annotated[tuple[EdgeServiceSpec, ...], Field(max_length=32)] = ()
    """Services beside `service` that Ingress objects may lead to."""


class EdgeTcpPortSpec(SpecModel):
    """A TCP port of the load balancer that leads to a Service as it is, without TLS or host names."""

    name: Annotated[PortName, Field(examples=["postgres"])]
    """Name of the port, as firewall rules call it."""

    port: Annotated[PortNumber, Field(examples=[5432])]
    """Port of the load balancer."""

    namespace: Annotated[DnsLabel, Field(examples=["data"])]
    """Namespace of the Service: one of `cluster.namespaces`."""

    service: Annotated[DnsLabel, Field(examples=["postgres"])]
    """Name of the Service."""

    service_port: PortNumber | None = None
    """Port of the Service. Unset: the same as `port`."""

    target_port: PortNumber | None = None
    """Port of the pods behind the Service. Unset: the Service's."""

    pod_labels: Annotated[dict[str, str], checked(_pod_labels)] | None = None
    """Labels of the pods behind the Service. Unset: `app.kubernetes.io/name: <service>`."""


class DnsSpec(SpecModel):
    """The Route 53 hosted zone in which the routes' hosts get their records."""

    zone: Annotated[
        str,
        described(_ZONE_NAME, "is not the name of a hosted zone", "write it without a dot at its end, as example.com"),
        Field(examples=["example.com"]),
    ]
    """Name of the zone. Hosts outside it get no record."""

    zone_id: Annotated[HostedZoneId, Field(examples=["Z0123456789ABCDEFGHIJ"])]
    """ID of the zone."""


class AcmeSpec(SpecModel):
    """Certificates by cert-manager from Let's Encrypt, one for each host of the routes."""

    email: (
        Annotated[
            str,
            described(
                _EMAIL, "is not an e-mail address", "write an address that reaches those who keep the certificates"
            ),
        ]
        | None
    ) = None
    """Address of the ACME account."""

    server: Literal["production", "staging"] = "production"
    """Which of Let's Encrypt's services; `staging` has wide limits and certificates that no browser trusts."""

    solver: Literal["http01", "dns01"] = "http01"
    """How a host is proven to be ours: `http01` asks port 80 from anywhere, which the policy must allow; `dns01`
    writes into the zone of `edge.dns`, and alone serves wildcards and hosts not open to all."""


class TlsSpec(SpecModel):
    """Who ends TLS: the load balancer with a certificate of ACM, or the router with cert-manager's (the default)."""

    acm: (
        Annotated[
            str,
            described(_ACM_ARN, "is not the ARN of an ACM certificate", "copy the certificate's ARN from ACM"),
        ]
        | None
    ) = None
    """ARN of an ACM certificate that covers all routes' hosts. The load balancer ends TLS with it."""

    acme: AcmeSpec | None = None
    """Certificates by cert-manager. Unset, and no `acm`: with its defaults."""

    min_version: Literal["1.2", "1.3"] = "1.2"
    """Oldest TLS version that is accepted."""


class EdgeSpec(SpecModel):
    """The edge router: a network load balancer before the machines of role `Edge`, and what it lets in."""

    firewall: Annotated[
        tuple[FirewallRuleSpec, ...],
        Field(min_length=1, examples=[[{"name": "web", "sources": ["198.51.100.0/24"], "ports": [443],
                                         "hosts": ["shop.example.com"]}]]),
    ]  # fmt: skip
    """The firewall policy: all that may come in. Nothing else is open."""

    routes: tuple[EdgeRouteSpec, ...] = ()
    """Services that are reached by host name."""

    tcp_ports: tuple[EdgeTcpPortSpec, ...] = ()
    """Further TCP ports, each to one Service."""

    tls: TlsSpec = TlsSpec()
    """Certificates of port 443."""

    dns: DnsSpec | None = None
    """Records of the routes' hosts. Unset: none are made."""

    internal: bool = False
    """Whether the load balancer has private addresses only, in the private subnets."""

    cross_zone: bool = True
    """Whether the load balancer's address in one zone uses the router's machines in all zones. Traffic between zones
    is billed; without it, a zone whose machines are gone answers nothing."""

    read_timeout: Duration = "60s"
    """How long a request may take to arrive, its body included, until the router gives it up: uploads over slow lines,
    and streams that a gRPC client keeps open, take longer. `0s`: no limit, so that slow clients hold connections for as
    long as they like. Traefik's default. WebSockets are not counted."""

    deletion_protection: bool = True
    """Whether AWS refuses to delete the load balancer. To remove the edge: set it to false, run `pulumi up`, then
    remove it."""

    @property
    def route_hosts(self) -> tuple[str, ...]:
        """The hosts of all routes, each once, in alphabetical order."""
        return tuple(sorted({host for route in self.routes for host in route.hosts}))
