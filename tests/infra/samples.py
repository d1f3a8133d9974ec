"""A small valid environment for tests, and a way to vary it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from infra.spec import EnvironmentSpec, from_mapping

ENVIRONMENT: dict[str, Any] = {
    "accountId": "111122223333",
    "region": "eu-central-1",
    "tags": {"team": "platform"},
    "state": {"bucket": "acme-slipway-test"},
    "network": {"cidr": "10.20.0.0/16", "zones": ["eu-central-1a", "eu-central-1b", "eu-central-1c"]},
    "cluster": {"name": "test.example.com", "kubernetesVersion": "1.37.2"},
    "instanceGroups": [
        {"name": "control-plane-a", "role": "ControlPlane", "machineType": "m7i.large", "zones": ["eu-central-1a"]},
        {"name": "nodes", "role": "Node", "machineType": "m7i.large", "minSize": 2, "maxSize": 6},
        {"name": "edge", "role": "Edge", "machineType": "t3.medium", "minSize": 2, "maxSize": 4},
    ],
}

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBPDCB46ADAgECAhQxxU/8Vft1CBNCr1LYELVX5YbWXTAKBggqhkjOPQQDAjAU
MRIwEAYDVQQDDAljYS1zYW1wbGUwHhcNMjYxMTMwMDMzMTM3WhcNMjYxMjAxMDMz
NjM3WjAUMRIwEAYDVQQDDAljYS1zYW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAAQgYoxreuoUClQanGj5L+v8bbXfpTswY8Uo7uINarQiwC3voRV9nBddK90K
5lQAG2TUDfxab6zQQFESw5DW9yC5oxMwETAPBgNVHRMBAf8EBTADAQH/MAoGCCqG
SM49BAMCA0gAMEUCIQCxO/LKHRE6fb8fL4H0g4FUm79VFHT1HIiNzLNjE0XSRAIg
SsTK+FZG0VdgG3cI06QUEiFiVfyyDI6HMii7lErVhYY=
-----END CERTIFICATE-----
"""
"""A CA's certificate that nobody has the key of."""


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``change`` laid over it: mappings merge, everything else is replaced."""
    result = copy.deepcopy(dict(base))
    for key, value in change.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def sample_mapping(**change: Any) -> dict[str, Any]:
    """Return the sample environment as YAML would give it, changed by keyword (``network={"nat": "single"}``)."""
    return merged(ENVIRONMENT, change)


def sample_spec(**change: Any) -> EnvironmentSpec:
    """Return the sample environment, changed by keyword."""
    return from_mapping(sample_mapping(**change), "test")


def group_mapping(name: str = "nodes", **change: Any) -> dict[str, Any]:
    """Return one worker group, changed by keyword."""
    return {"name": name, "role": "Node", "machineType": "m7i.large", "minSize": 2, "maxSize": 6, **change}


def with_group(**change: Any) -> EnvironmentSpec:
    """Return the sample environment with its group ``nodes`` changed by keyword; None removes a key."""
    group = {key: value for key, value in group_mapping(**change).items() if value is not None}
    groups = [g if g["name"] != "nodes" else group for g in ENVIRONMENT["instanceGroups"]]
    # Its stores need a worker without taints, which a changed group need not be.
    return sample_spec(instanceGroups=groups, monitoring={"enabled": False})


def pod_network(cni: str) -> dict[str, str]:
    """The settings of a cluster with a pod network, what it does with NetworkPolicies acknowledged."""
    return {"cni": cni} if cni == "cilium" else {"cni": cni, "networkPolicies": "notEnforced"}
