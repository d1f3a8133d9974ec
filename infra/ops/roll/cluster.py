"""Nodes and pods, as far as a rolling update needs them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from infra.ops.kube import ClusterRefusedError, Kube
from infra.ops.roll.view import Node
from infra.plan.node.registration import GROUP_LABEL

ANNOTATION = "slipway/roll"
"""Annotation of a node whose drain a rolling update began; its value says since when."""

NEEDS_UPDATE = "slipway/needs-update"
"""Annotation by which anybody asks that a node's machine be replaced."""

TAINT = "slipway/roll-scheduled"
"""Key of the taint, of effect ``PreferNoSchedule``, of nodes that will go."""

_BUDGET = re.compile(r"The disruption budget (\S+) ")


@dataclass(frozen=True)
class Pod:
    """A pod on a node that is to be drained."""

    namespace: str
    name: str
    uid: str
    owner_kind: str
    """Kind of its controller; empty where it has none."""
    owner_name: str
    mirror: bool
    """Whether the kubelet runs it from a file: the API's object is but its mirror."""
    finished: bool
    leaving: bool
    """Whether it is being deleted."""
    empty_dir: bool

    def __str__(self) -> str:
        """Return ``namespace/name``."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Blocker:
    """A pod that would not go."""

    pod: Pod
    reason: str
    budget: str = ""
    """Name of the PodDisruptionBudget that does not allow it."""
    owner: str = ""
    """What the pod belongs to, as ``Deployment web``."""

    def __str__(self) -> str:
        """Return a sentence for the operator."""
        owner = f" of {self.owner}" if self.owner else ""
        budget = f"PodDisruptionBudget {self.pod.namespace}/{self.budget}: " if self.budget else ""
        return f"pod {self.pod}{owner}: {budget}{self.reason}"


class Cluster(Protocol):
    """What a rolling update asks of the cluster. Every method may be called again without harm."""

    def nodes(self, groups: Collection[str] = ()) -> tuple[Node, ...]:
        """Return the nodes that registered under one of these names of instance groups; without any, all."""

    def cordon(self, node: str, since: str) -> None:
        """Keep new pods away from a node and note in it, in the same request, that it is being drained."""

    def taint(self, node: Node, *, on: bool) -> None:
        """Set or remove the taint of nodes that will go; where the node changed meanwhile, nothing is done."""

    def pods(self, node: str) -> tuple[Pod, ...]:
        """Return the pods on a node."""

    def evict(self, pod: Pod) -> Blocker | None:
        """Ask for a pod's eviction; return why not, where it is not allowed now."""

    def owner(self, pod: Pod) -> str:
        """Return what a pod belongs to in the end, as ``Deployment web``."""

    def forget(self, node: str) -> None:
        """Delete the Node object of a machine that is gone."""


class KubeCluster:
    """The :class:`Cluster` behind an API server."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    def nodes(self, groups: Collection[str] = ()) -> tuple[Node, ...]:
        """Return nodes by the label that they registered with."""
        selector = {"labelSelector": f"{GROUP_LABEL} in ({','.join(sorted(groups))})"} if groups else {}
        return tuple(node_of(each) for each in self._kube.items("/api/v1/nodes", **selector))

    def cordon(self, node: str, since: str) -> None:
        """Cordon a node and annotate it."""
        body = {"metadata": {"annotations": {ANNOTATION: since}}, "spec": {"unschedulable": True}}
        self._patch(node, body, unless=(404,))

    def taint(self, node: Node, *, on: bool) -> None:
        """Set or remove the taint. A node's taints are one value, so they are written only if nobody else just did."""
        others = [dict(taint) for taint in node.taints if taint["key"] != TAINT]
        taints = [*others, {"key": TAINT, "effect": "PreferNoSchedule"}] if on else others
        body = {"metadata": {"resourceVersion": node.resource_version}, "spec": {"taints": taints}}
        self._patch(node.name, body, unless=(404, 409))

    def pods(self, node: str) -> tuple[Pod, ...]:
        """Return the pods that are bound to a node."""
        return tuple(pod_of(each) for each in self._kube.items("/api/v1/pods", fieldSelector=f"spec.nodeName={node}"))

    def evict(self, pod: Pod) -> Blocker | None:
        """Ask for an eviction through ``policy/v1``; a pod of that name that is another one by now is left alone."""
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
            "deleteOptions": {"preconditions": {"uid": pod.uid}},
        }
        try:
            self._kube.request("POST", f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/eviction", body=body)
        except ClusterRefusedError as error:
            # 404, 409: it is gone, or another pod has its name. 429: a budget does not allow it now. 500: two
            # budgets cover it, which the API server refuses for good; 403: its namespace is going.
            if error.status in (404, 409):
                return None
            if error.status in (429, 500, 403):
                return _blocker(pod, error.answer, error.value)
            raise
        return None

    def owner(self, pod: Pod) -> str:
        """Return the pod's owner; that of a ReplicaSet or a Job, where it has one of its own."""
        parents = {"ReplicaSet": "apis/apps/v1", "Job": "apis/batch/v1"}
        if pod.owner_kind in parents:
            plural = f"{pod.owner_kind.lower()}s"
            path = f"/{parents[pod.owner_kind]}/namespaces/{pod.namespace}/{plural}/{pod.owner_name}"
            try:
                metadata = self._kube.request("GET", path)["metadata"]
            except ClusterRefusedError:
                metadata = {}
            kind, name = controller_of(metadata)
            if kind:
                return f"{kind} {name}"
        return f"{pod.owner_kind} {pod.owner_name}" if pod.owner_kind else "no controller"

    def forget(self, node: str) -> None:
        """Delete a Node object; it may be gone already."""
        self._kube.request("DELETE", f"/api/v1/nodes/{node}")

    def _patch(self, node: str, body: Mapping[str, Any], *, unless: tuple[int, ...]) -> None:
        # What went or changed meanwhile shows at the next look.
        try:
            self._kube.request("PATCH", f"/api/v1/nodes/{node}", body=body, patch="merge")
        except ClusterRefusedError as error:
            if error.status not in unless:
                raise


def node_of(raw: Mapping[str, Any]) -> Node:
    """Return a Node object as far as it is of interest here."""
    metadata, spec, status = raw["metadata"], raw.get("spec", {}), raw.get("status", {})
    annotations = metadata.get("annotations") or {}
    return Node(
        name=metadata["name"],
        instance_id=spec.get("providerID", "").rpartition("/")[2],
        ready=condition(status, "Ready") == "True",
        cordoned=bool(spec.get("unschedulable")),
        draining=ANNOTATION in annotations,
        needs_update=NEEDS_UPDATE in annotations,
        tainted=any(taint["key"] == TAINT for taint in spec.get("taints") or ()),
        version=status.get("nodeInfo", {}).get("kubeletVersion", ""),
        created=datetime.fromisoformat(metadata["creationTimestamp"]),
        group=(metadata.get("labels") or {}).get(GROUP_LABEL, ""),
        taints=tuple(spec.get("taints") or ()),
        resource_version=metadata.get("resourceVersion", ""),
    )


def condition(status: Mapping[str, Any], kind: str) -> str:
    """Return the status of a condition: ``True``, ``False``, ``Unknown``; empty where there is none."""
    found = (each["status"] for each in status.get("conditions") or () if each["type"] == kind)
    return str(next(found, ""))


def pod_of(raw: Mapping[str, Any]) -> Pod:
    """Return a Pod object as far as it is of interest here."""
    metadata = raw["metadata"]
    kind, name = controller_of(metadata)
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        owner_kind=kind,
        owner_name=name,
        mirror="kubernetes.io/config.mirror" in (metadata.get("annotations") or {}),
        finished=raw.get("status", {}).get("phase") in ("Succeeded", "Failed"),
        leaving="deletionTimestamp" in metadata,
        empty_dir=any("emptyDir" in volume for volume in raw.get("spec", {}).get("volumes") or ()),
    )


def controller_of(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """Return kind and name of an object's controller, by its metadata; both empty where it has none."""
    owners = (each for each in metadata.get("ownerReferences") or () if each.get("controller"))
    return next(((str(each["kind"]), str(each["name"])) for each in owners), ("", ""))


def _blocker(pod: Pod, answer: Mapping[str, Any], message: str) -> Blocker:
    causes = (answer.get("details") or {}).get("causes") or ()
    reason = next((str(each["message"]) for each in causes if each.get("reason") == "DisruptionBudget"), message)
    named = _BUDGET.search(f"{reason} {json.dumps(answer)}")
    return Blocker(pod, reason.rstrip("."), named[1].strip('"') if named else "")
