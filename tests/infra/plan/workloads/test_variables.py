"""Environment variables of a workload's container."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.workloads.workload import plan_workloads
from tests.infra.workload_samples import IMAGE, environment


def env(**written: Any) -> list[dict[str, Any]]:
    (plan,) = plan_workloads(environment({"web": {"image": IMAGE, **written}}))
    found: list[dict[str, Any]] = plan.controller.body["spec"]["template"]["spec"]["containers"][0]["env"]
    return found


@pytest.mark.parametrize(
    ("field", "source"),
    [
        ("name", {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}),
        ("namespace", {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}),
        ("uid", {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.uid"}}),
        ("ip", {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}),
        ("node", {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}),
        ("nodeIp", {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.hostIP"}}),
        ("ordinal", {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.labels['apps.kubernetes.io/pod-index']"}}),
        ("memoryLimit", {"resourceFieldRef": {"resource": "limits.memory"}}),
        ("cpuRequest", {"resourceFieldRef": {"resource": "requests.cpu"}}),
    ],
)
def test_a_pod_is_told_of_itself(field: str, source: dict[str, Any]) -> None:
    assert env(kind="StatefulSet", envFromPod={"IT": field}) == [{"name": "IT", "valueFrom": source}]


def test_what_others_are_made_of_stands_before_them() -> None:
    # Kubernetes fills in what it has read by then, and leaves the rest as it is written.
    found = env(
        env={"URL": "postgres://web:$(PASSWORD)@$(POD_IP)/web"},
        secrets=[{"name": "password", "generate": 32, "env": "PASSWORD"}],
        envFromPod={"POD_IP": "ip"},
        aws=[{"actions": ["s3:GetObject"], "resources": ["*"]}],
    )
    assert [each["name"] for each in found][:4] == ["POD_IP", "PASSWORD", "URL", "AWS_REGION"]
