"""A workload of another kind: a Deployment becomes a StatefulSet, and what both have stays, secrets above all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.ops.kube import Kube
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.specs import small
from tests.infra.workload_samples import IMAGE

pytestmark = pytest.mark.e2e

STORE: dict[str, Any] = {
    "image": IMAGE,
    "ports": [{"name": "sql", "port": 5432}],
    "secrets": [{"name": "PASSWORD", "generate": 32}],
    # No machine of this environment runs pods.
    "wait": False,
}
IN_NAMESPACE = "/api/v1/namespaces/shop"


def write(env: Rehearsed, **change: Any) -> None:
    env.write_app("store", {**STORE, **change})


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    spec = small("kind", workloads=[{"name": "store", "namespace": "shop"}])
    spec["cluster"]["namespaces"] = [{"name": "shop"}]
    for each in rehearsed(home, "kind", spec):
        write(each)
        each.run("up", "--skip-preview").ok()
        yield each


@pytest.fixture(scope="module")
def kube(env: Rehearsed) -> Kube:
    return env.kube()


def secrets(kube: Kube) -> dict[str, str]:
    """Return name -> the password in it, of the workload's generated Secrets."""
    found = kube.items(f"{IN_NAMESPACE}/secrets")
    return {each["metadata"]["name"]: each["data"]["PASSWORD"] for each in found if "PASSWORD" in each.get("data", {})}


def uid(kube: Kube, path: str) -> str:
    return str(kube.request("GET", path)["metadata"]["uid"])


def test_what_both_kinds_have_stays(env: Rehearsed, kube: Kube) -> None:
    policy = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/store"
    service, same = f"{IN_NAMESPACE}/services/store", (uid(kube, policy), secrets(kube))
    before = uid(kube, service)
    assert len(same[1]) == 1
    write(env, kind="StatefulSet")
    changes = env.changes()
    assert changes["create"] == {"kubernetes:apps/v1:StatefulSet store", "kubernetes:core/v1:Service store-pods"}
    assert "kubernetes:apps/v1:Deployment store" in changes["delete"]
    env.run("up", "--skip-preview").ok()
    assert (uid(kube, policy), secrets(kube)) == same
    assert uid(kube, service) == before
    assert [each["metadata"]["name"] for each in kube.items("/apis/apps/v1/namespaces/shop/statefulsets")] == ["store"]
    assert kube.items("/apis/apps/v1/namespaces/shop/deployments") == []
    assert env.changes() == {}
