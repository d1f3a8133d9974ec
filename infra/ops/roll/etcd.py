"""Whether etcd can do without a member, asked before one is replaced, and whether it is whole, asked after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from infra.ops.errors import CredentialsError
from infra.ops.kube import ClusterUnreachableError, Kube
from infra.ops.roll.cluster import condition

POD_SELECTOR = "component=etcd,tier=control-plane"
"""Labels of kubeadm's etcd pods (``GetEtcdPodSpec`` in ``cmd/kubeadm/app/phases/etcd``)."""


@dataclass(frozen=True)
class EtcdReport:
    """What is known of etcd."""

    answers: bool
    """Whether the API server reaches a store that commits (its readyz checks ``etcd`` and ``etcd-readiness``)."""
    healthy: frozenset[str]
    """Nodes whose member is ready."""
    unhealthy: frozenset[str]
    """Nodes whose member is not."""
    visible: bool
    """Whether members show in the cluster at all: as pods of ``kube-system``."""


class EtcdHealth(Protocol):
    """Where etcd's health is learnt."""

    def report(self) -> EtcdReport:
        """Return what is known of etcd now."""


class ApiServerEtcdHealth:
    """etcd as the API server sees it, and its members as their kubelets see them.

    A member's own port is open to the control plane alone. Its pod's readiness is what the kubelet on its machine gets
    from the member's ``/readyz``, which includes a linearizable read: a member without a leader is not ready.
    """

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    def report(self) -> EtcdReport:
        """Return what is known of etcd now; an API server that answers with failed checks is an answer.

        Raises:
            CredentialsError: who asks may not look at its health.
            ClusterUnreachableError: what answers, as a proxy in between, names no check.
        """
        status, text = readiness(self._kube)
        if status >= 400 and not any(mark in text for mark in ("[+]", "[-]")):
            raise ClusterUnreachableError("cannot ask for etcd's checks", f"HTTP {status}", "check the way to the API")
        failed = {name for name in failed_checks(text) if name.startswith("etcd")}
        if failed or "[+]etcd ok" not in text:
            return EtcdReport(False, frozenset(), frozenset(), False)
        pods = self._kube.items("/api/v1/namespaces/kube-system/pods", labelSelector=POD_SELECTOR)
        state = {
            pod.get("spec", {}).get("nodeName", ""): condition(pod.get("status", {}), "Ready") == "True" for pod in pods
        }
        return EtcdReport(
            True,
            frozenset(node for node, ready in state.items() if ready),
            frozenset(node for node, ready in state.items() if not ready),
            bool(pods),
        )


def readiness(kube: Kube) -> tuple[int, str]:
    """Return status and text of the API server's readiness, check by check.

    Raises:
        CredentialsError: who asks may not look at it.
        ClusterUnreachableError: there is no answer.
    """
    status, text = kube.raw("GET", "/readyz", query={"verbose": "true"})
    if status in (401, 403):
        raise CredentialsError("cannot look at the API server's health", f"HTTP {status}", "renew the kubeconfig")
    return status, text


def failed_checks(text: str) -> tuple[str, ...]:
    """Return the names of the checks that failed, from a verbose health answer of a Kubernetes component."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line[3:].split(" ")[0] for line in lines if line.startswith("[-]"))


def problem(report: EtcdReport, members: int, *, lose: str = "") -> str:
    """Return why etcd of ``members`` members cannot lose the one on node ``lose`` (or, without one, is not whole).

    With one member there is no quorum to keep: its replacement stops the API and starts it again with the same data.
    """
    if not report.answers:
        return "the API server's etcd checks fail"
    if not report.visible:
        return ""
    if not lose:
        bad = sorted(report.unhealthy)
        return (
            f"{len(report.healthy)} of {members} etcd members are healthy"
            + (f" (not: {', '.join(bad)})" if bad else "")
            if len(report.healthy) < members
            else ""
        )
    rest, quorum = len(report.healthy - {lose}), members // 2 + 1
    if members > 1 and rest < quorum:
        return f"without {lose} only {rest} of {members} etcd members would be healthy, and a quorum is {quorum}"
    return ""
