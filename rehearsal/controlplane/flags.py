"""The command lines of the control plane's components, as pure functions of where files lie and what is
wanted.

The flags are those of a kubeadm control plane (`cmd/kubeadm/app/phases/{controlplane,etcd}` of Kubernetes),
less leader election (each component has one member) and the front proxy (no aggregated API is served), plus
what kops sets: no anonymous requests, no profiling, an audit log; and Secrets encrypted in etcd.
"""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.controlplane.layout import LOOPBACK, Layout, Settings


def etcd(layout: Layout, settings: Settings) -> tuple[str, ...]:
    """Return the flags of the single etcd member, which talks TLS with certificates on both sides."""
    client = f"https://{LOOPBACK}:{settings.ports['etcd-client']}"
    peer = f"https://{LOOPBACK}:{settings.ports['etcd-peer']}"
    certificate, key = str(layout.certificate("etcd")), str(layout.key("etcd"))
    authority = str(layout.certificate("etcd-ca"))
    return _render(
        {
            "name": "a",
            "data-dir": str(layout.etcd_data),
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"a={peer}",
            "initial-cluster-token": settings.cluster_name,
            "cert-file": certificate,
            "key-file": key,
            "trusted-ca-file": authority,
            "client-cert-auth": "true",
            "peer-cert-file": certificate,
            "peer-key-file": key,
            "peer-trusted-ca-file": authority,
            "peer-client-cert-auth": "true",
            "log-level": "warn",
        }
    )


def kube_apiserver(layout: Layout, settings: Settings) -> tuple[str, ...]:
    """Return the flags of the API server."""
    return _render(
        {
            "advertise-address": LOOPBACK,
            "bind-address": LOOPBACK,
            "secure-port": str(settings.ports["kube-apiserver"]),
            # A loopback address may not stand in the endpoints of the service `kubernetes`.
            "endpoint-reconciler-type": "none",
            "etcd-servers": f"https://{LOOPBACK}:{settings.ports['etcd-client']}",
            "etcd-cafile": str(layout.certificate("etcd-ca")),
            "etcd-certfile": str(layout.certificate("apiserver-etcd-client")),
            "etcd-keyfile": str(layout.key("apiserver-etcd-client")),
            "tls-cert-file": str(layout.certificate("apiserver")),
            "tls-private-key-file": str(layout.key("apiserver")),
            "client-ca-file": str(layout.certificate("ca")),
            "kubelet-client-certificate": str(layout.certificate("apiserver-kubelet-client")),
            "kubelet-client-key": str(layout.key("apiserver-kubelet-client")),
            "service-account-issuer": settings.issuer,
            "service-account-key-file": str(layout.pki / "service-account.pub"),
            "service-account-signing-key-file": str(layout.key("service-account")),
            "service-cluster-ip-range": settings.service_range,
            "authorization-mode": "Node,RBAC",
            "anonymous-auth": "false",
            "enable-admission-plugins": "NodeRestriction",
            "enable-bootstrap-token-auth": "true",
            "allow-privileged": "true",
            "encryption-provider-config": str(layout.config / "encryption.yaml"),
            "audit-policy-file": str(layout.config / "audit-policy.yaml"),
            "audit-log-path": str(layout.audit_log),
            "audit-log-maxsize": "10",
            "audit-log-maxbackup": "1",
            "profiling": "false",
        }
    )


def kube_controller_manager(layout: Layout, settings: Settings) -> tuple[str, ...]:
    """Return the flags of the controller manager, which also signs the certificates that kubelets ask for."""
    return _render(
        {
            **_served("kube-controller-manager", layout, settings),
            "cluster-name": settings.cluster_name,
            "cluster-signing-cert-file": str(layout.certificate("ca")),
            "cluster-signing-key-file": str(layout.key("ca")),
            "root-ca-file": str(layout.certificate("ca")),
            "service-account-private-key-file": str(layout.key("service-account")),
            "service-cluster-ip-range": settings.service_range,
            "use-service-account-credentials": "true",
            "controllers": "*,bootstrapsigner,tokencleaner",
        }
    )


def kube_scheduler(layout: Layout, settings: Settings) -> tuple[str, ...]:
    """Return the flags of the scheduler."""
    return _render(_served("kube-scheduler", layout, settings))


def _served(component: str, layout: Layout, settings: Settings) -> dict[str, str]:
    kubeconfig = str(layout.component_kubeconfig(component))
    return {
        "bind-address": LOOPBACK,
        "secure-port": str(settings.ports[component]),
        "tls-cert-file": str(layout.certificate(f"{component}-server")),
        "tls-private-key-file": str(layout.key(f"{component}-server")),
        "client-ca-file": str(layout.certificate("ca")),
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "leader-elect": "false",
        "profiling": "false",
    }


def _render(flags: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"--{name}={value}" for name, value in flags.items())
