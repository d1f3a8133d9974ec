"""Every rendered Kubernetes object, put to kube-score: what it finds is mended, or stands here with a reason.

kube-linter, the better known of the two, cannot be had as a Go module; kubeconform compares with schemas, which a real
API server does more strictly in the other tests (server-side apply, every unknown field an error).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.environment import EnvironmentPlan, plan_environment
from infra.spec import load
from tests.e2e.at_hand import programs_or_skip
from tests.e2e.test_addons import told

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
STACKS = sorted(path.name.split(".")[1] for path in (ROOT / "stacks").glob("Pulumi.*.yaml"))

NOT_OURS = {
    "container-image-pull-policy": "images are named by digest or by a tag that is not moved; Always would need the "
    "registry for each start of a pod",
    "pod-probes-identical": "readiness and liveness ask the same by default, liveness for longer: docs/workloads.md",
    "container-security-context-user-group-id": "it wants IDs above 10000; an image's own user is what its files "
    "belong to, and runAsNonRoot is set",
}
"""Checks that are against a decision of this project, with the reason."""

EXCEPTIONS = {
    "container-ephemeral-storage-request-and-limit": (
        "what Slipway runs itself writes to volumes with limits, or not at all; a limit would evict it for log lines",
        ["* kube-system/*", "* logging/*", "* log-store/*", "* monitoring/*", "* slipway-edge/*"],
    ),
    "pod-networkpolicy": (
        "most are on the hosts' network, which policies do not select, and names must be had from everywhere",
        ["* kube-system/*"],
    ),
    "deployment-replicas": (
        "one that is away for the time of a restart is missed by nobody who serves; Grafana's and Dashboards' state is "
        "theirs alone",
        ["Deployment kube-system/metrics-server", "Deployment */grafana", "Deployment */opensearch-dashboards"],
    ),
    "statefulset-has-servicename": (
        "one member, whom no other asks for by its pod's name",
        ["StatefulSet monitoring/alertmanager", "StatefulSet monitoring/prometheus"],
    ),
    "deployment-has-host-podantiaffinity": (
        "spread over hosts by topologySpreadConstraints, which the check does not read",
        ["Deployment kube-system/*", "Deployment demo/*"],
    ),
    "container-security-context-privileged": (
        "they make the pod network, mount disks, and read the kernel's log",
        ["DaemonSet kube-system/cilium", "DaemonSet kube-system/ebs-csi-node", "DaemonSet */node-problem-detector"],
    ),
    "container-security-context-readonlyrootfilesystem": (
        "their programs write beside themselves",
        ["DaemonSet kube-system/cilium", "DaemonSet */node-problem-detector", "Deployment kube-system/cilium-operator",
         "* log-store/*"],
    ),
    "container-resources": (
        "no memory limit: the pod network must not be what is killed for memory",
        ["DaemonSet kube-system/cilium"],
    ),
}  # fmt: skip
"""Check -> why these objects do not meet it, and which they are."""


def objects(plan: EnvironmentPlan) -> Iterator[dict[str, Any]]:
    """Yield all objects of an environment as YAML has them."""
    parts = [*plan.addons]
    parts += plan.edge.in_cluster if plan.edge else ()
    parts += plan.logging.in_cluster if plan.logging else ()
    parts += plan.monitoring.in_cluster if plan.monitoring else ()
    for part in parts:
        yield from (told(each.body) for each in part.objects)
    for workload in plan.workloads:
        yield from (each.manifest() for each in workload.objects)
    for backend in plan.backends:
        yield from (each.manifest() for each in backend.objects)


def findings(program: Path, plan: EnvironmentPlan, folder: Path) -> dict[str, set[str]]:
    """Return the IDs of checks that are not met, with the objects by which they are not."""
    file = folder / f"{plan.spec.name}.yaml"
    file.write_text(yaml.safe_dump_all(objects(plan)), encoding="utf-8")
    return judged(program, file, plan.spec.cluster.kubernetes_version.rpartition(".")[0])


def judged(program: Path, file: Path, minor: str) -> dict[str, set[str]]:
    """Return the same of a file of objects."""
    ignored = [f"--ignore-test={check}" for check in NOT_OURS]
    arguments = [
        "score",
        "--output-format=json",
        f"--kubernetes-version=v{minor}",
        "--ignore-container-cpu-limit",
        *ignored,
    ]
    done = subprocess.run([program, *arguments, file], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout, done.stderr
    found: dict[str, set[str]] = {}
    for each in json.loads(done.stdout):
        metadata = each["object_meta"]
        name = f"{each['type_meta']['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
        for score in each["checks"]:
            if not score["skipped"] and score["grade"] < 7:
                found.setdefault(score["check"]["id"], set()).add(name)
    return found


@pytest.fixture(scope="module")
def kube_score() -> Path:
    return programs_or_skip(["kube-score"], "kube-score")["kube-score"]


def test_what_kube_score_finds_has_a_reason(kube_score: Path, tmp_path: Path) -> None:
    found: dict[str, set[str]] = {}
    for stack in STACKS:
        plan = plan_environment(load(ROOT / "stacks" / f"Pulumi.{stack}.yaml", stack))
        for check, names in findings(kube_score, plan, tmp_path).items():
            found.setdefault(check, set()).update(names)
    unexplained = {
        check: sorted(
            name for name in names if not any(fnmatch(name, each) for each in EXCEPTIONS.get(check, ("", []))[1])
        )
        for check, names in found.items()
    }
    assert {check: names for check, names in unexplained.items() if names} == {}
    idle = [
        (check, each)
        for check, (_, patterns) in EXCEPTIONS.items()
        for each in patterns
        if not any(fnmatch(name, each) for name in found.get(check, ()))
    ]
    assert idle == []


def test_it_would_find_something(kube_score: Path, tmp_path: Path) -> None:
    plan = plan_environment(load(ROOT / "stacks" / "Pulumi.local.yaml", "local"))
    (web,) = (each for each in plan.workloads if each.name == "web")
    broken = json.loads(json.dumps(web.controller.manifest()))
    broken["spec"]["template"]["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    file = tmp_path / "broken.yaml"
    file.write_text(yaml.safe_dump(broken), encoding="utf-8")
    assert "container-security-context-privileged" in judged(kube_score, file, "1.37")
