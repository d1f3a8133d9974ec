"""Draining a node, one look at a time: what goes, what stays, and what will not go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.ops.roll.cluster import Blocker, Cluster, Pod
from infra.ops.roll.view import Node


@dataclass(frozen=True)
class DrainOptions:
    """What may be lost in a drain; as kubectl drain's flags of these meanings."""

    delete_empty_dir_data: bool = True
    """``--delete-emptydir-data``. On, as in kops: an emptyDir lives no longer than its pod by definition."""
    delete_unmanaged: bool = False
    """``--force``: evict pods that no controller would start again elsewhere. kops does; kubectl, and Slipway, do not
    unless told to."""


@dataclass(frozen=True)
class Sorted:
    """The pods of a node by what becomes of them."""

    evict: tuple[Pod, ...]
    leaving: tuple[Pod, ...]
    refused: tuple[Blocker, ...]
    """Those that the options do not allow to be evicted."""


@dataclass(frozen=True)
class Drained:
    """Where the drain of a node stands."""

    remaining: int
    """Pods that must still go."""
    blockers: tuple[Blocker, ...]
    evicted: int
    """Evictions accepted just now."""

    @property
    def done(self) -> bool:
        """Whether nothing is left to wait for."""
        return self.remaining == 0


def sort_pods(pods: Sequence[Pod], options: DrainOptions) -> Sorted:
    """Sort the pods of a node, as ``kubectl drain`` filters them (``k8s.io/kubectl/pkg/drain/filters.go``)."""
    evict, leaving, refused = [], [], []
    for pod in pods:
        if pod.mirror or pod.owner_kind == "DaemonSet":
            continue  # they end with the machine: the kubelet, or their controller, would start them here again
        if pod.leaving:
            leaving.append(pod)
        elif pod.finished:
            evict.append(pod)
        elif not pod.owner_kind and not options.delete_unmanaged:
            refused.append(Blocker(pod, "no controller would start it again elsewhere (--delete-unmanaged evicts it)"))
        elif pod.empty_dir and not options.delete_empty_dir_data:
            refused.append(Blocker(pod, "its emptyDir would be lost (--delete-emptydir-data evicts it)"))
        else:
            evict.append(pod)
    return Sorted(tuple(evict), tuple(leaving), tuple(refused))


def advance(cluster: Cluster, node: Node, options: DrainOptions) -> Drained:
    """Ask once for the eviction of every pod that must go, and say where the drain stands.

    A budget's refusal is no error: the next call asks again. On a node that is not ready no kubelet ends pods, so
    evictions that were accepted are not waited for there.
    """
    found = sort_pods(cluster.pods(node.name), options)
    blockers = list(found.refused)
    evicted = 0
    for pod in found.evict:
        refusal = cluster.evict(pod)
        if refusal is None:
            evicted += 1
        else:
            blockers.append(refusal)
    waited = len(found.leaving) + evicted if node.ready else 0
    return Drained(waited + len(blockers), tuple(blockers), evicted)
