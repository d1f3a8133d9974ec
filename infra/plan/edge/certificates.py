"""Certificates of the routes where the router ends TLS: cert-manager for the edge alone, and what it is asked for.

cert-manager runs as it does from its chart, with less: one namespace, no webhook, no issuer of the whole cluster. A
cert-manager of the cluster's own must leave ``slipway-edge`` out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.plan.addons.identity import assume_role
from infra.plan.addons.objects import AddonObject, AddonPlan, add_arguments
from infra.plan.addons.objects import Manifest as Files
from infra.plan.edge.entries import HTTP_ENTRY
from infra.plan.edge.gateway import host_key, tls_secret
from infra.plan.edge.manifest import GATEWAY_GROUP, ROUTER, Manifest, manifest
from infra.plan.edge.router import kinds
from infra.plan.iam import Statement
from infra.spec import EnvironmentSpec
from infra.spec.edge import AcmeSpec, EdgeSpec
from infra.spec.partition import partition_of

CERTIFICATES = "edge-certificates"
"""Name of the add-on, its service account and its role."""

ISSUER = "letsencrypt"
ACCOUNT_SECRET = "letsencrypt-account"  # noqa: S105 (the name of a Secret)

_BY_DNS = (
    # The role is the pod's, and an Issuer, unlike a ClusterIssuer, uses no credentials of its pod unless it is let.
    "--issuer-ambient-credentials=true",
    # Else it asks the zone's own name servers whether the challenge is there, on port 53 of the internet.
    "--dns01-recursive-nameservers-only=true",
)
"""Arguments for proof by DNS (cert-manager's documentation: "Route53", "Setting Nameservers for DNS01 Self Check")."""

SERVERS = {
    "production": "https://acme-v02.api.letsencrypt.org/directory",
    "staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
"""Directories of Let's Encrypt (its documentation, "ACME Directory Endpoints")."""


def acme_of(edge: EdgeSpec) -> AcmeSpec | None:
    """Return how certificates are had from Let's Encrypt; None where the load balancer ends TLS."""
    return None if edge.tls.acm is not None else edge.tls.acme or AcmeSpec()


def plan_certificates(spec: EnvironmentSpec, edge: EdgeSpec) -> AddonPlan | None:
    """Return cert-manager with an issuer and a certificate for each host; None where the load balancer ends TLS."""
    acme = acme_of(edge)
    if acme is None:
        return None
    template = Files(CERTIFICATES, spec)
    if acme.solver == "dns01":
        assume_role(template, spec, "Deployment", CERTIFICATES, "cert-manager", CERTIFICATES)
        add_arguments(template.container("Deployment", CERTIFICATES, "cert-manager"), _BY_DNS)
    controller = template.plan().objects
    first = [AddonObject(CERTIFICATES, body) for body in kinds("certificate_crds")]
    issuer = AddonObject(CERTIFICATES, _issuer(spec, edge, acme), stage=1)
    asked = [AddonObject(CERTIFICATES, body, stage=2) for body in _certificates(edge)]
    return AddonPlan(CERTIFICATES, (*first, *controller, issuer, *asked))


def certificate_statements(spec: EnvironmentSpec) -> tuple[Statement, ...]:
    """Return what cert-manager may do in AWS: write challenges into the zone of ``edge.dns``, where it proves by DNS.

    cert-manager's documentation of Route 53, with the zone named and the record's name and type held to a challenge's.
    """
    edge = spec.edge
    if edge is None or edge.dns is None:
        return ()
    acme = acme_of(edge)
    if acme is None or acme.solver != "dns01":
        return ()
    prefix = f"arn:{partition_of(spec.region)}:route53:::"
    zone = f"{prefix}hostedzone/{edge.dns.zone_id}"
    challenge = {
        "ForAllValues:StringLike": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": ["_acme-challenge.*"]},
        "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]},
    }
    return (
        {"Sid": "Wait", "Effect": "Allow", "Action": ["route53:GetChange"], "Resource": f"{prefix}change/*"},
        {"Sid": "Read", "Effect": "Allow", "Action": ["route53:ListResourceRecordSets"], "Resource": zone},
        {
            "Sid": "Prove",
            "Effect": "Allow",
            "Action": ["route53:ChangeResourceRecordSets"],
            "Resource": zone,
            "Condition": challenge,
        },
    )


def _issuer(spec: EnvironmentSpec, edge: EdgeSpec, acme: AcmeSpec) -> Manifest:
    body: dict[str, Any] = {
        "server": SERVERS[acme.server],
        "privateKeySecretRef": {"name": ACCOUNT_SECRET},
        "solvers": [_solver(spec, edge, acme)],
    }
    if acme.email is not None:
        body["email"] = acme.email
    return manifest("cert-manager.io/v1", "Issuer", ISSUER, spec={"acme": body})


def _solver(spec: EnvironmentSpec, edge: EdgeSpec, acme: AcmeSpec) -> dict[str, Any]:
    if acme.solver == "dns01" and edge.dns is not None:
        return {
            "selector": {"dnsZones": [edge.dns.zone]},
            "dns01": {"route53": {"region": spec.region, "hostedZoneID": edge.dns.zone_id}},
        }
    parent = {"group": GATEWAY_GROUP, "kind": "Gateway", "name": ROUTER, "sectionName": HTTP_ENTRY}
    return {"http01": {"gatewayHTTPRoute": {"parentRefs": [parent]}}}


def _certificates(edge: EdgeSpec) -> Iterator[Manifest]:
    """Yield what is asked for, each gone only when its challenges are: the provider has dependents deleted first.

    A host has one of its own, whatever routes it has: a route that comes, goes or gets another name leaves it as it is.

    An open challenge has a finalizer that a running cert-manager with the issuer takes away (cert-manager, issue 3474:
    "Can't delete challenge, namespace deletion stuck on terminating").
    """
    for host in edge.route_hosts:
        yield manifest(
            "cert-manager.io/v1",
            "Certificate",
            host_key(host),
            spec={
                "secretName": tls_secret(host),
                "dnsNames": [host],
                "issuerRef": {"group": "cert-manager.io", "kind": "Issuer", "name": ISSUER},
                # A key that was read once is of no use after the next renewal.
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "usages": ["digital signature", "server auth"],
            },
        )
