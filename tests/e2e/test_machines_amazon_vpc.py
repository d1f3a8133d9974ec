"""The Amazon VPC CNI and kube-proxy are the pod network of machines: their own programs, with what `up` applies.

One member and three workers. One of these is of a type that has so few addresses on its first interface that the
daemon attaches a second one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from rehearsal.machines.asked import AMAZON_VPC, NETWORK_VARIABLE
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.machine_cluster import NEEDS_ALL, Cluster, eventually, is_ready
from tests.e2e.machine_objects import deployment, pod, service
from tests.e2e.specs import small, with_group
from tests.e2e.test_machines_cilium import EVERYWHERE, OTHERS, address, from_vpc

pytestmark = NEEDS_ALL

UP_SECONDS = 2400
NODES_SECONDS = 600
REPLACED_SECONDS = 420
NODES = 4
PODS = 12
PORT = 30080
WRONG = r"forbidden|AccessDenied|UnauthorizedOperation|cannot (get|list|watch|patch|update|create)"


def declared() -> dict[str, Any]:
    spec = with_group(small("vpc"), "nodes", minSize=2, maxSize=3, machineType="t3.small")
    few = {"name": "few", "role": "Node", "machineType": "t3.micro", "minSize": 1, "maxSize": 1}
    spec["instanceGroups"].append({**few, "maxPods": 30})
    spec["cluster"] |= {
        "cni": AMAZON_VPC,
        "networkPolicies": "notEnforced",
        "addons": {name: {"enabled": False} for name in OTHERS},
    }
    return spec


@pytest.fixture(scope="module")
def environment(home: Path) -> Iterator[Rehearsed]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NETWORK_VARIABLE, AMAZON_VPC)
        for each in rehearsed(home, "vpc", declared(), options=("--machines",)):
            each.run("up", "--yes", timeout=UP_SECONDS).ok()
            yield each


@pytest.fixture(scope="module")
def cluster(environment: Rehearsed) -> Cluster:
    return Cluster(environment)
