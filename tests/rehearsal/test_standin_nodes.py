"""The stand-in nodes register as the kubelets of their role would."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.standin_nodes import Running, node_of

CONTROL_PLANE = {"key": "node-role.kubernetes.io/control-plane", "value": "", "effect": "NoSchedule"}
EDGE = {"key": "slipway/role", "value": "Edge", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("role", "taints"),
    [("Node", {}), ("ControlPlane", {"taints": [CONTROL_PLANE]}), ("Edge", {"taints": [EDGE]})],
)
def test_what_a_machine_registers(role: str, taints: dict[str, Any]) -> None:
    assert node_of("i-1.internal", Running("i-1", "eu-central-1a", "blue", role)) == {
        "metadata": {
            "name": "i-1.internal",
            "labels": {
                "kubernetes.io/hostname": "i-1.internal",
                "topology.kubernetes.io/zone": "eu-central-1a",
                "slipway/instance-group": "blue",
                "slipway/role": role,
            },
        },
        "spec": {"providerID": "aws:///eu-central-1a/i-1", **taints},
    }
