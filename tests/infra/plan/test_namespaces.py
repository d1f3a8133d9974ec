from __future__ import annotations

from infra.plan.namespaces import plan_namespaces
from tests.infra.samples import sample_spec


def test_a_namespace_enforces_pod_security_at_the_clusters_minor_version() -> None:
    spec = sample_spec(cluster={"namespaces": [{"name": "web", "podSecurity": "baseline"}]})
    (plan,) = plan_namespaces(spec)
    assert plan.name == "web"
    assert plan.labels == {
        "app.kubernetes.io/managed-by": "slipway",
        "app.kubernetes.io/part-of": "test",
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/audit": "baseline",
        "pod-security.kubernetes.io/warn": "baseline",
        "pod-security.kubernetes.io/enforce-version": "v1.37",
        "pod-security.kubernetes.io/audit-version": "v1.37",
        "pod-security.kubernetes.io/warn-version": "v1.37",
    }


def test_a_namespace_is_restricted_and_unlimited_unless_said_otherwise() -> None:
    (plan,) = plan_namespaces(sample_spec(cluster={"namespaces": [{"name": "web"}]}))
    assert plan.labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert plan.quota == {}
    assert (plan.default_requests, plan.default_limits) == ({"cpu": "50m", "memory": "64Mi"}, {"memory": "256Mi"})


def test_only_the_ceilings_that_are_set_are_in_the_quota() -> None:
    quotas = [{"cpu": 8}, {"memoryGi": 32}, {"pods": 50}, {"cpu": 8, "memoryGi": 32, "pods": 50}]
    namespaces = [{"name": f"n{index}", "quota": quota} for index, quota in enumerate(quotas)]
    plans = plan_namespaces(sample_spec(cluster={"namespaces": namespaces}))
    assert [plan.quota for plan in plans] == [
        {"requests.cpu": "8"},
        {"requests.memory": "32Gi"},
        {"pods": "50"},
        {"requests.cpu": "8", "requests.memory": "32Gi", "pods": "50"},
    ]
