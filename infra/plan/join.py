"""What joins a machine to its cluster: where the API is, whom to trust, and a token to ask for an identity with."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.plan.control_plane.kubeadm import INTERNAL_NAME, PUBLIC_NAME
from infra.plan.security import API_PORT
from infra.spec import EnvironmentSpec
from infra.spec.oidc import OidcSpec

TOKEN_ID_LENGTH = 6
TOKEN_SECRET_LENGTH = 16
"""Form of a bootstrap token: ``[a-z0-9]{6}.[a-z0-9]{16}`` (Kubernetes documentation, "Bootstrap Tokens")."""

API_NAME = "kubernetes.default.svc"
"""A name in the certificate of every API server, whatever its load balancers are called (kubeadm,
``cmd/kubeadm/app/util/pkiutil``, ``GetAPIServerAltNames``). A member has the name of a load balancer that is made
later, as when the API becomes public, only once it is replaced, and operators must reach the API for that."""

BOOTSTRAPPERS = "system:bootstrappers:slipway"
"""Group of whoever shows the token. It must begin with ``system:bootstrappers:`` (same source)."""


def token_period(now: datetime) -> str:
    """Return the text that changes when it is time for a new join token: the ISO week, in UTC.

    A token must hold for as long as no ``up`` runs, since machines may start at any time; so it has no end of its own.
    """
    return "{}-W{:02}".format(*now.isocalendar()[:2])


@dataclass(frozen=True)
class ApiAddress:
    """The names by which the API is reached, once they exist."""

    internal: str
    public: str | None

    @property
    def server(self) -> str:
        """URL for the cluster's machines."""
        return f"https://{self.internal}:{API_PORT}"

    @property
    def operators_server(self) -> str:
        """URL for people and pipelines."""
        return f"https://{self.public or self.internal}:{API_PORT}"


def join_document(address: ApiAddress, authority: str, token: str) -> str:
    """Return the JSON of a worker group's ``join.json``: it holds the token, and so is a secret."""
    return json.dumps(
        {
            "names": names(address),
            "server": address.server,
            "certificateAuthority": authority,
            "kubeconfig": bootstrap_kubeconfig(address, authority, token),
        }
    )


def member_join_document(address: ApiAddress) -> str:
    """Return the JSON of a control-plane group's ``join.json``: the names to fill in, and no secret."""
    return json.dumps({"names": names(address)})


def names(address: ApiAddress) -> dict[str, str]:
    """Return what the words in machines' files stand for."""
    return {INTERNAL_NAME: address.internal, PUBLIC_NAME: address.public or address.internal}


def address_of(found: Mapping[str, str], *, public: bool) -> ApiAddress:
    """Return the names that a record says the words stand for; the inverse of :func:`names`."""
    return ApiAddress(found[INTERNAL_NAME], found[PUBLIC_NAME] if public else None)


def bootstrap_kubeconfig(address: ApiAddress, authority: str, token: str) -> Mapping[str, Any]:
    """Return the kubeconfig with which a kubelet asks for its client certificate (TLS bootstrapping)."""
    return kubeconfig("bootstrap", address.server, authority, {"token": token})


def kubeconfig(name: str, server: str, authority: str, user: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kubeconfig of one cluster, user and context, all called ``name``, that holds its certificates itself."""
    trusted = base64.b64encode(authority.encode()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": trusted}}],
        "users": [{"name": name, "user": dict(user)}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def certificate_user(certificate: str, key: str) -> dict[str, str]:
    """Return the user of a kubeconfig who shows a client certificate; both in PEM."""
    return {
        "client-certificate-data": base64.b64encode(certificate.encode()).decode(),
        "client-key-data": base64.b64encode(key.encode()).decode(),
    }


def login_user(oidc: OidcSpec) -> dict[str, Any]:
    """Return the user of a kubeconfig whose tokens kubectl gets by a log-in at the issuer: no secret is in it.

    By kubelogin (int128/kubelogin), which as ``kubectl-oidc_login`` on ``PATH`` is ``kubectl oidc-login``.
    """
    asked = [f"--oidc-issuer-url={oidc.issuer_url}", f"--oidc-client-id={oidc.client_id}"]
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "kubectl",
            "args": ["oidc-login", "get-token", *asked, *(f"--oidc-extra-scope={each}" for each in oidc.scopes)],
            "interactiveMode": "IfAvailable",
            "provideClusterInfo": False,
            "installHint": "kubectl has no plugin oidc-login: kubectl krew install oidc-login",
        }
    }


def operators_kubeconfig(spec: EnvironmentSpec, address: ApiAddress, authority: str, user: Mapping[str, Any]) -> str:
    """Return the kubeconfig of a person or pipeline, as JSON (which is YAML); all in it is called as the cluster."""
    made = kubeconfig(spec.cluster.name, address.operators_server, authority, user)
    for each in made["clusters"]:
        each["cluster"]["tls-server-name"] = API_NAME
    return json.dumps(made)
