"""How Secrets are encrypted in etcd: by a key from the state bucket, or by one that AWS KMS wraps.

A cluster goes from the first to the second in two updates with a roll between them, so that no API server ever meets
what it cannot read (:func:`refuse_unread`); and it never gives up to read what KMS has wrapped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.plan.naming import state_key_alias
from infra.plan.node.yaml_text import yaml_text
from infra.spec import EnvironmentSpec, Problem, SpecError
from infra.spec.control_plane import SecretsEncryption

PROVIDER_FOLDER = "/run/slipway-kms"
"""Where the provider listens: a folder of its own, since the API server's pod sees all of it."""

PROVIDER_SOCKET = f"{PROVIDER_FOLDER}/provider.sock"
PROVIDER_CONFIG = "/etc/slipway/kms-provider.json"
PROVIDER_PROGRAM = "kms_provider.py"
PROVIDER_UNIT = "slipway-kms-provider.service"

PROVIDER_NAME = "aws-kms"
"""Stands in etcd before each value that is encrypted so; with another name the API server reads none of them."""

CONTEXT_KEY = "slipway:secrets-of"
"""Key of the encryption context whose value is the cluster. KMS decrypts with the same context alone, logs it, and the
role of a member may use the key with no other (AWS KMS Developer Guide, "Encryption context")."""

PROVIDER_TIMEOUT = "5s"
"""What the API server gives an answer. The provider asks KMS twice at most, for 2 s each."""

_AT = ("cluster", "controlPlane", "secretsEncryption")
_PAGE = "docs/encrypt-secrets.md"


def reads_kms(spec: EnvironmentSpec) -> bool:
    """Return whether members read what KMS has wrapped, and so have the provider beside the API server."""
    return spec.cluster.control_plane.secrets_encryption != "secretbox"


def encryption_context(spec: EnvironmentSpec) -> dict[str, str]:
    """Return the encryption context with which the cluster's keys are wrapped."""
    return {CONTEXT_KEY: spec.cluster.name}


def provider_config(spec: EnvironmentSpec) -> str:
    """Return what the provider is told, as JSON: which key, where, and in which context.

    It is the key of the environment's state, by its alias: those who may not use that key cannot read the state, where
    the cluster's other keys are.
    """
    return json.dumps(
        {
            "key": state_key_alias(spec.name),
            "region": spec.region,
            "context": encryption_context(spec),
            "socket": PROVIDER_SOCKET,
        },
        indent=1,
    )


def encryption_file(encryption: SecretsEncryption) -> str:
    """Return the file of the certificate directory with the API server's EncryptionConfiguration.

    A machine fetches that directory at each boot. One from before KMS was declared must not find a provider there that
    it has not, so it has a file of its own.
    """
    return "encryption.yaml" if encryption == "secretbox" else "encryption-kms.yaml"


def encryption_configuration(keys: Mapping[int, str], encryption: SecretsEncryption) -> str:
    """Return the EncryptionConfiguration by which API servers encrypt Secrets, as YAML.

    ``keys`` has a 32-byte key, in base64, for each trusted generation, the signing one first. The first of all
    providers encrypts, all decrypt. XSalsa20 with Poly1305 is the strongest of the local providers (Kubernetes
    documentation, "Encrypting Confidential Data at Rest"); docs/adr/0010-secrets-at-rest.md says what speaks for each.
    """
    local = {"secretbox": {"keys": [{"name": f"key-{g}", "secret": key} for g, key in keys.items()]}}
    kms = {
        "kms": {
            "apiVersion": "v2",
            "name": PROVIDER_NAME,
            "endpoint": f"unix://{PROVIDER_SOCKET}",
            "timeout": PROVIDER_TIMEOUT,
        }
    }
    providers: dict[SecretsEncryption, list[dict[str, Any]]] = {
        "secretbox": [local],
        "kmsReadable": [local, kms],
        "kms": [kms, local],
    }
    return yaml_text(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets"], "providers": [*providers[encryption], {"identity": {}}]}],
        }
    )


def encryption_problems(spec: EnvironmentSpec, recorded: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield why Secrets cannot be encrypted as declared on the cluster that the last update declared."""
    wanted, was = spec.cluster.control_plane.secrets_encryption, _recorded(recorded)
    if was == "secretbox" and wanted == "kms":
        yield Problem(
            _AT,
            "cannot follow on secretbox at once: while members are rolled, those of before could not read the Secrets "
            "that the new ones write",
            f"write kmsReadable, run pulumi up and roll the control plane; then write kms ({_PAGE})",
            repr(wanted),
        )
    if was != "secretbox" and wanted == "secretbox":
        yield Problem(
            _AT,
            f"cannot follow on {was}: Secrets that KMS has wrapped, here or in a snapshot, could not be read any more",
            f"write kmsReadable, which encrypts with the key from the state bucket and still reads them ({_PAGE})",
            repr(wanted),
        )


def wraps_anew(spec: EnvironmentSpec, recorded: Mapping[str, Any]) -> bool:
    """Return whether KMS wraps, and did not on the cluster that the last update declared."""
    return spec.cluster.control_plane.secrets_encryption == "kms" != _recorded(recorded)


def _recorded(cluster: Mapping[str, Any]) -> str:
    # A record of before there was a choice.
    return str((cluster.get("controlPlane") or {}).get("secretsEncryption", "secretbox"))


def refuse_unread(spec: EnvironmentSpec, noted: Mapping[str, str | None]) -> None:
    """Refuse to wrap by KMS while a member runs that could not read it.

    ``noted`` is each declared member with how the machine that it last booted encrypts; None where it has not said.

    Raises:
        SpecError: names the members that have to be rolled first.
    """
    behind = sorted(name for name, encryption in noted.items() if encryption in (None, "secretbox"))
    if behind:
        problem = Problem(
            _AT,
            f"must wait for {', '.join(behind)}, which cannot read yet what KMS wraps",
            f"leave it at kmsReadable, run slipway roll {spec.name} until it is done, and write kms then ({_PAGE})",
            repr("kms"),
        )
        raise SpecError(f"environment {spec.name}", [problem])
