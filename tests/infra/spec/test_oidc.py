from __future__ import annotations

from typing import Any

import pytest

from infra.spec import EnvironmentSpec, SpecError
from tests.infra.samples import sample_spec
from tests.rehearsal.certificates import write_pair

LEAST = {"issuerUrl": "https://login.example.com", "clientId": "kubernetes"}


def with_oidc(**change: Any) -> EnvironmentSpec:
    return sample_spec(cluster={"api": {"oidc": {**LEAST, **change}}})


def test_the_least() -> None:
    oidc = with_oidc().cluster.api.oidc
    assert oidc is not None
    assert (oidc.username_claim, oidc.groups_claim, oidc.prefix, oidc.groups) == ("sub", None, "oidc:", {})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"issuerUrl": "http://login.example.com"},
            "issuerUrl: 'http://login.example.com' is not the URL of an issuer. "
            "Fix: write it as the issuer's tokens have it in iss, as https://login.example.com.",
        ),
        ({"issuerUrl": "https://login.example.com?x=1"}, "issuerUrl: 'https://login.example.com?x=1' is not the URL"),
        ({"issuerUrl": "https://me:pw@login.example.com"}, "issuerUrl: 'https://me:pw@login.example.com' is not the"),
        ({"issuerUrl": "https:///path"}, "issuerUrl: 'https:///path' is not the URL of an issuer."),
        (
            {"issuerUrl": "https://acme-slipway-test-issuer.s3.eu-central-1.amazonaws.com"},
            "issuerUrl: 'https://acme-slipway-test-issuer.s3.eu-central-1.amazonaws.com' is the cluster's own issuer "
            "of service accounts' tokens, whom it trusts already. Fix: name the issuer of your people's tokens.",
        ),
        (
            {"prefix": "system:"},
            "prefix: 'system:' is a prefix of names that the cluster trusts already. Fix: write another, as oidc:.",
        ),
        ({"prefix": "slipway:"}, "prefix: 'slipway:' is a prefix of names that the cluster trusts already."),
        ({"prefix": "kubeadm:"}, "prefix: 'kubeadm:' is a prefix of names that the cluster trusts already."),
        (
            {"prefix": ""},
            "prefix: '' is not a prefix. "
            "Fix: write lower-case letters, digits and hyphens with a colon behind them, as oidc:.",
        ),
        ({"prefix": "system:x:"}, "prefix: 'system:x:' is not a prefix."),
        (
            {"groups": {"ops": "view"}},
            "groupsClaim: is missing: without it nobody is in one of groups. "
            "Fix: name the claim that lists a user's groups, as groups.",
        ),
        (
            {"groupsClaim": "groups", "groups": {"ops": "root"}},
            "groups.ops: 'root' is not one of the choices. Fix: write 'cluster-admin', 'admin', 'edit' or 'view'.",
        ),
        (
            {"caCertificate": "-----BEGIN CERTIFICATE-----"},
            "caCertificate: '-----BEGIN CERTIFICATE-----' is not a certificate in PEM. "
            "Fix: copy the CA's certificate whole, from -----BEGIN CERTIFICATE----- on.",
        ),
        (
            {"clientSecret": "x"},
            "clientSecret: is not a known key. Fix: remove it: kubectl is a public client, and the",
        ),
        ({"oidcClientID": "x"}, "oidcClientID: is not a known key. Fix: write clientId."),
    ],
)
def test_what_is_refused(change: dict[str, Any], expected: str) -> None:
    with pytest.raises(SpecError) as caught:
        with_oidc(**change)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"cluster.api.oidc.{expected}")


def test_a_certificate_is_taken(tmp_path: Any) -> None:
    write_pair(tmp_path, "issuer")
    text = (tmp_path / "issuer.crt").read_text()
    oidc = with_oidc(caCertificate=text).cluster.api.oidc
    assert oidc is not None
    assert oidc.ca_certificate == text
