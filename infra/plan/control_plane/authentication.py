"""Whom the API server knows, beside those who have a certificate of the cluster or a service account's token."""

from __future__ import annotations

from typing import Any

import yaml

from infra.plan.control_plane.template import template
from infra.plan.node.yaml_text import yaml_text
from infra.spec import EnvironmentSpec
from infra.spec.oidc import OidcSpec


def authentication(spec: EnvironmentSpec) -> str:
    """Return the API server's AuthenticationConfiguration as YAML (Kubernetes documentation, "Authenticating")."""
    base = template("authentication.yaml")
    oidc = spec.cluster.api.oidc
    return base if oidc is None else yaml_text({**yaml.safe_load(base), "jwt": [_authenticator(oidc)]})


def _authenticator(oidc: OidcSpec) -> dict[str, Any]:
    issuer: dict[str, Any] = {"url": oidc.issuer_url, "audiences": [oidc.client_id]}
    if oidc.ca_certificate is not None:
        issuer["certificateAuthority"] = oidc.ca_certificate
    mappings = {"username": {"claim": oidc.username_claim, "prefix": oidc.prefix}}
    if oidc.groups_claim is not None:
        mappings["groups"] = {"claim": oidc.groups_claim, "prefix": oidc.prefix}
    required = [{"claim": claim, "requiredValue": value} for claim, value in oidc.required_claims.items()]
    return {"issuer": issuer, **({"claimValidationRules": required} if required else {}), "claimMappings": mappings}
