"""Members and workers are killed at random times while writes go on: no write that was acknowledged is lost.

Three members and two workers. The times, and whom it hits, are of a seed that is printed; `SLIPWAY_E2E_KILLS` and
`SLIPWAY_E2E_SEED` change how many there are and which. A machine is killed only while all others are whole: what a
quorum is for is to bear one loss at a time.
"""

from __future__ import annotations

import functools
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.machine_cluster import NEEDS_ALL, Cluster, eventually, is_ready
from tests.e2e.machine_writer import Writer
from tests.e2e.specs import REGION, small

pytestmark = NEEDS_ALL

KILLS = int(os.environ.get("SLIPWAY_E2E_KILLS", "2"))
SEED = os.environ.get("SLIPWAY_E2E_SEED", "slipway")
MEMBERS, WORKERS = 3, 2
NODES_SECONDS = 600
REPLACED_SECONDS = 300
LONGEST_GAP_SECONDS = 15
"""Between two acknowledged writes. A member that dies takes its connections with it; the load balancer leads on within
its check's interval, and etcd elects a leader within 2 s."""


def spec() -> dict[str, object]:
    made = small("kills")
    zones = ("a", "b", "c")
    made["network"] = {**made["network"], "zones": [f"{REGION}{zone}" for zone in zones]}
    members = [
        {
            "name": f"control-plane-{zone}",
            "role": "ControlPlane",
            "machineType": "m7i.large",
            "zones": [f"{REGION}{zone}"],
        }
        for zone in zones
    ]
    nodes = {"name": "nodes", "role": "Node", "machineType": "t3.small", "minSize": WORKERS, "maxSize": WORKERS + 1}
    return {**made, "instanceGroups": [*members, nodes]}


@pytest.fixture(scope="module")
def environment(home: Path) -> Iterator[Rehearsed]:
    for each in rehearsed(home, "kills", spec(), options=("--machines",)):
        each.run("up", "--yes", timeout=1200).ok()
        yield each


@pytest.fixture(scope="module")
def cluster(environment: Rehearsed) -> Cluster:
    return Cluster(environment)


def whole(cluster: Cluster, seconds: float) -> list[tuple[str, str]]:
    """Return role and name of each node once all are Ready."""
    wanted = {"ControlPlane": MEMBERS, "Node": WORKERS}

    def found() -> list[tuple[str, str]] | None:
        nodes = cluster.ready_nodes()
        if {role: len(names) for role, names in nodes.items()} != wanted:
            return None
        return [(role, name) for role, names in sorted(nodes.items()) for name in sorted(names)]

    return eventually(found, seconds, f"{wanted} are Ready")


def shows(cluster: Cluster, name: str) -> bool | None:
    """Return True once the API says that a node is gone or not Ready; None also while the API does not answer."""
    done = cluster.attempt("get", "node", name, "-o", "json")
    if done.returncode:
        return True if "NotFound" in done.stderr else None
    return None if is_ready(json.loads(done.stdout)) else True


def test_no_acknowledged_write_is_lost_when_machines_are_killed_at_random(cluster: Cluster) -> None:
    chance = random.Random(SEED)  # noqa: S311  to be repeated, not to be secret
    nodes = whole(cluster, NODES_SECONDS)
    print(f"\nseed {SEED!r}, {KILLS} kills", end="")
    with Writer(cluster.root / "kubeconfig") as writer:
        for number in range(KILLS):
            time.sleep(chance.uniform(3, 15))
            # The first is a member, since it is what writes depend on.
            role, name = chance.choice([each for each in nodes if number or each[0] == "ControlPlane"])
            began = time.monotonic()
            cluster.machine(name).kill()
            eventually(functools.partial(shows, cluster, name), 90, "the kill shows", 0.5)
            nodes = whole(cluster, REPLACED_SECONDS)
            assert name not in {each[1] for each in nodes}
            print(f"\n{role} {name} killed; all Ready again after {time.monotonic() - began:.0f} s, ", end="")
            print(f"longest gap between writes {writer.longest_gap(began):.2f} s", end="")
        time.sleep(5)
    lost = writer.acknowledged - writer.stored()
    print(f"\n{len(writer.acknowledged)} writes acknowledged, {len(lost)} lost, {writer.refused} refused; ", end="")
    print(f"longest gap {writer.longest_gap():.2f} s over {writer.seconds:.0f} s", end="")
    assert not lost
    assert writer.longest_gap() < LONGEST_GAP_SECONDS
    assert len(writer.acknowledged) > writer.seconds
