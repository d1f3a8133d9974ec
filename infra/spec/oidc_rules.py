"""Rules of the log-in by an issuer of OpenID Connect tokens."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from infra.spec.cluster_rules import issuer_bucket
from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem


def check_oidc(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield the problems of the log-in, if there is one."""
    oidc = spec.cluster.api.oidc
    if oidc is None:
        return
    at: Location = ("cluster", "api", "oidc")
    if oidc.groups and oidc.groups_claim is None:
        yield Problem(
            (*at, "groupsClaim"),
            "is missing: without it nobody is in one of groups",
            "name the claim that lists a user's groups, as groups",
            None,
            ((*at, "groups"),),
        )
    if str(urlsplit(oidc.issuer_url).hostname).startswith(f"{issuer_bucket(spec)}.s3."):
        # kube-apiserver does not start with one issuer for both.
        yield Problem(
            (*at, "issuerUrl"),
            "is the cluster's own issuer of service accounts' tokens, whom it trusts already",
            "name the issuer of your people's tokens",
            repr(oidc.issuer_url),
        )
