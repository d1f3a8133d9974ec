"""Memory pressure on a node's pods, reached with as little memory as it takes."""

from __future__ import annotations

import time

from tests.e2e.machine_cluster import Cluster, eventually

_SIZES = {"cpu": "10m", "memory": "200Mi"}
CLASSES: dict[str, dict[str, dict[str, str]]] = {
    "besteffort": {},
    "burstable": {"requests": {"cpu": "10m", "memory": "64Mi"}},
    "modest": {"requests": _SIZES},
    "guaranteed": {"requests": _SIZES, "limits": _SIZES},
}
"""Resources of pods, in the order in which they are evicted; the last two are not."""
THRESHOLD_MIB = 100
"""`memory.available` of the kubelet's evictionHard, which also holds for what all pods together may have."""
_REST_MIB = 40


class Pressure:
    """Pods of a node, whose web servers eat memory when they are asked to."""

    def __init__(self, cluster: Cluster, node: str, pods: tuple[str, ...]) -> None:
        self._cluster = cluster
        self._node = node
        self._pods = pods

    def phases(self) -> dict[str, str]:
        """Return the phase of each pod, or the reason that stands with it."""
        found = {each["metadata"]["name"]: each["status"] for each in self._cluster.get("pods")["items"]}
        return {name: found[name].get("reason", found[name]["phase"]) for name in self._pods}

    def eat(self, pod: str, mib: int) -> None:
        """Have a pod eat, and wait until the kubelet has seen it: by what it saw last it chooses whom to evict."""
        wanted = self._has(pod) + mib
        self._cluster.ask(pod, "eat", mib=mib)
        eventually(lambda: True if self._has(pod) >= wanted else None, 60, f"{pod} is seen to have {wanted} MiB")

    def fill(self, pod: str) -> tuple[float, int]:
        """Have a pod eat until half of the threshold is left; return the seconds until it is evicted, and MiB eaten."""
        left = self._cluster.memory_mib(self._node) - THRESHOLD_MIB
        self.eat(pod, left - _REST_MIB)
        last = _REST_MIB + THRESHOLD_MIB // 2
        began = time.monotonic()
        self._cluster.ask(pod, "eat", mib=last)
        eventually(lambda: True if self.phases()[pod] == "Evicted" else None, 90, f"{pod} is evicted")
        return time.monotonic() - began, left - _REST_MIB + last

    def _has(self, pod: str) -> int:
        return self._cluster.memory_mib(self._node, pod)
