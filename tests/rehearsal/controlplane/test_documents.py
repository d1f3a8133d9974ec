from __future__ import annotations

import base64
import datetime
from pathlib import Path

import pytest
import yaml

from rehearsal.controlplane import pki
from rehearsal.controlplane.documents import audit_policy, encryption_configuration, write_documents
from rehearsal.controlplane.layout import PORT_NAMES, Layout, Settings

SETTINGS = Settings("one.example.test", "100.64.0.0/13", dict.fromkeys(PORT_NAMES, 20003))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    pki.ensure(layout, SETTINGS, datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC))
    return layout


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def test_the_administrators_kubeconfig_is_named_after_the_cluster(layout: Layout) -> None:
    write_documents(layout, SETTINGS)
    assert layout.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert yaml.safe_load(layout.kubeconfig.read_text()) == {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "one.example.test",
                "cluster": {
                    "server": "https://127.0.0.1:20003",
                    "certificate-authority-data": encoded(layout.certificate("ca")),
                },
            }
        ],
        "users": [
            {
                "name": "one.example.test",
                "user": {
                    "client-certificate-data": encoded(layout.certificate("admin")),
                    "client-key-data": encoded(layout.key("admin")),
                },
            }
        ],
        "contexts": [
            {
                "name": "one.example.test",
                "context": {"cluster": "one.example.test", "user": "one.example.test"},
            }
        ],
        "current-context": "one.example.test",
    }


@pytest.mark.parametrize("component", ["kube-controller-manager", "kube-scheduler"])
def test_components_have_their_own_identity(layout: Layout, component: str) -> None:
    write_documents(layout, SETTINGS)
    document = yaml.safe_load(layout.component_kubeconfig(component).read_text())
    assert document["users"] == [
        {
            "name": component,
            "user": {
                "client-certificate-data": encoded(layout.certificate(component)),
                "client-key-data": encoded(layout.key(component)),
            },
        }
    ]


def test_the_encryption_key_is_kept(layout: Layout) -> None:
    write_documents(layout, SETTINGS)
    first = (layout.config / "encryption.yaml").read_text()
    write_documents(layout, SETTINGS)
    assert (layout.config / "encryption.yaml").read_text() == first
    provider = yaml.safe_load(first)["resources"][0]["providers"][0]
    assert len(base64.b64decode(provider["secretbox"]["keys"][0]["secret"])) == 32


def test_secrets_are_encrypted_first_and_plain_ones_still_read() -> None:
    assert encryption_configuration(b"k" * 32) == {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [
                    {"secretbox": {"keys": [{"name": "rehearsal", "secret": base64.b64encode(b"k" * 32).decode()}]}},
                    {"identity": {}},
                ],
            }
        ],
    }


def test_the_audit_policy_logs_metadata_alone() -> None:
    assert audit_policy() == {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "omitManagedFields": True,
        "rules": [{"level": "Metadata"}],
    }
