"""Environments for the end-to-end tests: small, valid, and varied by the tests."""

from __future__ import annotations

import copy
from typing import Any

REGION = "eu-central-1"
ACCOUNT = "111122223333"


def small(name: str, **change: Any) -> dict[str, Any]:
    """Return an environment of one zone and two groups with nothing in the cluster, changed by keyword at its top."""
    spec: dict[str, Any] = {
        "accountId": ACCOUNT,
        "region": REGION,
        "state": {"bucket": f"slipway-e2e-{name}"},
        "network": {"cidr": "10.30.0.0/16", "zones": [f"{REGION}a", f"{REGION}b"], "nat": "single"},
        "cluster": {"name": f"{name}.example.com", "kubernetesVersion": "1.37.2", "addons": {"managed": False}},
        "logging": {"enabled": False},
        "monitoring": {"enabled": False},
        "instanceGroups": [
            {"name": "control-plane-a", "role": "ControlPlane", "machineType": "m7i.large", "zones": [f"{REGION}a"]},
            {"name": "nodes", "role": "Node", "machineType": "m7i.large", "minSize": 1, "maxSize": 3},
        ],
    }
    return {**spec, **change}


def with_group(spec: dict[str, Any], which: str, /, **change: Any) -> dict[str, Any]:
    """Return a copy of ``spec`` in which the named group is changed by keyword."""
    changed = copy.deepcopy(spec)
    (group,) = (group for group in changed["instanceGroups"] if group["name"] == which)
    group.update(change)
    return changed


def without_group(spec: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a copy of ``spec`` that no longer declares the named group."""
    changed = copy.deepcopy(spec)
    changed["instanceGroups"] = [group for group in changed["instanceGroups"] if group["name"] != name]
    return changed
