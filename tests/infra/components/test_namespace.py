from __future__ import annotations

from typing import Any

import pytest

from infra.components.namespace import Namespace
from infra.plan.namespaces import plan_namespaces
from infra.testing.recorder import Recorder, record
from tests.infra.samples import sample_spec

NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def build(quota: dict[str, Any]) -> Recorder:
    spec = sample_spec(cluster={"namespaces": [{"name": "web", "quota": quota}]})
    return record(lambda: Namespace("web", plan_namespaces(spec)[0]))


def meta(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": "web", "labels": {"app.kubernetes.io/managed-by": "slipway"}}


def test_a_namespace_denies_all_traffic_but_name_resolution() -> None:
    recorder = build({})
    assert recorder.names(NETWORK_POLICY) == {"web-default-deny", "web-allow-dns"}
    deny = recorder.inputs(NETWORK_POLICY, "web-default-deny")
    assert deny["metadata"] == meta("default-deny")
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    dns = recorder.inputs(NETWORK_POLICY, "web-allow-dns")
    assert dns["metadata"] == meta("allow-dns")
    assert dns["spec"] == {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
                "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
            }
        ],
    }


def test_containers_that_state_no_resources_get_defaults() -> None:
    limits = build({}).inputs("kubernetes:core/v1:LimitRange", "web-defaults")
    assert limits["metadata"] == meta("defaults")
    assert limits["spec"] == {
        "limits": [
            {
                "type": "Container",
                "default": {"memory": "256Mi"},
                "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
            }
        ]
    }


@pytest.mark.parametrize(("quota", "expected"), [({}, {}), ({"pods": 5}, {"web-quota": {"hard": {"pods": "5"}}})])
def test_a_quota_is_made_only_where_something_is_limited(quota: dict[str, Any], expected: dict[str, Any]) -> None:
    recorder = build(quota)
    token = "kubernetes:core/v1:ResourceQuota"
    assert {name: recorder.inputs(token, name)["spec"] for name in recorder.names(token)} == expected


def test_a_namespace_is_protected_and_its_guards_are_its_children() -> None:
    recorder = build({"pods": 5})
    assert recorder.options("kubernetes:core/v1:Namespace", "web").protect is True
    children = {
        name for (token, name), request in recorder.requests.items() if "slipway:index:Namespace" in request.parent
    }
    assert children == {"web", "web-default-deny", "web-allow-dns", "web-defaults", "web-quota"}
