"""How people log in to the Kubernetes API by an issuer of OpenID Connect tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from infra.spec import foreign
from infra.spec.base import SpecModel, checked, matching, refuse

Role = Literal["cluster-admin", "admin", "edit", "view"]
"""The user-facing cluster roles that Kubernetes brings (Kubernetes documentation, "Using RBAC Authorization")."""

_ISSUER = r"^https://[^\s?#]+$"
_PREFIX = r"^[a-z][a-z0-9-]*:$"
_OWN_PREFIXES = ("system:", "kubeadm:", "slipway:")
"""Groups of these names have rights that Kubernetes, kubeadm or Slipway gave them."""


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if not re.fullmatch(_ISSUER, value) or parts.hostname is None or "@" in parts.netloc:
        refuse(
            "is not the URL of an issuer",
            "write it as the issuer's tokens have it in iss, as https://login.example.com",
        )
    return value


def _prefix(value: str) -> str:
    if value in _OWN_PREFIXES:
        refuse("is a prefix of names that the cluster trusts already", "write another, as oidc:")
    if not re.fullmatch(_PREFIX, value):
        refuse("is not a prefix", "write lower-case letters, digits and hyphens with a colon behind them, as oidc:")
    return value


def _certificates(value: str) -> str:
    # Only who declares a CA pays for reading the library.
    from cryptography.x509 import load_pem_x509_certificates

    try:
        load_pem_x509_certificates(value.encode())
    except ValueError:
        refuse("is not a certificate in PEM", "copy the CA's certificate whole, from -----BEGIN CERTIFICATE----- on")
    return value


_Name = Annotated[str, Field(min_length=1, max_length=256)]


class OidcSpec(SpecModel):
    """People log in with tokens of an OpenID Connect issuer, beside the certificates of `slipway kubeconfig`."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_OIDC

    issuer_url: Annotated[str, checked(_issuer), matching(_ISSUER), Field(examples=["https://login.example.com"])]
    """URL of the issuer, which tokens have in `iss`. The members of the control plane must reach it."""

    client_id: Annotated[_Name, Field(examples=["kubernetes"])]
    """Client that the tokens are for (`aud`)."""

    username_claim: _Name = "sub"
    """Claim that names the user. With `email`, only verified addresses are taken."""

    groups_claim: _Name | None = None
    """Claim that lists the user's groups. Unset: users are in no group of the issuer."""

    prefix: Annotated[str, checked(_prefix), matching(_PREFIX)] = "oidc:"
    """What stands before the issuer's users and groups in the cluster, so that none can take the name of one of the
    cluster's own."""

    required_claims: Annotated[dict[_Name, _Name], Field(default_factory=dict)]
    """Claims that a token must have, with their values, such as the domain of your organisation."""

    scopes: Annotated[tuple[_Name, ...], Field(max_length=10)] = ()
    """Scopes that kubectl asks for beside `openid`. Many issuers tell `email` and `groups` only when asked."""

    ca_certificate: Annotated[str, checked(_certificates)] | None = None
    """The CA of the issuer's own certificate, in PEM. Unset: those that the machine's image trusts."""

    groups: Annotated[dict[_Name, Role], Field(default_factory=dict)]
    """Groups of the issuer, without the prefix, and the cluster role of each: `cluster-admin`, `admin`, `edit` or
    `view`, in all namespaces."""
