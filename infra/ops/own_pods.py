"""The pods that Slipway's workloads have in a namespace, and what was said of them."""

from __future__ import annotations

from typing import Any

from infra.ops.kube import Kube

OURS = "app.kubernetes.io/managed-by=slipway"
"""Selects what the program made."""

Objects = list[dict[str, Any]]


def pods_and_warnings(kube: Kube, namespace: str) -> tuple[Objects, Objects]:
    """Return the pods of Slipway's workloads in a namespace, and the namespace's events of type ``Warning``.

    Raises:
        OpsError: the API server cannot be asked.
    """
    core = f"/api/v1/namespaces/{namespace}"
    return (
        kube.items(f"{core}/pods", labelSelector=OURS),
        kube.items(f"{core}/events", fieldSelector="type=Warning"),
    )
