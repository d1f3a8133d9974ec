"""cert-manager for the edge: what it is asked for, and what it may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from infra.plan.addons.iam import plan_addon_roles
from infra.plan.addons.objects import AddonPlan, leaves
from infra.plan.edge import EdgePlan, plan_edge
from infra.plan.edge.certificates import certificate_statements
from infra.plan.edge.router import kinds
from infra.spec import EnvironmentSpec
from tests.infra.plan.edge.layers import of_kind
from tests.infra.plan.edge.samples import EDGE, edge_spec
from tests.infra.samples import sample_spec

ZONE = {"zone": "example.com", "zoneId": "Z0123456789ABCDEFGHIJ"}


def by_http(**change: Any) -> EnvironmentSpec:
    return edge_spec(tls={}, routes=EDGE["routes"][:1], **change)


def by_dns() -> EnvironmentSpec:
    return edge_spec(tls={"acme": {"solver": "dns01", "email": "pki@example.com", "server": "staging"}}, dns=ZONE)


def planned(spec: EnvironmentSpec) -> tuple[EdgePlan, AddonPlan]:
    plan = plan_edge(spec)
    assert plan is not None
    assert plan.certificates is not None
    return plan, plan.certificates


def one(plan: EdgePlan, kind: str, name: str) -> Mapping[str, Any]:
    (found,) = (each for each in of_kind(plan.objects, kind) if each["metadata"]["name"] == name)
    return found


def test_with_acm_there_is_no_cert_manager() -> None:
    plan = plan_edge(edge_spec())
    assert plan is not None
    assert plan.certificates is None
    assert plan.in_cluster == (plan.router,)


def test_the_kinds_come_first_and_the_router_before() -> None:
    plan, certificates = planned(by_http())
    assert plan.in_cluster == (plan.router, certificates)
    order = [each.kind for each in certificates.objects]
    assert order[:5] == ["CustomResourceDefinition"] * 5
    assert order[-2:] == ["Issuer", "Certificate"]


def test_certificates_go_before_the_issuer_and_it_before_cert_manager() -> None:
    _, certificates = planned(by_http())
    stages = {each.kind: each.stage for each in certificates.objects}
    assert (stages.pop("Certificate"), stages.pop("Issuer"), set(stages.values())) == (2, 1, {0})


@pytest.mark.parametrize("change", [{}, {"dns": ZONE}], ids=["no zone", "zone"])
def test_http01_is_answered_on_the_listener_of_port_80(change: dict[str, Any]) -> None:
    plan, _ = planned(by_http(**change))
    assert one(plan, "Issuer", "letsencrypt")["spec"] == {
        "acme": {
            "server": "https://acme-v02.api.letsencrypt.org/directory",
            "privateKeySecretRef": {"name": "letsencrypt-account"},
            "solvers": [
                {
                    "http01": {
                        "gatewayHTTPRoute": {
                            "parentRefs": [
                                {
                                    "group": "gateway.networking.k8s.io",
                                    "kind": "Gateway",
                                    "name": "edge-router",
                                    "sectionName": "http",
                                }
                            ]
                        }
                    }
                }
            ],
        }
    }
    listeners = one(plan, "Gateway", "edge-router")["spec"]["listeners"]
    assert listeners[0]["name"] == "http"


def test_the_solver_is_reached_by_the_router_alone() -> None:
    plan, _ = planned(by_http())
    assert one(plan, "NetworkPolicy", "acme-solver")["spec"] == {
        "podSelector": {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "edge-router"}}}],
                "ports": [{"port": 8089, "protocol": "TCP"}],
            }
        ],
    }
    egress = one(plan, "NetworkPolicy", "edge-router")["spec"]["egress"]
    assert egress[-1]["ports"] == [{"port": 8089, "protocol": "TCP"}]


def test_dns01_writes_into_the_zone() -> None:
    plan, _ = planned(by_dns())
    acme = one(plan, "Issuer", "letsencrypt")["spec"]["acme"]
    assert (acme["email"], acme["server"]) == (
        "pki@example.com", "https://acme-staging-v02.api.letsencrypt.org/directory"
    )  # fmt: skip
    assert acme["solvers"] == [
        {
            "selector": {"dnsZones": ["example.com"]},
            "dns01": {"route53": {"region": "eu-central-1", "hostedZoneID": "Z0123456789ABCDEFGHIJ"}},
        }
    ]
    assert "acme-solver" not in [each["metadata"]["name"] for each in of_kind(plan.objects, "NetworkPolicy")]


def test_a_certificate_of_each_host_is_what_its_listener_serves() -> None:
    plan, _ = planned(by_dns())
    certificates = {
        each["spec"]["secretName"]: each["spec"]["dnsNames"] for each in of_kind(plan.objects, "Certificate")
    }
    assert certificates == {
        "host.shop.example.com-tls": ["shop.example.com"],
        "below.apps.example.com-tls": ["*.apps.example.com"],
        "host.admin.example.com-tls": ["admin.example.com"],
    }
    for listener in one(plan, "Gateway", "edge-router")["spec"]["listeners"][1:]:
        (secret,) = listener["tls"]["certificateRefs"]
        assert listener["hostname"] in certificates[secret["name"]]


def test_a_certificate_is_a_servers_and_has_a_new_key_whenever_it_is_renewed() -> None:
    plan, _ = planned(by_http())
    assert one(plan, "Certificate", "host.shop.example.com")["spec"] == {
        "secretName": "host.shop.example.com-tls",
        "dnsNames": ["shop.example.com"],
        "issuerRef": {"group": "cert-manager.io", "kind": "Issuer", "name": "letsencrypt"},
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["digital signature", "server auth"],
    }


def test_its_role_may_write_challenges_into_its_zone_and_nothing_else() -> None:
    assert certificate_statements(by_dns()) == (
        {
            "Sid": "Wait",
            "Effect": "Allow",
            "Action": ["route53:GetChange"],
            "Resource": "arn:aws:route53:::change/*",
        },
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": ["route53:ListResourceRecordSets"],
            "Resource": "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ",
        },
        {
            "Sid": "Prove",
            "Effect": "Allow",
            "Action": ["route53:ChangeResourceRecordSets"],
            "Resource": "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ",
            "Condition": {
                "ForAllValues:StringLike": {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["_acme-challenge.*"]
                },
                "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]},
            },
        },
    )


@pytest.mark.parametrize("spec", [sample_spec(), edge_spec(), by_http(), edge_spec(dns=ZONE), by_http(dns=ZONE)])
def test_no_role_where_nothing_is_proven_by_dns(spec: EnvironmentSpec) -> None:
    assert certificate_statements(spec) == ()
    assert "edge-certificates" not in [role.name for role in plan_addon_roles(spec)]


def test_the_role_is_of_the_service_account_that_uses_it() -> None:
    _, certificates = planned(by_dns())
    (role,) = (role for role in plan_addon_roles(by_dns()) if role.name == "edge-certificates")
    assert (role.namespace, role.service_account) == ("slipway-edge", "edge-certificates")
    (deployment,) = (each.body for each in certificates.objects if each.kind == "Deployment")
    assert "roleArn/edge-certificates" in [getattr(leaf, "name", None) for leaf in leaves(deployment)]
    assert deployment["spec"]["template"]["spec"]["serviceAccountName"] == "edge-certificates"


def arguments(certificates: AddonPlan) -> list[str]:
    (deployment,) = (each.body for each in certificates.objects if each.kind == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return list(container["args"])


def test_the_issuer_may_use_the_role_and_asks_the_clusters_dns_alone() -> None:
    _, certificates = planned(by_dns())
    # An Issuer, unlike a ClusterIssuer, takes no credentials from its surroundings unless it is let.
    assert "--issuer-ambient-credentials=true" in arguments(certificates)
    # It would ask the zone's own name servers, which the network policy does not let it reach.
    assert "--dns01-recursive-nameservers-only=true" in arguments(certificates)
    (policy,) = (
        each.body for each in certificates.objects if (each.kind, each.name) == ("NetworkPolicy", "edge-certificates")
    )
    dns, web = policy["spec"]["egress"]
    assert dns["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]
    assert 53 not in [each["port"] for each in web["ports"]]


def test_an_issuer_without_a_role_uses_none() -> None:
    _, certificates = planned(by_http())
    assert not [each for each in arguments(certificates) if "ambient" in each or "dns01" in each]


def test_cert_manager_is_held_to_one_namespace() -> None:
    _, certificates = planned(by_http())
    kinds_used = {each.kind for each in certificates.objects}
    assert not kinds_used & {"ClusterRole", "ClusterRoleBinding", "ClusterIssuer"}
    assert {each.namespace for each in certificates.objects} == {None, "slipway-edge"}
    (deployment,) = (each.body for each in certificates.objects if each.kind == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert "--namespace=slipway-edge" in container["args"]
    assert not any("ClusterIssuer" in str(leaf) for leaf in leaves(deployment))


def test_what_is_asked_for_is_of_kinds_that_the_cluster_has() -> None:
    known = {(kind["spec"]["group"], kind["spec"]["names"]["kind"]) for kind in kinds("certificate_crds")}
    _, certificates = planned(by_http())
    own = {(str(each.body["apiVersion"]).split("/")[0], each.kind) for each in certificates.objects[-2:]}
    assert own == {("cert-manager.io", "Issuer"), ("cert-manager.io", "Certificate")}
    assert own <= known
