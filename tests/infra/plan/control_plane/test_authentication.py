from __future__ import annotations

from typing import Any

import pytest
import yaml

from infra.plan.control_plane.authentication import authentication
from infra.plan.control_plane.files import member_files
from infra.plan.control_plane.members import control_plane_groups
from infra.plan.control_plane.template import template
from tests.infra.samples import sample_spec
from tests.rehearsal.certificates import write_pair

LEAST = {"issuerUrl": "https://login.example.com/realm", "clientId": "kubernetes"}


def authenticators(**oidc: Any) -> list[dict[str, Any]]:
    written = yaml.safe_load(authentication(sample_spec(cluster={"api": {"oidc": {**LEAST, **oidc}}})))
    base = yaml.safe_load(template("authentication.yaml"))
    assert {key: value for key, value in written.items() if key != "jwt"} == base
    found: list[dict[str, Any]] = written["jwt"]
    return found


def test_without_an_issuer_the_file_is_as_it_lies() -> None:
    assert authentication(sample_spec()) == template("authentication.yaml")


def test_an_issuer_with_its_defaults() -> None:
    assert authenticators() == [
        {
            "issuer": {"url": "https://login.example.com/realm", "audiences": ["kubernetes"]},
            "claimMappings": {"username": {"claim": "sub", "prefix": "oidc:"}},
        }
    ]


def test_an_issuer_with_all_that_can_be_said_of_it(certificate: str) -> None:
    (found,) = authenticators(
        usernameClaim="email",
        groupsClaim="roles",
        prefix="acme:",
        requiredClaims={"hd": "example.com", "tier": "staff"},
        caCertificate=certificate,
        groups={"ops": "cluster-admin"},
        scopes=["email"],
    )
    assert found == {
        "issuer": {
            "url": "https://login.example.com/realm",
            "audiences": ["kubernetes"],
            "certificateAuthority": certificate,
        },
        "claimValidationRules": [
            {"claim": "hd", "requiredValue": "example.com"},
            {"claim": "tier", "requiredValue": "staff"},
        ],
        "claimMappings": {
            "username": {"claim": "email", "prefix": "acme:"},
            "groups": {"claim": "roles", "prefix": "acme:"},
        },
    }


def test_members_get_it() -> None:
    spec = sample_spec(cluster={"api": {"oidc": LEAST}})
    (group,) = control_plane_groups(spec)
    (found,) = (each for each in member_files(spec, group) if each.path.endswith("/authentication.yaml"))
    assert (found.path, found.content) == ("/etc/kubernetes/config/authentication.yaml", authentication(spec))


@pytest.fixture
def certificate(tmp_path: Any) -> str:
    write_pair(tmp_path, "issuer")
    return str((tmp_path / "issuer.crt").read_text())
