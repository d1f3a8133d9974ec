from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.controlplane import flags
from rehearsal.controlplane.layout import Layout, Settings

LAYOUT = Layout(Path("/env"))
SETTINGS = Settings(
    "one.example.test",
    "100.64.0.0/13",
    {
        "etcd-client": 20001,
        "etcd-peer": 20002,
        "kube-apiserver": 20003,
        "kube-controller-manager": 20004,
        "kube-scheduler": 20005,
    },
)
PKI = "/env/controlplane/pki"
CONFIG = "/env/controlplane/config"


def test_etcd() -> None:
    assert flags.etcd(LAYOUT, SETTINGS) == (
        "--name=a",
        "--data-dir=/env/controlplane/etcd",
        "--listen-client-urls=https://127.0.0.1:20001",
        "--advertise-client-urls=https://127.0.0.1:20001",
        "--listen-peer-urls=https://127.0.0.1:20002",
        "--initial-advertise-peer-urls=https://127.0.0.1:20002",
        "--initial-cluster=a=https://127.0.0.1:20002",
        "--initial-cluster-token=one.example.test",
        f"--cert-file={PKI}/etcd.crt",
        f"--key-file={PKI}/etcd.key",
        f"--trusted-ca-file={PKI}/etcd-ca.crt",
        "--client-cert-auth=true",
        f"--peer-cert-file={PKI}/etcd.crt",
        f"--peer-key-file={PKI}/etcd.key",
        f"--peer-trusted-ca-file={PKI}/etcd-ca.crt",
        "--peer-client-cert-auth=true",
        "--log-level=warn",
    )


def test_kube_apiserver() -> None:
    assert flags.kube_apiserver(LAYOUT, SETTINGS) == (
        "--advertise-address=127.0.0.1",
        "--bind-address=127.0.0.1",
        "--secure-port=20003",
        "--endpoint-reconciler-type=none",
        "--etcd-servers=https://127.0.0.1:20001",
        f"--etcd-cafile={PKI}/etcd-ca.crt",
        f"--etcd-certfile={PKI}/apiserver-etcd-client.crt",
        f"--etcd-keyfile={PKI}/apiserver-etcd-client.key",
        f"--tls-cert-file={PKI}/apiserver.crt",
        f"--tls-private-key-file={PKI}/apiserver.key",
        f"--client-ca-file={PKI}/ca.crt",
        f"--kubelet-client-certificate={PKI}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={PKI}/apiserver-kubelet-client.key",
        "--service-account-issuer=https://api.internal.one.example.test",
        f"--service-account-key-file={PKI}/service-account.pub",
        f"--service-account-signing-key-file={PKI}/service-account.key",
        "--service-cluster-ip-range=100.64.0.0/13",
        "--authorization-mode=Node,RBAC",
        "--anonymous-auth=false",
        "--enable-admission-plugins=NodeRestriction",
        "--enable-bootstrap-token-auth=true",
        "--allow-privileged=true",
        f"--encryption-provider-config={CONFIG}/encryption.yaml",
        f"--audit-policy-file={CONFIG}/audit-policy.yaml",
        "--audit-log-path=/env/logs/kube-apiserver-audit.log",
        "--audit-log-maxsize=10",
        "--audit-log-maxbackup=1",
        "--profiling=false",
    )


def test_kube_controller_manager() -> None:
    assert flags.kube_controller_manager(LAYOUT, SETTINGS) == (
        *_served("kube-controller-manager", 20004),
        "--cluster-name=one.example.test",
        f"--cluster-signing-cert-file={PKI}/ca.crt",
        f"--cluster-signing-key-file={PKI}/ca.key",
        f"--root-ca-file={PKI}/ca.crt",
        f"--service-account-private-key-file={PKI}/service-account.key",
        "--service-cluster-ip-range=100.64.0.0/13",
        "--use-service-account-credentials=true",
        "--controllers=*,bootstrapsigner,tokencleaner",
    )


def test_kube_scheduler() -> None:
    assert flags.kube_scheduler(LAYOUT, SETTINGS) == _served("kube-scheduler", 20005)


def _served(component: str, port: int) -> tuple[str, ...]:
    return (
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={PKI}/{component}-server.crt",
        f"--tls-private-key-file={PKI}/{component}-server.key",
        f"--client-ca-file={PKI}/ca.crt",
        f"--kubeconfig={CONFIG}/{component}.kubeconfig",
        f"--authentication-kubeconfig={CONFIG}/{component}.kubeconfig",
        f"--authorization-kubeconfig={CONFIG}/{component}.kubeconfig",
        "--leader-elect=false",
        "--profiling=false",
    )


@pytest.mark.parametrize(
    ("service_range", "address"),
    [("100.64.0.0/13", "100.64.0.1"), ("10.96.0.0/12", "10.96.0.1"), ("fd00:1::/108", "fd00:1::1")],
)
def test_the_service_kubernetes_has_the_first_address(service_range: str, address: str) -> None:
    assert Settings("c", service_range, {}).api_service_address == address
