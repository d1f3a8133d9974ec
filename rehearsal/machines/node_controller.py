"""Stand-in of the cloud controller manager and of what else a cluster's add-ons do for nodes to be of use.

Images of those add-ons are served by registries, which machines do not reach. What they would do to nodes is done from
outside: addresses, zone, the taint of a node that the cloud has not looked at, nodes whose instances are gone, requests
for kubelets' serving certificates, and the role by which each machine's own kube-proxy reads Services.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rehearsal.machines.facts import Instance
from rehearsal.machines.log import tell
from rehearsal.machines.settings import Settings
from rehearsal.machines.volume_controller import VolumeController
from rehearsal.machines.waiting import Watch
from rehearsal.providers.kubernetes.api import JSON, MERGE_PATCH, ApiClient, ApiError, ClusterUnreachableError
from rehearsal.providers.kubernetes.kubeconfig import load

UNINITIALIZED: Final = "node.cloudprovider.kubernetes.io/uninitialized"
_SERVING: Final = "kubernetes.io/kubelet-serving"
PROXY_BINDING: Final[dict[str, Any]] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "rehearsal:node-proxier"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:node-proxier"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:nodes"}],
}
_POLICIES: Final = "rehearsal:network-policies"
POLICIES_ROLE: Final[dict[str, Any]] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": _POLICIES},
    "rules": [
        {"apiGroups": [""], "resources": ["pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["list", "watch"]},
    ],
}
POLICIES_BINDING: Final[dict[str, Any]] = {
    **PROXY_BINDING,
    "metadata": {"name": _POLICIES},
    "roleRef": {**PROXY_BINDING["roleRef"], "name": _POLICIES},
}


def granted(*, policies: bool) -> tuple[dict[str, Any], ...]:
    """Return what machines are allowed for their own kube-proxy, and for what keeps `policies` if they have it."""
    return (PROXY_BINDING, POLICIES_ROLE, POLICIES_BINDING) if policies else (PROXY_BINDING,)


class NodeController:
    """The stand-in, for the cluster of the environment's kubeconfig."""

    def __init__(self, settings: Settings, ec2: Any) -> None:
        self._zones: dict[str, str] = {}
        self._volumes = VolumeController(ec2, settings.cluster, self._zones.get)
        self._kubeconfig = Path(settings.kubeconfig)
        self._client: ApiClient | None = None
        self._granted = granted(policies=bool(settings.policies))
        self._bound = False
        self._ready: set[str] = set()
        self._watch = Watch(settings.folder)

    def look(self, instances: Mapping[str, Instance], began: Mapping[str, float]) -> None:
        """Do what is to be done now; nothing while the cluster cannot be reached.

        `began` has when each instance was first given its user-data, from which the time to Ready is told.
        """
        if not self._kubeconfig.exists():
            return
        try:
            self._look(instances, began)
        except ClusterUnreachableError:
            self._client = None  # no member answers now
        except ApiError as error:
            tell(f"the cluster refuses: {error}")

    def _look(self, instances: Mapping[str, Instance], began: Mapping[str, float]) -> None:
        if not self._bound:
            self._grant()
        for node in self._call("GET", "/api/v1/nodes")["items"]:
            name = node["metadata"]["name"]
            if name not in instances:
                tell(f"{name}: its instance is gone, and so is its node")
                self._call("DELETE", f"/api/v1/nodes/{name}")
                continue
            self._adopt(node, instances[name])
            self._note_ready(node, began)
        for request in self._call("GET", "/apis/certificates.k8s.io/v1/certificatesigningrequests")["items"]:
            self._approve(request, instances)
        self._zones.update({name: each.zone for name, each in instances.items()})
        self._volumes.look(self._call)
        if self._watch.due():
            self._watch.look(self._call("GET", "/api/v1/pods")["items"])

    def _adopt(self, node: Mapping[str, Any], instance: Instance) -> None:
        name = instance.identity
        addresses = [
            {"type": "InternalIP", "address": str(instance.primary.address)},
            {"type": "Hostname", "address": name},
        ]
        if node["status"].get("addresses") != addresses:
            self._patch(f"/api/v1/nodes/{name}/status", {"status": {"addresses": addresses}})
        taints = node["spec"].get("taints") or []
        kept = [taint for taint in taints if taint["key"] != UNINITIALIZED]
        if len(kept) == len(taints) and node["metadata"]["labels"].get("topology.kubernetes.io/zone") == instance.zone:
            return
        labels = {
            "node.kubernetes.io/instance-type": instance.machine_type,
            "topology.kubernetes.io/region": instance.region,
            "topology.kubernetes.io/zone": instance.zone,
        }
        spec: dict[str, Any] = {"taints": kept}
        if not node["spec"].get("providerID"):
            spec["providerID"] = f"aws:///{instance.zone}/{name}"
        self._patch(f"/api/v1/nodes/{name}", {"metadata": {"labels": labels}, "spec": spec})

    def _note_ready(self, node: Mapping[str, Any], began: Mapping[str, float]) -> None:
        name = node["metadata"]["name"]
        ready = any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"])
        if ready and name not in self._ready:
            self._ready.add(name)
            took = f"{time.time() - began[name]:.0f} s after it read its user-data" if name in began else "again"
            tell(f"{name}: node is Ready, {took}")

    def _approve(self, request: Mapping[str, Any], instances: Mapping[str, Instance]) -> None:
        spec, name = request["spec"], request["metadata"]["name"]
        if spec["signerName"] != _SERVING or request.get("status", {}).get("conditions"):
            return
        if spec["username"].removeprefix("system:node:") not in instances:
            return
        condition = {"type": "Approved", "status": "True", "reason": "Rehearsal", "message": "an instance of this run"}
        path = f"/apis/certificates.k8s.io/v1/certificatesigningrequests/{name}/approval"
        self._call("PUT", path, {**request, "status": {"conditions": [condition]}})

    def _grant(self) -> None:
        for each in self._granted:
            path = f"/apis/rbac.authorization.k8s.io/v1/{each['kind'].lower()}s"
            known = {known["metadata"]["name"] for known in self._call("GET", path)["items"]}
            if each["metadata"]["name"] not in known:
                self._call("POST", path, each)
        self._bound = True

    def _patch(self, path: str, patch: Mapping[str, Any]) -> None:
        self._call("PATCH", path, patch, MERGE_PATCH)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, kind: str = JSON) -> dict[str, Any]:
        if self._client is None:
            self._client = ApiClient(load(str(self._kubeconfig), {}))
        return self._client.request(method, path, body=body, content_type=kind)
