from __future__ import annotations

from typing import Any

import pulumi
import pytest

from infra.components.workloads.service_backend import ServiceBackend
from infra.components.workloads.workload import COMPONENTS, Workload
from infra.plan.workloads.workload import by_order, plan_backends, plan_workloads
from infra.testing.recorder import Recorder, record
from tests.infra.workload_samples import IMAGE, environment

SECRETS = [{"name": "db", "config": "dbPassword"}, {"name": "key", "generate": 32, "env": "KEY"}]


def built(**written: Any) -> Recorder:
    (plan,) = plan_workloads(environment({"web": {"image": IMAGE, **written}}))
    values = {"dbPassword": pulumi.Output.secret("hunter2")}
    return record(lambda: COMPONENTS[plan.kind]("web", plan, secrets=values))


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"])
def test_each_kind_is_a_component_of_its_own(kind: str) -> None:
    more = {"schedule": "@daily"} if kind == "CronJob" else {}
    recorder = built(kind=kind, **more)
    assert recorder.names(f"slipway:index:{kind}") == {"web"}
    version = "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    request = recorder.options(f"kubernetes:{version}:{kind}", "web")
    assert f"slipway:index:{kind}::web" in request.parent
    # The account and the policy stand before the first pod.
    depended = {urn.split("::")[-2].split("$")[-1] for urn in request.dependencies}
    assert {"kubernetes:core/v1:ServiceAccount", "kubernetes:networking.k8s.io/v1:NetworkPolicy"} <= depended


def test_a_workload_of_another_kind_keeps_what_it_had() -> None:
    kinds = {"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"}
    request = built(kind="DaemonSet").options("slipway:index:DaemonSet", "web")
    # Children follow their component's aliases.
    assert {each.spec.type for each in request.aliases} == {f"slipway:index:{kind}" for kind in kinds - {"DaemonSet"}}


def test_the_objects_arrive_as_planned() -> None:
    (plan,) = plan_workloads(environment({"web": {"image": IMAGE, "ports": [{"name": "http", "port": 8080}]}}))
    recorder = record(lambda: COMPONENTS[plan.kind]("web", plan))
    for planned in plan.objects:
        inputs = recorder.inputs(planned.token, planned.logical_name)
        assert inputs == planned.manifest()


def test_a_secret_gets_its_name_from_pulumi_and_its_values_are_secret() -> None:
    recorder = built(secrets=SECRETS)
    made = recorder.inputs("kubernetes:core/v1:Secret", "web-secrets")
    assert "name" not in made["metadata"]
    assert made["metadata"]["namespace"] == "web"
    assert recorder.inputs("random:index/randomPassword:RandomPassword", "web-secrets-key") == {
        "length": 32, "special": False,
    }  # fmt: skip
    request = recorder.options("kubernetes:core/v1:Secret", "web-secrets")
    assert set(request.additionalSecretOutputs) == {"data", "stringData"}
    marker = "4dabf18193072939515e22adb298388d"  # Pulumi's signature key of a secret on the wire
    assert marker in request.object["stringData"]


def test_a_claim_is_protected() -> None:
    recorder = built(replicas=1, claims=[{"name": "data", "path": "/d", "sizeGi": 1}])
    token = "kubernetes:core/v1:PersistentVolumeClaim"
    assert recorder.options(token, "web-data").protect is True


def test_the_number_of_pods_is_left_to_the_autoscaler() -> None:
    token = "kubernetes:apps/v1:Deployment"
    scaled = built(autoscaling={"minReplicas": 3, "maxReplicas": 9})
    assert list(scaled.options(token, "web").ignoreChanges) == ["spec.replicas"]
    assert scaled.inputs(token, "web")["spec"]["replicas"] == 3
    assert list(built(replicas=3).options(token, "web").ignoreChanges) == []


def test_the_autoscaler_comes_when_its_workload_has_been_updated() -> None:
    recorder = built(autoscaling={"maxReplicas": 9}, ports=[{"name": "http", "port": 8080}])
    request = recorder.options("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "web")
    assert [urn.split("::")[-2].split("$")[-1] for urn in request.dependencies] == ["kubernetes:apps/v1:Deployment"]
    for token in ("kubernetes:core/v1:Service", "kubernetes:policy/v1:PodDisruptionBudget"):
        assert list(recorder.options(token, "web").dependencies) == []


def test_a_backend() -> None:
    written = {
        "name": "db", "namespace": "web", "type": "addresses", "addresses": ["10.9.0.4"],
        "ports": [{"name": "sql", "port": 5432}],
    }  # fmt: skip
    (plan,) = plan_backends(environment({}, backends=[written]))
    recorder = record(lambda: ServiceBackend("web-db", plan))
    assert recorder.inputs("kubernetes:core/v1:Service", "web-db") == plan.objects[0].manifest()
    assert recorder.inputs("kubernetes:discovery.k8s.io/v1:EndpointSlice", "web-db") == plan.objects[1].manifest()


def test_the_pods_of_a_release_wait_for_its_migration() -> None:
    job = {"image": IMAGE, "kind": "Job"}
    plans = plan_workloads(environment({"web": {"image": IMAGE, "after": ["migrate"]}, "migrate": job}))

    def program() -> None:
        made: dict[str, Workload] = {}
        for plan in by_order(plans):
            after = [made[name].controller for name in plan.after]
            made[plan.name] = COMPONENTS[plan.kind](plan.name, plan, after=after)

    request = record(program).options("kubernetes:apps/v1:Deployment", "web")
    assert [urn for urn in request.dependencies if "kubernetes:batch/v1:Job" in urn]
