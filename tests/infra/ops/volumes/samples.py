"""A cluster's claims as its API server lists them, and an API server that answers with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.ops.kube import ClusterRefusedError
from infra.ops.volumes.view import DRIVER

LISTS = {
    "persistentvolumes": "/api/v1/persistentvolumes",
    "persistentvolumeclaims": "/api/v1/persistentvolumeclaims",
    "pods": "/api/v1/pods",
    "storageclasses": "/apis/storage.k8s.io/v1/storageclasses",
}


def volume(
    name: str = "pvc-1", handle: str = "vol-1", *, zone: str = "eu-central-1a", claim: str = "data-store-0",
    uid: str | None = "u1", reclaim: str = "Delete", driver: str = DRIVER, key: str = "topology.kubernetes.io/zone",
) -> dict[str, Any]:  # fmt: skip
    reference = {"namespace": "shop", "name": claim, **({"uid": uid} if uid else {})}
    terms = [{"matchExpressions": [{"key": "other", "values": ["x"]}, {"key": key, "values": [zone]}]}]
    return {
        "metadata": {"name": name},
        "spec": {
            "csi": {"driver": driver, "volumeHandle": handle, "fsType": "xfs"},
            "persistentVolumeReclaimPolicy": reclaim,
            "claimRef": reference,
            "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
        },
    }


def claim(
    name: str = "data-store-0", volume: str = "pvc-1", *, namespace: str = "shop", size: str = "10Gi"
) -> dict[str, Any]:
    bound = {"phase": "Bound", "capacity": {"storage": size}} if volume else {"phase": "Pending"}
    return {
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "accessModes": ["ReadWriteOncePod"],
            "resources": {"requests": {"storage": "8Gi"}},
            "storageClassName": "gp3",
            **({"volumeName": volume} if volume else {}),
        },
        "status": bound,
    }


def pod(name: str, *claims: str, namespace: str = "shop") -> dict[str, Any]:
    volumes = [{"name": each, "persistentVolumeClaim": {"claimName": each}} for each in claims]
    return {
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"volumes": [{"name": "x", "emptyDir": {}}, *volumes]},
    }


class Api:
    """Lists what it was given, and remembers what it was asked to change."""

    def __init__(self, **lists: list[dict[str, Any]]) -> None:
        self.lists = {LISTS[kind]: found for kind, found in lists.items()}
        self.asked: list[tuple[str, str, Any]] = []
        self.queries: dict[str, Mapping[str, str]] = {}
        self.gone_after = 0
        """Looks at a deleted claim that still find it."""

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        self.queries[path] = query
        return self.lists.get(path, [])

    def request(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        self.asked.append((method, path, body))
        volumes = self.lists.setdefault(LISTS["persistentvolumes"], [])
        if method == "POST":
            if any(each["metadata"]["name"] == body["metadata"]["name"] for each in volumes):
                raise ClusterRefusedError("cannot POST", 409, {"message": "already exists"})
            volumes.append(body)
        return {}

    def raw(self, method: str, path: str) -> tuple[int, str]:
        assert (method, path) == ("GET", "/api/v1/namespaces/shop/persistentvolumeclaims/data-store-0")
        self.gone_after -= 1
        return (200 if self.gone_after >= 0 else 404), ""
