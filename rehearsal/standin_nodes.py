"""A stand-in for machines: a node for every instance of the AWS stand-in, on a real API server, with no machine behind.

It does what a kubelet does as far as a rolling update can see: it registers a Node some time after its instance was
launched, renews its lease, reports pods that are bound to it as running, and removes pods that are being deleted. When
the instance ends it falls silent. It runs no container.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from infra.ops.errors import OpsError
from infra.ops.kube import ClusterRefusedError, Kube
from infra.plan.node.registration import GROUP_LABEL, ROLE_LABEL, ROLE_TAINTS

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_LEASE_SECONDS = 10.0
"""Between two renewals, as the kubelet (a quarter of its lease of 40 s)."""


@dataclass(frozen=True)
class Running:
    """A running instance, by its tags."""

    id: str
    zone: str
    group: str
    role: str


@dataclass
class StandInMachines:
    """The machines of one environment, each step of theirs done by :meth:`tick`."""

    ec2: Any
    """EC2 client of the AWS stand-in."""
    kube: Kube
    version: str
    """Kubernetes version that the nodes report."""
    boot_seconds: float = 1.0
    """From an instance's launch to its ready node."""
    end_seconds: float = 0.2
    """From a pod's deletion to its end."""
    broken: Callable[[Running], bool] = field(default=lambda _: False)
    """Whether an instance never becomes a node."""
    _seen: dict[str, float] = field(default_factory=dict)
    _nodes: dict[str, str] = field(default_factory=dict)
    _leases: dict[str, float] = field(default_factory=dict)
    _ending: dict[str, float] = field(default_factory=dict)

    def tick(self) -> None:
        """Do what is due on every machine."""
        now = time.monotonic()
        running = {each.id: each for each in self._running()}
        for name in [name for identity, name in self._nodes.items() if identity not in running]:
            self._leases.pop(name, None)
        self._nodes = {identity: name for identity, name in self._nodes.items() if identity in running}
        for identity, machine in running.items():
            booted = now - self._seen.setdefault(identity, now) >= self.boot_seconds
            if booted and identity not in self._nodes and not self.broken(machine):
                self._nodes[identity] = self._register(machine)
        for name in self._nodes.values():
            if now - self._leases.get(name, 0.0) > _LEASE_SECONDS:
                self._renew(name)
                self._leases[name] = now
        self._run_pods(now)

    def _running(self) -> Iterable[Running]:
        filters = [{"Name": "instance-state-name", "Values": ["running"]}]
        for page in self.ec2.get_paginator("describe_instances").paginate(Filters=filters):
            for reservation in page["Reservations"]:
                for instance in reservation["Instances"]:
                    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", ())}
                    if GROUP_LABEL in tags:
                        zone = instance["Placement"]["AvailabilityZone"]
                        yield Running(instance["InstanceId"], zone, tags[GROUP_LABEL], tags.get(ROLE_LABEL, "Node"))

    def _register(self, machine: Running) -> str:
        name = f"{machine.id}.{machine.zone}.internal"
        self._made("/api/v1/nodes", node_of(name, machine))
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": api_time()}
        status = {
            "conditions": [ready],
            "nodeInfo": {"kubeletVersion": f"v{self.version}"},
            "capacity": {"cpu": "4", "memory": "16Gi", "pods": "110"},
            "allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110"},
        }
        self.kube.request("PATCH", f"/api/v1/nodes/{name}/status", body={"status": status})
        return name

    def _renew(self, name: str) -> None:
        spec = {
            "holderIdentity": name,
            "leaseDurationSeconds": 40,
            "renewTime": api_time("microseconds"),
        }
        if not self._made(LEASES, {"metadata": {"name": name}, "spec": spec}):
            self.kube.request("PATCH", f"{LEASES}/{name}", body={"spec": spec})

    def _run_pods(self, now: float) -> None:
        mine = set(self._nodes.values())
        for pod in self.kube.items("/api/v1/pods"):
            if pod.get("spec", {}).get("nodeName") not in mine:
                continue
            metadata = pod["metadata"]
            path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
            if "deletionTimestamp" in metadata:
                if now - self._ending.setdefault(metadata["uid"], now) >= self.end_seconds:
                    self.kube.request("DELETE", path, body={"gracePeriodSeconds": 0})
            elif pod.get("status", {}).get("phase") == "Pending":
                conditions = [{"type": each, "status": "True"} for each in ("Ready", "ContainersReady", "PodScheduled")]
                body = {"status": {"phase": "Running", "conditions": conditions}}
                try:
                    self.kube.request("PATCH", f"{path}/status", body=body)
                except ClusterRefusedError as error:
                    if error.status not in (404, 409):
                        raise

    def _made(self, path: str, body: dict[str, Any]) -> bool:
        try:
            self.kube.request("POST", path, body=body)
        except ClusterRefusedError as error:
            if error.status != 409:
                raise
            return False
        return True


def node_of(name: str, machine: Running) -> dict[str, Any]:
    """Return the Node that a machine registers.

    Its labels and its role's taint are such as decide where the scheduler puts pods: without ``kubernetes.io/hostname``
    it leaves a node out of spreading, and without its taint a control plane would run workloads.
    """
    labels = {
        "kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": machine.zone,
        GROUP_LABEL: machine.group,
        ROLE_LABEL: machine.role,
    }
    spec: dict[str, Any] = {"providerID": f"aws:///{machine.zone}/{machine.id}"}
    if taint := ROLE_TAINTS.get(machine.role):
        spec["taints"] = [asdict(taint)]
    return {"metadata": {"name": name, "labels": labels}, "spec": spec}


def api_time(precision: str = "seconds") -> str:
    """Return the time as the API has it; that of a lease has microseconds."""
    return datetime.now(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


class Runner:
    """Ticks machines from a thread of its own, until it is stopped."""

    def __init__(self, machines: StandInMachines, every: float = 0.1) -> None:
        self._machines, self._every = machines, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="machines", daemon=True)
        self.seconds = 0.0
        """Time spent in ticks so far."""
        self.failures: list[str] = []
        """What went wrong in ticks: the API server may be away for a while."""

    def __enter__(self) -> Runner:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            began = time.monotonic()
            try:
                self._machines.tick()
            except OpsError as error:
                self.failures.append(str(error))
            self.seconds += time.monotonic() - began
