"""Pulumi's own plugin for Kubernetes in an environment: it does what the stand-in does, and goes on from its state.

The plugin is of the one version that is published as a Go module, older than the SDK, and taken for the SDK's own here.
Building it takes minutes, so that these tests skip where it is not built; `SLIPWAY_E2E_ADDONS=all` has it built.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import time
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.at_hand import built_or_skip
from tests.e2e.commands import slipway
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.specs import small
from tests.e2e.stand_in_kubelet import Pod, StandInKubelet, wait_for
from tests.infra.workload_samples import IMAGE

pytestmark = pytest.mark.e2e

UP_SECONDS = 900
STILL_SECONDS = 5
"""How long an update is watched that waits, before what it waits for comes."""
NAMESPACE = "/namespaces/shop"
APPS: Mapping[str, Mapping[str, Any]] = {
    "web": {
        "image": IMAGE,
        "ports": [{"name": "http", "port": 8080}],
        "from": ["edge"],
        "to": ["store"],
        "expose": {"host": "shop.example.com"},
        "config": {"web.yaml": "store: store\n"},
        "secrets": [{"name": "session-key", "generate": 32}],
        "autoscaling": {"minReplicas": 2, "maxReplicas": 4},
    },
    "store": {
        "kind": "StatefulSet",
        "image": IMAGE,
        "ports": [{"name": "sql", "port": 5432}],
        "probes": {"common": {"type": "tcp"}},
        "from": ["web"],
        "claims": [{"name": "data", "path": "/data", "sizeGi": 5}],
    },
    "agent": {"kind": "DaemonSet", "image": IMAGE, "ports": [{"name": "http", "port": 8080}]},
    "migrate": {"kind": "Job", "image": IMAGE, "args": ["pause"]},
    "report": {"kind": "CronJob", "image": IMAGE, "args": ["pause"], "schedule": "0 3 * * *"},
}


def everything(**change: Any) -> dict[str, Any]:
    """Return an environment with every add-on, the edge, logs, metrics and a workload of each kind."""
    spec = small("vendor", workloads=[{"name": name, "namespace": "shop"} for name in APPS])
    spec["cluster"] |= {"namespaces": [{"name": "shop"}], "addons": {}}
    spec["instanceGroups"].append(
        {"name": "edge", "role": "Edge", "machineType": "t3.medium", "minSize": 2, "maxSize": 3}
    )
    spec["backends"] = [
        {"name": "rates", "namespace": "shop", "type": "externalName", "host": "rates.example.com",
         "ports": [{"name": "http", "port": 80}]},
    ]  # fmt: skip
    spec["edge"] = {
        "firewall": [{"name": "all", "sources": ["anywhere"], "ports": [443], "hosts": ["shop.example.com"]}],
        "tls": {"acm": "arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-4000-8000-000000000000"},
    }
    spec["logging"] = {"store": "openSearch", "openSearch": {"members": 1, "volumeSizeGi": 10, "memoryGi": 1}}
    spec["monitoring"] = {"retentionDays": 2, "volumeSizeGi": 10, "memoryGi": 1}
    return {**spec, **change}


def write_apps(env: Rehearsed, **changes: Mapping[str, Any]) -> None:
    """Write the files of the workloads, some of them changed; ``up`` waits for none, since no machine runs pods."""
    for name, app in APPS.items():
        env.write_app(name, {**copy.deepcopy(app), "wait": False, **changes.get(name, {})})


@pytest.fixture(scope="module")
def stand_in(home: Path) -> Iterator[Rehearsed]:
    """The environment, brought up with the stand-in."""
    built_or_skip("pulumi-resource-kubernetes")
    for each in rehearsed(home, "vendor", everything()):
        write_apps(each)
        each.run("up", "--yes", timeout=UP_SECONDS).ok()
        yield each


@pytest.fixture(scope="module")
def vendor(stand_in: Rehearsed, tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """The same environment, driven with the vendor's plugin."""
    program = built_or_skip("pulumi-resource-kubernetes")
    pulumi_home = tmp_path_factory.mktemp("pulumi")
    folder = pulumi_home / "plugins" / f"resource-kubernetes-v{metadata.version('pulumi-kubernetes')}"
    folder.mkdir(parents=True)
    (folder / program.name).symlink_to(program)
    return dataclasses.replace(stand_in, pulumi_home=pulumi_home)


def test_the_vendors_plugin_is_what_runs(vendor: Rehearsed, stand_in: Rehearsed) -> None:
    assert "the vendors' kubernetes;" in vendor.run("preview").ok().output
    assert "the vendors' (none installed);" in stand_in.run("preview").ok().output


def test_it_finds_nothing_to_do_in_what_the_stand_in_made(vendor: Rehearsed) -> None:
    assert vendor.changes() == {}


CHANGES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]] = {
    "an image, a port, a command": (
        {},
        {
            "web": {"image": IMAGE.replace("team/web", "team/shop"), "ports": [{"name": "http", "port": 9090}]},
            "agent": {"args": ["netexec"]},
            "report": {"schedule": "0 4 * * *"},
        },
    ),
    "a job, which cannot be changed": ({}, {"migrate": {"args": ["serve"]}}),
    "configuration and secrets": (
        {}, {"web": {"config": {"web.yaml": "store: other\n"}, "secrets": [{"name": "session-key", "generate": 48}]}},
    ),
    "the kind of a workload": ({}, {"agent": {"kind": "Deployment"}}),
    "another namespace": (
        {"workloads": [{"name": name, "namespace": "web" if name == "agent" else "shop"} for name in APPS]}, {},
    ),
    "fewer workloads": ({"workloads": [{"name": name, "namespace": "shop"} for name in ("web", "store")]}, {}),
    "metrics for longer": ({"monitoring": {"retentionDays": 9, "volumeSizeGi": 20, "memoryGi": 2}}, {}),
    "another backend": (
        {"backends": [{"name": "rates", "namespace": "shop", "type": "addresses", "addresses": ["10.30.1.9"],
                       "ports": [{"name": "http", "port": 80}]}]}, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_both_preview_a_change_alike(stand_in: Rehearsed, vendor: Rehearsed, change: str) -> None:
    spec, apps = CHANGES[change]
    changed = everything(**spec)
    changed["cluster"]["namespaces"] = (
        [{"name": "shop"}, {"name": "web"}] if "namespace" in change else [{"name": "shop"}]
    )
    stand_in.declare(changed)
    write_apps(stand_in, **apps)
    ours = stand_in.changes()
    assert ours
    assert vendor.changes() == ours


def test_what_it_updates_the_stand_in_leaves_alone_and_the_way_back(stand_in: Rehearsed, vendor: Rehearsed) -> None:
    spec = everything()
    apps: dict[str, dict[str, Any]] = {
        "web": {"env": {"A": "b"}},
        "migrate": {"args": ["serve"]},
        "agent": {"kind": "Deployment"},
    }
    spec["monitoring"]["retentionDays"] = 9
    stand_in.declare(spec)
    write_apps(stand_in, **apps)
    vendor.run("up", "--yes", timeout=UP_SECONDS).ok()
    assert (vendor.changes(), stand_in.changes()) == ({}, {})
    stand_in.declare(everything())
    write_apps(stand_in)
    stand_in.run("up", "--yes", timeout=UP_SECONDS).ok()
    assert vendor.changes() == {}


def test_both_find_the_same_drift(stand_in: Rehearsed, vendor: Rehearsed) -> None:
    kube = stand_in.kube()
    kube.request("PATCH", f"/api/v1{NAMESPACE}/services/store", body={"spec": {"sessionAffinity": "ClientIP"}})
    kube.request("PATCH", f"/apis/networking.k8s.io/v1{NAMESPACE}/networkpolicies/web", body={"spec": {"ingress": []}})
    kube.request("DELETE", f"/apis/apps/v1{NAMESPACE}/daemonsets/agent")
    found = []
    for each in (stand_in, vendor):
        # The plugins are those of the last command.
        each.run("preview").ok()
        done = slipway(each, "drift", "--format", "json")
        assert done.status == 4, done.output + done.errors
        found.append({key: value for key, value in json.loads(done.output).items() if key in ("gone", "drifted")})
    ours, theirs = found
    assert [each["label"] for each in ours["gone"]] == ["apps DaemonSet agent"]
    assert theirs == ours
    vendor.run("refresh", "--yes", timeout=UP_SECONDS).ok()
    vendor.run("up", "--yes", timeout=UP_SECONDS).ok()
    assert stand_in.changes() == {}


def test_it_waits_until_the_pods_of_a_workload_are_ready(vendor: Rehearsed, home: Path) -> None:
    image = IMAGE.replace("team/web", "team/patient")
    kubelet = StandInKubelet(vendor.kube(), vendor.spec["network"]["zones"])

    def unready() -> list[Pod]:
        """Return the pods of the new image that have a node and are not ready; their nodes stay so."""
        kubelet.renew()
        found = [each for each in kubelet.pods("shop", "web") if each["spec"].get("nodeName")]
        return [
            each
            for each in found
            if each["spec"]["containers"][0]["image"] == image and each["status"]["phase"] == "Pending"
        ]

    write_apps(vendor, web={"wait": True, "image": image})
    log = home / "waits.log"
    update = vendor.start("up", "--yes", log=log)
    try:
        wait_for(lambda: bool(unready()), "pod of the new image", UP_SECONDS)
        time.sleep(STILL_SECONDS)
        assert update.poll() is None, log.read_text(encoding="utf-8")
        end = time.monotonic() + UP_SECONDS
        while update.poll() is None and time.monotonic() < end:
            for each in unready():
                kubelet.ready(each)
            time.sleep(0.5)
        assert update.poll() == 0, log.read_text(encoding="utf-8")
    finally:
        update.kill()


STUCK_DEADLINE = 30
"""Seconds without progress; the plugin waits a minute longer."""
STUCK_IMAGE = IMAGE.replace("team/web", "team/missing")


def test_an_update_that_has_not_finished_is_told_as_that_and_is_no_drift(vendor: Rehearsed) -> None:
    write_apps(vendor, web={"wait": True, "image": STUCK_IMAGE, "update": {"progressDeadlineSeconds": STUCK_DEADLINE}})
    failed = vendor.run("up", "--yes", timeout=UP_SECONDS)
    assert failed.status != 0
    assert "ProgressDeadlineExceeded" in failed.output
    drift = slipway(vendor, "drift").ok().output
    assert "NOT FINISHED  Deployment shop/web: its last update was sent" in drift
    again = slipway(vendor, "preview").ok().output
    assert "The last update of Deployment shop/web was sent and has not finished" in again
    assert "sends nothing new" in again
    assert "Pods exchanged" not in again
    write_apps(vendor)
    back = slipway(vendor, "preview").ok().output
    assert f"spec.template.spec.containers[web].image: {STUCK_IMAGE} → {IMAGE}" in back
    vendor.run("up", "--yes", timeout=UP_SECONDS).ok()
    assert vendor.changes() == {}


def test_it_destroys_everything(vendor: Rehearsed) -> None:
    vendor.run("destroy", "--yes", timeout=UP_SECONDS).ok()
