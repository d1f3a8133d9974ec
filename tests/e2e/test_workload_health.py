"""What is said of workloads on a real control plane: its scheduler, its controllers and its quotas; and what a stand-in
kubelet writes into the status of pods and into events, as a kubelet would."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
from kubernetes.config import new_client_from_config

from infra.ops.kube import Kube
from infra.ops.validate.findings import Finding
from infra.ops.validate.workloads import check_workloads, workloads_named
from infra.plan.workloads.workload import plan_workloads
from infra.spec import EnvironmentSpec
from rehearsal.controlplane import ControlPlane
from tests.e2e.at_hand import programs_or_skip
from tests.e2e.cluster import plane, tools
from tests.e2e.stand_in_kubelet import StandInKubelet, wait_for
from tests.infra.samples import ENVIRONMENT
from tests.infra.workload_samples import IMAGE, environment

__all__ = ["plane", "tools"]  # fixtures

pytestmark = pytest.mark.e2e

HTTP = [{"name": "http", "port": 8080}]
CLAIM = {"name": "data", "path": "/data", "sizeGi": 1, "storageClass": "gp9"}
FILES: dict[str, dict[str, Any]] = {
    "well": {"image": IMAGE, "ports": HTTP, "update": {"minReadySeconds": 0}},
    "unpulled": {"image": IMAGE},
    "unready": {"image": IMAGE, "ports": HTTP, "replicas": 1, "update": {"minReadySeconds": 0}},
    "crashing": {"image": IMAGE, "replicas": 1},
    "unmounted": {"image": IMAGE, "replicas": 1, "secrets": [{"name": "tls.key", "existing": "web-tls"}]},
    "keyless": {"image": IMAGE, "replicas": 1},
    "large": {"image": IMAGE, "replicas": 1, "resources": {"memory": "64Gi"}},
    "claiming": {"image": IMAGE, "kind": "StatefulSet", "replicas": 1, "claims": [CLAIM]},
    "everywhere": {"image": IMAGE, "kind": "DaemonSet", "update": {"minReadySeconds": 0}},
    "failing": {"image": IMAGE, "kind": "Job", "job": {"retries": 0}},
    "crowded": {"image": IMAGE, "replicas": 1},
}
NODES = 2
NONE = "0 of 1 pods are ready"


@pytest.fixture(scope="module")
def spec() -> EnvironmentSpec:
    # By its file a pod of 64 GiB has room here; by the nodes that come, which say what they have, it has none.
    large = {"machineType": "r7i.4xlarge"}
    groups = [each | large if each["role"] == "Node" else each for each in ENVIRONMENT["instanceGroups"]]
    uses = [{"name": name, "namespace": "tight" if name == "crowded" else "web"} for name in FILES]
    return environment(FILES, uses=uses, namespaces=[{"name": "web"}, {"name": "tight"}], groups=groups)


@pytest.fixture(scope="module")
def kubelet(plane: ControlPlane, spec: EnvironmentSpec) -> StandInKubelet:
    """The workloads, declared and on their nodes."""
    client: Any = new_client_from_config(config_file=str(plane.kubeconfig))  # type: ignore[no-untyped-call]
    kube = Kube(client)
    made = StandInKubelet(kube, ("eu-central-1a", "eu-central-1b"))
    for name in ("web", "tight"):
        kube.request("POST", "/api/v1/namespaces", body={"metadata": {"name": name}})
    # What others use up there, the environment's files cannot know.
    quota = {"metadata": {"name": "others"}, "spec": {"hard": {"pods": "0"}}}
    kube.request("POST", "/api/v1/namespaces/tight/resourcequotas", body=quota)
    for plan in plan_workloads(spec):
        for planned in plan.objects:
            manifest = planned.manifest()
            group = "apis" if "/" in planned.api_version else "api"
            plural = {"NetworkPolicy": "networkpolicies"}.get(planned.kind, f"{planned.kind.lower()}s")
            where = f"/{group}/{planned.api_version}/namespaces/{manifest['metadata']['namespace']}/{plural}"
            kube.request("POST", where, body=manifest)
    return made


def problems(kubelet: StandInKubelet, spec: EnvironmentSpec, *names: str) -> list[str]:
    """Return what is said of workloads, with the parts of names that Kubernetes makes up left out."""
    chosen = workloads_named(spec, names)
    return [_plain(finding) for finding in check_workloads(kubelet.kube, spec, chosen)]


def _plain(finding: Finding) -> str:
    assert finding.severity == "invalid"
    assert finding.fix
    return re.sub(r"-[0-9a-z]{5,10}(-[0-9a-z]{5})?(?=[ :\"])", "-x", f"{finding.subject}: {finding.problem}")


def test_a_workload_that_is_whole(kubelet: StandInKubelet, spec: EnvironmentSpec) -> None:
    pods = kubelet.bound("web", "well", 2)
    assert problems(kubelet, spec, "well") == ["Deployment web/well: 0 of 2 pods are ready"]
    for pod in pods:
        kubelet.ready(pod)
    for pod in kubelet.bound("web", "everywhere", NODES):
        kubelet.ready(pod)
    wait_for(lambda: problems(kubelet, spec, "well", "everywhere") == [], "whole workloads")


def test_an_image_that_cannot_be_pulled(kubelet: StandInKubelet, spec: EnvironmentSpec) -> None:
    words = f'Back-off pulling image "{IMAGE}": ErrImagePull: not found'
    for pod in kubelet.bound("web", "unpulled", 2):
        kubelet.waits(pod, "ImagePullBackOff", words)
    assert problems(kubelet, spec, "unpulled") == [
        f"Deployment web/unpulled: 0 of 2 pods are ready; unpulled-x and 1 more: container unpulled: ImagePullBackOff: "
        f"{words}"
    ]


def test_a_probe_that_fails(kubelet: StandInKubelet, spec: EnvironmentSpec) -> None:
    (pod,) = kubelet.bound("web", "unready", 1)
    kubelet.status(pod, "Running", {"running": {}}, started=True)
    kubelet.says(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404", container=True)
    assert problems(kubelet, spec, "unready") == [
        f"Deployment web/unready: {NONE}; unready-x: container unready: runs and is not ready: its "
        "readiness probe has not succeeded (HTTP probe failed with statuscode: 404)"
    ]
    kubelet.ready(pod)
    wait_for(lambda: problems(kubelet, spec, "unready") == [], "word of it any more")


def test_a_program_that_ends(kubelet: StandInKubelet, spec: EnvironmentSpec) -> None:
    (pod,) = kubelet.bound("web", "crashing", 1)
    last = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    kubelet.waits(pod, "CrashLoopBackOff", "back-off 20s restarting failed container", lastState=last, restartCount=3)
    assert problems(kubelet, spec, "crashing") == [
        f"Deployment web/crashing: {NONE}; crashing-x: container crashing: CrashLoopBackOff: last exit 137 (OOMKilled)"
    ]


def test_secrets_and_keys_that_are_missing(kubelet: StandInKubelet, spec: EnvironmentSpec) -> None:
    unmounted = 'MountVolume.SetUp failed for volume "secrets" : secret "web-tls" not found'
    keyless = "couldn't find key password in Secret web/orders"
    (pod,) = kubelet.bound("web", "unmounted", 1)
    kubelet.waits(pod, "ContainerCreating")
    kubelet.says(pod, "FailedMount", unmounted)
    (pod,) = kubelet.bound("web", "keyless", 1)
    kubelet.waits(pod, "CreateContainerConfigError", keyless)
    assert problems(kubelet, spec, "unmounted", "keyless") == [
        f"Deployment web/unmounted: {NONE}; unmounted-x: FailedMount: {unmounted}",
        f"Deployment web/keyless: {NONE}; keyless-x: container keyless: CreateContainerConfigError: {keyless}",
    ]


def test_what_the_scheduler_says(kubelet: StandInKubelet, spec: EnvironmentSpec) -> None:
    wait_for(lambda: "Insufficient memory" in "".join(problems(kubelet, spec, "large")), "word of the scheduler")
    (large,) = problems(kubelet, spec, "large")
    assert large.startswith(
        f"Deployment web/large: {NONE}; large-x: not scheduled: 0/2 nodes are available: 2 Insufficient memory."
    )
    wait_for(lambda: "ProvisioningFailed" in "".join(problems(kubelet, spec, "claiming")), "word of the claim")
    (claiming,) = problems(kubelet, spec, "claiming")
    assert "claiming-0: not scheduled: " in claiming
    assert claiming.endswith('claim data-claiming-0: ProvisioningFailed: storageclass.storage.k8s.io "gp9" not found')


def test_a_quota_that_others_have_used_up(kubelet: StandInKubelet, spec: EnvironmentSpec) -> None:
    wait_for(lambda: "makes no pod" in "".join(problems(kubelet, spec, "crowded")), "refusal by the quota")
    (line,) = problems(kubelet, spec, "crowded")
    assert line.startswith(f"Deployment tight/crowded: {NONE}; crowded-x: makes no pod: pods ")
    assert line.endswith("is forbidden: exceeded quota: others, requested: pods=1, used: pods=0, limited: pods=0")


def test_a_job_that_fails(kubelet: StandInKubelet, spec: EnvironmentSpec) -> None:
    assert problems(kubelet, spec, "failing") == []
    (pod,) = kubelet.bound("web", "failing", 1)
    ended = {"exitCode": 2, "reason": "Error", "message": "no such table: orders\n"}
    kubelet.status(pod, "Failed", {"terminated": ended})
    wait_for(lambda: problems(kubelet, spec, "failing") != [], "failed job")
    (line,) = problems(kubelet, spec, "failing")
    assert "has failed: BackoffLimitExceeded: " in line
    assert line.endswith("container failing: ended with 2 (Error): no such table: orders")


def test_kubectl_judges_rollouts_alike(kubelet: StandInKubelet, spec: EnvironmentSpec, plane: ControlPlane) -> None:
    kubectl = programs_or_skip(["kubectl"], "kubectl")["kubectl"]
    for workload in spec.declared_workloads:
        if workload.kind == "Job":
            continue
        said = subprocess.run(
            [kubectl, "--kubeconfig", plane.kubeconfig, "-n", workload.namespace, "rollout", "status",
             f"{workload.kind.lower()}/{workload.name}", "--watch=false"],
            capture_output=True, text=True, check=False, timeout=20,
        )  # fmt: skip
        done = "successfully rolled out" in said.stdout or "rolling update complete" in said.stdout
        assert done == (problems(kubelet, spec, workload.name) == []), (workload.name, said.stdout, said.stderr)


def test_a_new_version_that_does_not_come_up_is_told_while_the_old_one_serves(
    kubelet: StandInKubelet, spec: EnvironmentSpec
) -> None:
    template = {"spec": {"template": {"metadata": {"annotations": {"test": "new"}}}}}
    kubelet.kube.request("PATCH", "/apis/apps/v1/namespaces/web/deployments/well", body=template)
    wait_for(lambda: len(kubelet.pods("web", "well")) == 3, "new pod")
    (new,) = (pod for pod in kubelet.bound("web", "well", 3) if pod["metadata"].get("annotations", {}).get("test"))
    kubelet.waits(new, "ErrImagePull", "not found")
    assert problems(kubelet, spec, "well") == [
        "Deployment web/well: 1 of 2 pods are of the newest version; well-x: container well: ErrImagePull: not found"
    ]
    old = {"spec": {"template": {"metadata": {"annotations": {"test": None}}}}}
    kubelet.kube.request("PATCH", "/apis/apps/v1/namespaces/web/deployments/well", body=old)
    wait_for(lambda: problems(kubelet, spec, "well") == [], "word of it any more")
