"""cert-manager's controllers with an authority that speaks ACME: from the edge's Certificate to the router's Secret."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from infra.plan.addons.objects import AddonObject
from infra.plan.edge import plan_edge
from infra.spec import EnvironmentSpec, from_mapping
from rehearsal.controlplane import ControlPlane
from tests.e2e.acme import ADDRESS, Authority, Front, Names, solving
from tests.e2e.addon_cloud import ACCOUNT, Cloud
from tests.e2e.addon_pod import Cluster, Container, settled
from tests.e2e.at_hand import built_or_skip
from tests.e2e.cluster import live, plane, tools
from tests.e2e.test_addons import apply
from tests.e2e.test_edge import ZONE, served
from tests.infra.plan.edge.samples import NAMESPACES
from tests.infra.samples import sample_mapping

__all__ = ["plane", "tools"]  # fixtures

pytestmark = pytest.mark.e2e

CHALLENGES = "/apis/acme.cert-manager.io/v1/namespaces/slipway-edge"
CERTIFICATE = "/apis/cert-manager.io/v1/namespaces/slipway-edge/certificates/host.desk.example.com"


@pytest.fixture(scope="module")
def programs() -> dict[str, Path]:
    return {name: built_or_skip(name) for name in ("cert-manager-controllers", "pebble")}


@pytest.fixture(scope="module")
def cluster(programs: dict[str, Path], plane: ControlPlane) -> Cluster:
    """A control plane, which is not started where the programs are not there."""
    made = Cluster(plane)
    for namespace in NAMESPACES:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": namespace}
        apply(made.provider, AddonObject("test", body), body, dry=False)
    return made


def spec_of(solver: str, host: str) -> EnvironmentSpec:
    edge = {
        "firewall": [{"name": "web", "sources": ["anywhere"], "ports": [80, 443], "hosts": [host]}],
        "routes": [{"name": solver, "hosts": [host], "namespace": "shop", "service": "web"}],
        "tls": {"acme": {"solver": solver}},
        "dns": ZONE,
    }
    return from_mapping(sample_mapping(accountId=ACCOUNT, cluster={"namespaces": NAMESPACES}, edge=edge), "test")


class Edge:
    """The edge's zone, authority and cert-manager."""

    def __init__(self, cloud: Cloud, authority: Authority) -> None:
        """Make the zone."""
        self.cloud, self._authority = cloud, authority
        self._route53 = cloud.client("route53")
        made = self._route53.create_hosted_zone(Name=ZONE["zone"], CallerReference="test")["HostedZone"]
        self._zone = made["Id"].rpartition("/")[2]

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name in the zone."""
        sets = self._route53.list_resource_record_sets(HostedZoneId=self._zone)["ResourceRecordSets"]
        found = (each for each in sets if (each["Type"], each["Name"]) == ("TXT", f"{name}."))
        return [record["Value"].strip('"') for each in found for record in each["ResourceRecords"]]

    def declare(self, cluster: Cluster, spec: EnvironmentSpec, known: dict[str, str]) -> AddonObject:
        """Put all of the edge to the API server but what runs cert-manager, which is returned."""
        plan = plan_edge(spec)
        assert plan is not None
        assert plan.certificates is not None
        (workload,) = (each for each in plan.certificates.objects if each.kind == "Deployment")
        for each in (*plan.router.objects, *plan.certificates.objects):
            body = settled(each.body, known)
            if each is not workload:
                served(cluster.provider, each)
                apply(cluster.provider, each, self._asking_here(body) if each.kind == "Issuer" else body, dry=False)
        return workload

    def _asking_here(self, issuer: dict[str, Any]) -> dict[str, Any]:
        """Return an Issuer that asks our authority, and writes into our zone."""
        acme = {**issuer["spec"]["acme"], **self._authority.issuer}
        for each in acme["solvers"]:
            if "dns01" in each:
                each["dns01"]["route53"]["hostedZoneID"] = self._zone
        return {**issuer, "spec": {"acme": acme}}


@contextmanager
def cert_manager(
    cluster: Cluster, programs: dict[str, Path], spec: EnvironmentSpec, patch: pytest.MonkeyPatch, folder: Path
) -> Iterator[tuple[Edge, Container]]:
    """Run cert-manager's controllers beside the edge's objects, with an authority to ask."""
    with ExitStack() as end:
        cloud = Cloud(spec, patch)
        end.callback(cloud.stop)
        authority = Authority(programs["pebble"], folder / "authority")
        end.callback(authority.stop)
        edge = Edge(cloud, authority)
        end.callback(Names(edge.texts).stop)
        end.callback(Front(Cluster(cluster.plane)).stop)
        known = {f"roleArn/{name}": arn for name, arn in cloud.roles.items()}
        (folder / "resolv.conf").write_text(f"nameserver {ADDRESS}\n", encoding="utf-8")
        running = Container(
            programs["cert-manager-controllers"],
            edge.declare(cluster, spec, known),
            cluster,
            folder,
            known=known,
            environment={"AWS_ENDPOINT_URL": cloud.endpoint, "AWS_ENDPOINT_URL_STS": cloud.endpoint},
            mounted={"/etc/resolv.conf": folder / "resolv.conf"},
        )
        end.callback(running.stop)
        yield edge, running
        assert running.complaints() == []


def secret(cluster: Cluster, name: str) -> dict[str, bytes] | None:
    found = live(cluster.provider, f"/api/v1/namespaces/slipway-edge/secrets/{name}")
    if found is None or found["type"] != "kubernetes.io/tls" or not found["data"].get("tls.crt"):
        return None
    return {key: base64.b64decode(value) for key, value in found["data"].items()}


def assert_issued(found: dict[str, bytes], host: str) -> None:
    first, *_ = x509.load_pem_x509_certificates(found["tls.crt"])
    names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [host]
    assert "Pebble" in first.issuer.rfc4514_string()
    assert b"PRIVATE KEY" in found["tls.key"]


def test_a_host_is_proven_by_a_route_to_a_solver(
    cluster: Cluster, programs: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = spec_of("http01", "shop.example.com")
    with cert_manager(cluster, programs, spec, monkeypatch, tmp_path) as (edge, running):
        found = running.eventually(lambda: secret(cluster, "host.shop.example.com-tls"), 90)
        assert_issued(found, "shop.example.com")
        running.eventually(lambda: not any(solving(cluster).values()))
        assert edge.cloud.asked == {}


def test_a_host_is_proven_by_a_record_in_the_zone(
    cluster: Cluster, programs: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    challenge = "_acme-challenge.desk.example.com"
    spec = spec_of("dns01", "desk.example.com")
    with cert_manager(cluster, programs, spec, monkeypatch, tmp_path) as (edge, running):
        running.eventually(lambda: edge.texts(challenge))
        # cert-manager waits for a record's 60 s of life once it is there.
        found = running.eventually(lambda: secret(cluster, "host.desk.example.com-tls"), 150)
        assert_issued(found, "desk.example.com")
        running.eventually(lambda: not edge.texts(challenge))
        (actions,) = edge.cloud.asked.values()
        assert actions == {"route53:ChangeResourceRecordSets", "route53:GetChange"}


def test_an_open_challenge_goes_with_its_certificate_while_cert_manager_runs(
    cluster: Cluster, programs: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    challenge = "_acme-challenge.left.example.com"
    spec = spec_of("dns01", "left.example.com")
    with cert_manager(cluster, programs, spec, monkeypatch, tmp_path) as (edge, running):
        # It is open for as long as cert-manager waits for the record's life.
        running.eventually(lambda: edge.texts(challenge))
        (opened,) = cluster.ask("GET", f"{CHALLENGES}/challenges")["items"]
        assert opened["metadata"]["finalizers"]
        cluster.ask("DELETE", CERTIFICATE, body={"propagationPolicy": "Foreground"})
        # It sees no deletion while it waits for that life, 60 s.
        running.eventually(lambda: live(cluster.provider, CERTIFICATE) is None, 120)
        assert cluster.ask("GET", f"{CHALLENGES}/challenges")["items"] == []
        assert cluster.ask("GET", f"{CHALLENGES}/orders")["items"] == []
        assert edge.texts(challenge) == []
