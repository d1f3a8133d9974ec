"""A stand-in for a kubelet: it writes into the status of pods, and into events, what a kubelet would. It runs nothing.

Pods are bound by the real scheduler to nodes that exist as objects alone. The forms of what is written are those of
Kubernetes 1.37 (``pkg/kubelet/images``, ``pkg/kubelet/prober``, ``pkg/kubelet/kuberuntime``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra.ops.kube import Kube
from rehearsal.standin_nodes import LEASES, Running, api_time, node_of

Pod = dict[str, Any]


class StandInKubelet:
    """The kubelets of a few nodes without machines."""

    def __init__(self, kube: Kube, zones: Sequence[str]) -> None:
        self.kube = kube
        self.nodes = [f"node-{number}.internal" for number in range(len(zones))]
        for number, zone in enumerate(zones):
            self._register(f"node-{number}.internal", Running(f"i-{number}", zone, "nodes", "Node"))

    def _register(self, name: str, machine: Running) -> None:
        self.kube.request("POST", "/api/v1/nodes", body=node_of(name, machine))
        self.kube.request(
            "POST",
            LEASES,
            body={
                "metadata": {"name": name},
                "spec": {
                    "holderIdentity": name,
                    "leaseDurationSeconds": 3600,
                    "renewTime": api_time("microseconds"),
                },
            },
        )
        amounts = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "50Gi"}
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": api_time()}
        status = {"conditions": [ready], "capacity": amounts, "allocatable": amounts}
        self.kube.request("PATCH", f"/api/v1/nodes/{name}/status", body={"status": status})

    def renew(self) -> None:
        """Renew the leases of the nodes: one that is not renewed for 50 s is not ready, and its pods are not either."""
        for name in self.nodes:
            self.kube.request("PATCH", f"{LEASES}/{name}", body={"spec": {"renewTime": api_time("microseconds")}})

    def pods(self, namespace: str, workload: str) -> list[Pod]:
        """Return the pods of a workload that are not on their way out."""
        selector = f"app.kubernetes.io/name={workload}"
        found = self.kube.items(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def bound(self, namespace: str, workload: str, count: int) -> list[Pod]:
        """Return a workload's pods once there are ``count``, each with a node."""

        def found() -> list[Pod]:
            return [pod for pod in self.pods(namespace, workload) if pod["spec"].get("nodeName")]

        wait_for(lambda: len(found()) == count, f"{count} bound pods of {workload}")
        return found()

    def status(self, pod: Pod, phase: str, state: Mapping[str, Any], *, ready: bool = False, **more: Any) -> None:
        """Write a pod's status: its phase, and this state of its only container."""
        (container,) = pod["spec"]["containers"]
        written = {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0}
        truth = "True" if ready else "False"
        conditions = [
            {"type": each, "status": truth, "lastTransitionTime": api_time()} for each in ("Ready", "ContainersReady")
        ]
        body = {
            "phase": phase,
            "conditions": conditions,
            "containerStatuses": [{**written, "ready": ready, "state": dict(state), **more}],
        }
        place = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}/status"
        self.kube.request("PATCH", place, body={"status": body}, patch="strategic-merge")

    def ready(self, pod: Pod) -> None:
        """Write that the pod runs and is ready."""
        self.status(pod, "Running", {"running": {"startedAt": api_time()}}, ready=True, started=True)

    def waits(self, pod: Pod, reason: str, message: str = "", **more: Any) -> None:
        """Write that the container waits."""
        state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
        self.status(pod, "Pending", state, started=False, **more)

    def says(self, pod: Pod, reason: str, message: str, *, container: bool = False) -> None:
        """Write an event of type Warning about the pod, or about its container."""
        meta = pod["metadata"]
        involved = {key: meta[key] for key in ("namespace", "name", "uid")}
        if container:
            involved["fieldPath"] = f"spec.containers{{{pod['spec']['containers'][0]['name']}}}"
        event = {
            "metadata": {"generateName": f"{meta['name']}.", "namespace": meta["namespace"]},
            "involvedObject": {"apiVersion": "v1", "kind": "Pod", **involved},
            "type": "Warning",
            "reason": reason,
            "message": message,
            "source": {"component": "kubelet", "host": pod["spec"].get("nodeName", "")},
            "firstTimestamp": api_time(),
            "lastTimestamp": api_time(),
            "count": 1,
        }
        self.kube.request("POST", f"/api/v1/namespaces/{meta['namespace']}/events", body=event)


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"no {what} within {seconds:.0f} s"
        time.sleep(0.1)
