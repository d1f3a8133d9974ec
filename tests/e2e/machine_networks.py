"""What the tests of real pod networks on machines share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.machines.asked import NETWORK_VARIABLE
from rehearsal.machines.commands import run
from rehearsal.machines.errors import MachineError
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.machine_cluster import Cluster

UP_SECONDS = 2400
NODES_SECONDS = 600
REPLACED_SECONDS = 420
PORT = 30080
EVERYWHERE = [{"operator": "Exists"}]
OTHERS = (
    "ebsCsi", "metricsServer", "nodeTerminationHandler", "clusterAutoscaler", "nodeProblemDetector",
    "kubeletCsrApprover",
)  # fmt: skip
"""Add-ons whose programs are not to be had here, and that the network does without."""


def with_own_network(home: Path, name: str, spec: dict[str, Any], network: str) -> Iterator[Rehearsed]:
    """Yield an environment on machines that run this pod network themselves, brought up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NETWORK_VARIABLE, network)
        for each in rehearsed(home, name, spec, options=("--machines",)):
            each.run("up", "--yes", timeout=UP_SECONDS).ok()
            yield each


def address(cluster: Cluster, node: str) -> str:
    told = cluster.get("node", node)["status"]["addresses"]
    return str(next(each["address"] for each in told if each["type"] == "InternalIP"))


def from_vpc(cluster: Cluster, url: str) -> str:
    """Return which pod answers a client in the VPC that is no node; nothing when none does."""
    try:
        return run(["ip", "netns", "exec", cluster.network, "curl", "-sS", "-m", "2", url]).split(" ")[0]
    except MachineError:
        return ""
