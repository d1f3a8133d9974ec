"""Environments of a wanted size."""

from __future__ import annotations

from typing import Any

ACCOUNT = "123456789012"
ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")


def environment(groups: int) -> dict[str, Any]:
    """Return a production-like environment over 3 zones with ``groups`` instance groups, 3 of them control plane.

    Raises:
        ValueError: fewer than 4 groups.
    """
    if groups < 4:
        raise ValueError(f"{groups} groups: at least 4 are needed, 3 control-plane members and a worker group")
    members = [
        {"name": f"control-plane-{zone[-1]}", "role": "ControlPlane", "machineType": "m7i.large", "zones": [zone]}
        for zone in ZONES
    ]
    workers = [
        {
            "name": f"nodes-{number:04d}",
            "role": "Node",
            "machineType": "m7i.large",
            "minSize": 0,
            "maxSize": 6,
            "nodeLabels": {"example.com/pool": f"pool-{number}"},
        }
        for number in range(groups - len(members))
    ]
    return {
        "accountId": ACCOUNT,
        "region": ZONES[0][:-1],
        "state": {"bucket": f"slipway-benchmark-{groups}"},
        "network": {"cidr": "10.20.0.0/16", "zones": list(ZONES), "nat": "perZone"},
        "cluster": {"name": "bench.example.com", "kubernetesVersion": "1.37.2"},
        "instanceGroups": [*members, *workers],
    }
