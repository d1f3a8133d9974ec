"""People log in by an issuer of tokens: a real API server with the AuthenticationConfiguration of a member."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric import rsa
from rich.console import Console

from infra.plan.cluster_access import plan_cluster_access
from infra.plan.control_plane.authentication import authentication
from infra.spec import EnvironmentSpec, from_mapping
from rehearsal import controlplane
from rehearsal.controlplane import ControlPlane
from rehearsal.controlplane.lifecycle import start_member
from rehearsal.controlplane.member import standalone
from rehearsal.providers.kubernetes.api import ApiClient
from rehearsal.providers.kubernetes.kubeconfig import load
from tests.e2e.at_hand import programs_or_skip
from tests.e2e.machine_cluster import eventually
from tests.e2e.specs import small
from tests.e2e.token_issuer import TokenIssuer

pytestmark = pytest.mark.e2e

ADA: dict[str, Any] = {
    "sub": "8f14e45f",
    "aud": "kubernetes",
    "email": "ada@example.com",
    "email_verified": True,
    "hd": "example.com",
}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenIssuer]:
    with TokenIssuer(tmp_path_factory.mktemp("issuer")) as made:
        yield made


@pytest.fixture(scope="module")
def spec(issuer: TokenIssuer) -> EnvironmentSpec:
    raw = small("login")
    raw["cluster"]["api"] = {
        "oidc": {
            "issuerUrl": issuer.url,
            "clientId": "kubernetes",
            "usernameClaim": "email",
            "groupsClaim": "groups",
            "requiredClaims": {"hd": "example.com"},
            "caCertificate": issuer.certificate,
            "groups": {"developers": "view"},
        }
    }
    return from_mapping(raw, "login")


@pytest.fixture(scope="module")
def plane(spec: EnvironmentSpec, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    tools: dict[str, Path] = programs_or_skip(controlplane.TOOLS, "the control plane's programs")
    folder = tmp_path_factory.mktemp("environment")
    member = standalone("login.slipway.test", spec.cluster.service_cidr)
    config = {**member.config, "authentication.yaml": authentication(spec)}
    try:
        yield start_member(folder, tools, dataclasses.replace(member, config=config), Console(file=io.StringIO()))
    finally:
        controlplane.stop(folder)


class Caller:
    """Asks the API server with a token."""

    def __init__(self, plane: ControlPlane) -> None:
        authority = plane.kubeconfig.parent / "controlplane" / "pki" / "ca.crt"
        self._pool = urllib3.PoolManager(ca_certs=str(authority), retries=False)
        self._server = plane.server

    def ask(self, token: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        method, sent = ("GET", None) if body is None else ("POST", json.dumps(body).encode())
        answer = self._pool.request(method, f"{self._server}{path}", headers=headers, body=sent)
        return answer.status, json.loads(answer.data)

    def who(self, token: str) -> dict[str, Any] | int:
        """Return whom the API server takes a token's holder for, or the status with which it refuses."""
        group = "authentication.k8s.io/v1"
        status, answer = self.ask(
            token, f"/apis/{group}/selfsubjectreviews", {"apiVersion": group, "kind": "SelfSubjectReview"}
        )
        found: dict[str, Any] = answer.get("status", {}).get("userInfo", {}) if status == 201 else {}
        return found or status


@pytest.fixture(scope="module")
def caller(plane: ControlPlane, issuer: TokenIssuer) -> Caller:
    made = Caller(plane)
    # The API server reads the issuer's configuration after it is ready.
    eventually(lambda: None if made.who(issuer.token(**ADA)) == 401 else True, 60, "the issuer is known")
    return made


def test_a_token_is_its_holder_under_the_prefix(caller: Caller, issuer: TokenIssuer) -> None:
    found = caller.who(issuer.token(**ADA, groups=["developers", "system:masters"]))
    assert isinstance(found, dict)
    assert found["username"] == "oidc:ada@example.com"
    # What the issuer calls by a name of the cluster's own is another group.
    assert set(found["groups"]) == {"oidc:developers", "oidc:system:masters", "system:authenticated"}


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"},
        {"hd": "elsewhere.example"},
        {"hd": None},
        {"email_verified": False},
        {"email": None},
        {"exp": 1_600_000_000},
        {"iss": "https://login.example.com"},
        {"signed_by": rsa.generate_private_key(65537, 2048)},
    ],
    ids=lambda change: "-".join(change),
)
def test_any_other_token_is_nobodys(caller: Caller, issuer: TokenIssuer, change: dict[str, Any]) -> None:
    assert caller.who(issuer.token(**{**ADA, **change})) == 401


def test_groups_have_the_role_that_is_declared(
    plane: ControlPlane, spec: EnvironmentSpec, caller: Caller, issuer: TokenIssuer
) -> None:
    developer, other = issuer.token(**ADA, groups=["developers"]), issuer.token(**ADA, groups=["visitors"])
    pods, secrets = "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/secrets"
    assert caller.ask(developer, pods)[0] == 403
    (plan,) = (each for each in plan_cluster_access(spec).bindings if each.name.startswith("slipway:login-"))
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": plan.name},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": plan.role},
        "subjects": [{"apiGroup": group, "kind": plan.kind, "name": each} for each in plan.subjects],
    }
    client = ApiClient(load(str(plane.kubeconfig), {}))
    client.request("POST", f"/apis/{group}/v1/clusterrolebindings", body=binding)
    eventually(lambda: True if caller.ask(developer, pods)[0] == 200 else None, 10, "the binding holds")
    assert caller.ask(developer, secrets)[0] == 403
    assert caller.ask(other, pods)[0] == 403
