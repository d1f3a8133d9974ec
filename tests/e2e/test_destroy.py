"""An environment with an edge, destroyed when its API answers no more. Each test goes on from the one before it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.left import nothing_left
from tests.e2e.machine_cluster import Cluster
from tests.e2e.specs import small

pytestmark = pytest.mark.e2e

CERTIFICATES = ("get", "certificates.cert-manager.io", "--namespace=slipway-edge", "--output=name")


def spec(*routes: str) -> dict[str, object]:
    """Return an environment whose edge gets a certificate for each route by ACME."""
    made = small("gonewith")
    made["cluster"]["namespaces"] = [{"name": "shop"}]
    made["instanceGroups"].append(
        {"name": "edge", "role": "Edge", "machineType": "t3.medium", "minSize": 1, "maxSize": 2}
    )
    made["edge"] = {
        "firewall": [{"name": "web", "sources": ["anywhere"], "ports": [80, 443], "hosts": ["*.example.com"]}],
        "routes": [
            {"name": name, "hosts": [f"{name}.example.com"], "namespace": "shop", "service": name} for name in routes
        ],
        "tls": {"acme": {"email": "pki@example.com"}},
        "deletionProtection": False,
    }
    return made


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    yield from rehearsed(home, "gonewith", spec("shop", "admin"))


def test_1_up_asks_for_a_certificate_for_each_host(env: Rehearsed) -> None:
    env.run("up", "--skip-preview").ok()
    named = Cluster(env).kubectl(*CERTIFICATES).split()
    assert [name.partition("/")[2] for name in sorted(named)] == ["host.admin.example.com", "host.shop.example.com"]
    assert env.changes() == {}


def test_2_what_is_no_longer_declared_is_deleted_in_the_cluster(env: Rehearsed) -> None:
    env.declare(spec("shop"))
    env.run("up", "--skip-preview").ok()
    assert Cluster(env).kubectl(*CERTIFICATES).split() == ["certificate.cert-manager.io/host.shop.example.com"]


def test_3_destroy_needs_no_api_and_is_not_held_up_by_a_finalizer(env: Rehearsed) -> None:
    held = json.dumps({"metadata": {"finalizers": ["example.com/nobody-removes-it"]}})
    patch = ("patch", "certificates.cert-manager.io/host.shop.example.com", "--namespace=slipway-edge", "--type=merge")
    Cluster(env).kubectl(*patch, f"--patch={held}")
    env.run("stop").ok()
    env.run("destroy", "--yes", "--no-control-plane", timeout=240).ok()
    nothing_left(env)


def test_4_the_next_up_makes_a_cluster_of_its_own(env: Rehearsed) -> None:
    env.run("up", "--skip-preview").ok()
    shown = ("get", "certificates.cert-manager.io/host.shop.example.com", "--namespace=slipway-edge", "--output=json")
    assert "finalizers" not in json.loads(Cluster(env).kubectl(*shown))["metadata"]
    assert env.changes() == {}
