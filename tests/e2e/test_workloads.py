"""Every object of every kind of workload is what a real API server accepts, validated strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from infra.plan.workloads.objects import KubernetesObject
from infra.plan.workloads.workload import plan_backends, plan_workloads
from infra.spec import EnvironmentSpec, load
from rehearsal.controlplane import ControlPlane
from rehearsal.providers.kubernetes.api import ApiError
from rehearsal.providers.kubernetes.provider import Provider
from tests.e2e.cluster import plane, tools
from tests.infra.workload_samples import IMAGE, environment, problems, workloads

__all__ = ["plane", "tools"]  # fixtures

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
PLURALS = {"NetworkPolicy": "networkpolicies"}


@pytest.fixture(scope="module")
def api(plane: ControlPlane) -> Provider:
    made = Provider(warn=lambda _urn, _text: None, environment={"KUBECONFIG": str(plane.kubeconfig)})
    made.configure({})
    for name in ("web", "data", "demo"):
        labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        request(made, "POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
    return made


def request(api: Provider, method: str, path: str, body: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    assert api.connection.operations is not None
    return api.connection.operations.cluster.client.request(method, path, body=body, **keywords)


def accept(api: Provider, planned: KubernetesObject) -> dict[str, Any]:
    """Apply an object without keeping it; return it with the server's defaults."""
    manifest = planned.manifest()
    group = "/apis" if "/" in planned.api_version else "/api"
    plural = PLURALS.get(planned.kind, f"{planned.kind.lower()}s")
    where = f"{group}/{planned.api_version}/namespaces/{manifest['metadata']['namespace']}/{plural}/{planned.name}"
    query = {"fieldManager": "test", "fieldValidation": "Strict", "dryRun": "All"}
    try:
        return request(api, "PATCH", where, manifest, query=query, content_type="application/apply-patch+yaml")
    except ApiError as error:
        raise AssertionError(f"{planned.kind} {planned.name}: {error}") from None


def objects(spec: EnvironmentSpec) -> list[KubernetesObject]:
    return [
        *(each for plan in plan_workloads(spec) for each in plan.objects),
        *(each for plan in plan_backends(spec) for each in plan.objects),
    ]


def pods(api: Provider, planned: KubernetesObject) -> None:
    """Make the pod of a template, without keeping it: Pod Security judges pods alone."""
    body = planned.body["spec"]
    template = (body["jobTemplate"]["spec"] if planned.kind == "CronJob" else body)["template"]
    claims = [each["metadata"]["name"] for each in body.get("volumeClaimTemplates", [])]
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
    spec = {**template["spec"], "volumes": [*template["spec"].get("volumes", []), *volumes]}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": spec["serviceAccountName"]}}
    namespace = planned.body["metadata"]["namespace"]
    request(
        api, "PATCH", f"/api/v1/namespaces/{namespace}/serviceaccounts/{spec['serviceAccountName']}", account,
        query={"fieldManager": "test"}, content_type="application/apply-patch+yaml",
    )  # fmt: skip
    pod = KubernetesObject(
        "v1", "Pod", "pod", {"metadata": {**template["metadata"], "name": "pod", "namespace": namespace}, "spec": spec}
    )
    made = request(
        api, "POST", f"/api/v1/namespaces/{namespace}/pods", pod.manifest(),
        query={"dryRun": "All", "fieldValidation": "Strict"},
    )  # fmt: skip
    assert made["kind"] == "Pod"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=workloads())
def test_any_workload_is_accepted_and_its_pods_are_restricted(api: Provider, written: dict[str, Any]) -> None:
    spec = environment({"any": written})
    (plan,) = plan_workloads(spec)
    for planned in plan.objects:
        accept(api, planned)
    pods(api, plan.controller)


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "apps").glob("*.yaml")))
def test_the_examples_are_accepted(api: Provider, name: str) -> None:
    import yaml

    files = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "apps").glob("*.yaml")}
    rates = {
        "name": "rates", "namespace": "web", "type": "externalName", "host": "rates.example.com",
        "ports": [{"name": "http", "port": 80}],
    }  # fmt: skip
    spec = environment(files, backends=[rates], pinned=False)
    (plan,) = (each for each in plan_workloads(spec) if each.name == name)
    for planned in plan.objects:
        accept(api, planned)
    assert plan.secret is None or plan.secret.entries
    pods(api, plan.controller)


def test_the_application_of_the_local_stack_is_accepted(api: Provider) -> None:
    found = objects(load(ROOT / "stacks" / "Pulumi.local.yaml", "local"))
    assert {"web", "store", "rates"} <= {each.name for each in found}
    for planned in found:
        accept(api, planned)


@pytest.mark.parametrize(
    "backend",
    [
        {"type": "clusterIP", "workload": "web"},
        {"type": "headless", "workload": "web"},
        {"type": "nodePort", "workload": "web", "nodePort": 30080},
        {"type": "loadBalancer", "workload": "web", "loadBalancer": {"proxyProtocol": True}},
        {
            "type": "loadBalancer",
            "workload": "web",
            "loadBalancer": {"scheme": "internet-facing", "sourceRanges": ["203.0.113.0/24"]},
        },
        {"type": "externalName", "host": "db.example.com"},
        {"type": "addresses", "addresses": ["10.9.0.4", "10.9.0.5"], "trafficDistribution": "PreferSameZone"},
        {"type": "otherNamespace", "workload": "web", "namespace": "data"},
    ],
    ids=lambda backend: backend["type"],
)
def test_every_backend_is_accepted(api: Provider, backend: dict[str, Any]) -> None:
    whole = {"name": "db", "namespace": "web", "ports": [{"name": "x", "port": 5432}], **backend}
    web = {"image": IMAGE, "ports": [{"name": "http", "port": 5432}]}
    (plan,) = plan_backends(environment({"web": web}, backends=[whole]))
    for planned in plan.objects:
        accept(api, planned)


SCHEDULES = ("30 2 * * MON-FRI", "0 0 1 jan,JUL ?", "@midnight", "@annually", "5/15 1-3,22 * * 0", "0 0 31 2 1")
NO_SCHEDULES = (
    "0 0 * * 7",
    "0 30 2 * * 1",
    "60 * * * *",
    "0 0 * * FUN",
    "TZ=Europe/Berlin 30 2 * * *",
    "30-10 * * * *",
)


@pytest.mark.parametrize("schedule", [*SCHEDULES, *NO_SCHEDULES])
def test_schedules_are_read_as_kubernetes_reads_them(api: Provider, schedule: str) -> None:
    """What the spec refuses of these the API server refuses, too, and what it takes it takes."""
    written = {"image": IMAGE, "kind": "CronJob"}
    (plan,) = plan_workloads(environment({"any": {**written, "schedule": "0 0 * * *"}}))
    body = {**plan.controller.body, "spec": {**plan.controller.body["spec"], "schedule": schedule}}
    job = KubernetesObject("batch/v1", "CronJob", "any", body)
    if schedule in SCHEDULES:
        accept(api, job)
        assert problems({"any": {**written, "schedule": schedule}}) == []
        return
    with pytest.raises(AssertionError, match="schedule"):
        accept(api, job)
    assert len(problems({"any": {**written, "schedule": schedule}})) == 1


def test_what_is_not_a_field_would_be_refused(api: Provider) -> None:
    """The check itself can fail: fields are validated strictly."""
    (plan,) = plan_workloads(environment({"web": {"image": IMAGE}}))
    body = {**plan.controller.body, "spec": {**plan.controller.body["spec"], "replicaz": 1}}
    with pytest.raises(AssertionError, match="replicaz"):
        accept(api, KubernetesObject("apps/v1", "Deployment", "web", body))
