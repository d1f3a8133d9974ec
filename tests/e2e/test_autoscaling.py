"""A workload's number of pods is its autoscaler's: on a real API server, with the real controller of autoscalers.

Nothing is measured here, so the controller holds the bounds and leaves every number between them as it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.ops.kube import Kube
from tests.e2e.commands import shell, slipway
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.specs import small
from tests.infra.workload_samples import IMAGE

pytestmark = pytest.mark.e2e

# No machine of this environment runs pods.
WEB: dict[str, Any] = {"image": IMAGE, "wait": False}
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/web"
SCALER = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web"
FOUR_TO_EIGHT = {"minReplicas": 4, "maxReplicas": 8}
RECORD = "aws:s3/bucketObjectv2:BucketObjectv2 config"
"""Of the environment's intent, to which its workloads belong."""


def write(env: Rehearsed, /, **change: Any) -> None:
    env.write_app("web", {**WEB, **change})


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    spec = small("scaled", workloads=[{"name": "web", "namespace": "shop"}])
    spec["cluster"]["namespaces"] = [{"name": "shop"}]
    for each in rehearsed(home, "scaled", spec):
        write(each, replicas=3)
        each.run("up", "--skip-preview").ok()
        yield each


@pytest.fixture(scope="module")
def kube(env: Rehearsed) -> Kube:
    return env.kube()


def replicas(kube: Kube) -> int:
    return int(kube.request("GET", DEPLOYMENT)["spec"]["replicas"])


def await_replicas(kube: Kube, wanted: int, seconds: float = 60) -> None:
    """Wait until the controller, which looks every 15 s, has made it so many."""
    until = time.monotonic() + seconds
    while replicas(kube) != wanted:
        assert time.monotonic() < until, f"{replicas(kube)} replicas, not {wanted}"
        time.sleep(0.5)


def scale(kube: Kube, number: int) -> None:
    """Set the number as the autoscaler does when it has figures: by the subresource."""
    kube.request("PATCH", f"{DEPLOYMENT}/scale", body={"spec": {"replicas": number}})


def test_1_the_autoscaler_takes_over_from_the_file(env: Rehearsed, kube: Kube) -> None:
    assert replicas(kube) == 3
    write(env, autoscaling=FOUR_TO_EIGHT)
    report = slipway(env, "preview")
    assert "Replicas: Deployment shop/web (3 → 4 to 8)." in report.output
    assert env.changes() == {
        "create": {"kubernetes:autoscaling/v2:HorizontalPodAutoscaler web"},
        "update": {RECORD, "kubernetes:apps/v1:Deployment web"},
    }
    env.run("up", "--skip-preview").ok()
    await_replicas(kube, 4)
    kube.request("GET", SCALER)


def test_2_what_it_chose_is_neither_a_change_nor_drift(env: Rehearsed, kube: Kube) -> None:
    scale(kube, 6)
    assert env.changes() == {}
    assert slipway(env, "drift").status == 0
    write(env, autoscaling=FOUR_TO_EIGHT, env={"GREETING": "hello"})
    assert env.changes() == {"update": {RECORD, "kubernetes:apps/v1:Deployment web"}}
    env.run("up", "--skip-preview").ok()
    assert replicas(kube) == 6
    env.engine("up", "--refresh", "--yes", "--skip-preview", "--non-interactive").ok()
    assert (replicas(kube), env.changes()) == (6, {})


def test_3_its_bounds_are_the_files(env: Rehearsed, kube: Kube) -> None:
    write(env, autoscaling={"minReplicas": 4, "maxReplicas": 5}, env={"GREETING": "hello"})
    assert env.changes() == {"update": {RECORD, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler web"}}
    env.run("up", "--skip-preview").ok()
    await_replicas(kube, 5)


def test_4_back_to_a_number_needs_a_word(env: Rehearsed, kube: Kube, monkeypatch: pytest.MonkeyPatch) -> None:
    # Fewer than the autoscaler would leave, which the engine deletes last of all.
    write(env, replicas=3, env={"GREETING": "hello"})
    refused = slipway(env, "preview")
    assert refused.status == 1
    assert "kube-controller-manager has set .spec.replicas since" in refused.output
    assert "PULUMI_K8S_ENABLE_PATCH_FORCE=true pulumi up --stack scaled" in refused.output
    assert replicas(kube) == 5
    kube.request("DELETE", SCALER)
    monkeypatch.setenv("PULUMI_K8S_ENABLE_PATCH_FORCE", "true")
    told = slipway(env, "preview")
    assert "Delete it before: `kubectl delete hpa -n shop web`." in told.output
    assert (told.status, "Replicas: Deployment shop/web (4 to 5 → 3)." in told.output) == (0, True), told.output
    exports = env.run("env").ok().output
    shell(env, exports, ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", env.name]).ok()
    assert replicas(kube) == 3
    assert kube.items("/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers") == []
    monkeypatch.delenv("PULUMI_K8S_ENABLE_PATCH_FORCE")
    # The word itself is a setting of the provider's, and goes again.
    assert env.changes() == {"update": {"pulumi:providers:kubernetes kubernetes"}}
