"""The control plane: the API server's own checks, and the pods that the control plane's machines run."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from infra.ops.kube import Kube
from infra.ops.roll.cluster import condition
from infra.ops.roll.etcd import failed_checks, readiness
from infra.ops.validate.findings import Finding

CHECK = "control plane"
_PROVIDER = "kms-provider"
"""How the check of a provider of KMS begins (``k8s.io/apiserver``, ``encryptionconfig/config.go``)."""

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
"""What kubeadm runs as static pods on each member, beside etcd, with these values of the label ``component``."""


def check_control_plane(kube: Kube, members: int, ignored: Collection[str] = ()) -> Iterator[Finding]:
    """Yield what is wrong with the control plane of ``members`` machines, not counting those of ``ignored`` nodes.

    Where no component shows as a pod (they may run outside the cluster), the API server's checks alone are judged.

    Raises:
        CredentialsError: who asks may not look at its health.
    """
    status, text = readiness(kube)
    if status != 200:
        yield _not_ready(failed_checks(text), status)
        return
    selector = f"tier=control-plane,component in ({','.join(COMPONENTS)})"
    pods = kube.items("/api/v1/namespaces/kube-system/pods", labelSelector=selector)
    ready = dict.fromkeys(COMPONENTS, 0)
    for pod in pods:
        if pod.get("spec", {}).get("nodeName") in ignored:
            continue
        component = pod["metadata"]["labels"]["component"]
        if condition(pod.get("status", {}), "Ready") == "True":
            ready[component] += 1
        else:
            yield Finding(
                CHECK, "invalid", f"pod kube-system/{pod['metadata']['name']}", "is not ready", "read its log"
            )
    for component, count in ready.items():
        if pods and count < members - len(ignored):
            problem = f"{count} of {members - len(ignored)} are ready"
            yield Finding(CHECK, "invalid", component, problem, "see the control plane's machines")


def _not_ready(failed: tuple[str, ...], status: int) -> Finding:
    """Return what keeps an API server from being ready: its failed checks, by their names."""
    problem = f"is not ready: {', '.join(failed) or f'HTTP {status}'}"
    if failed and all(name.startswith(_PROVIDER) for name in failed):
        problem += ": AWS KMS wraps no keys of Secrets for it"
        return Finding(CHECK, "invalid", "the API server", problem, "see docs/encrypt-secrets.md, When it fails")
    return Finding(CHECK, "invalid", "the API server", problem, "read its log")
