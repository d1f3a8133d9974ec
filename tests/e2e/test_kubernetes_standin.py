"""The stand-in for the kubernetes plugin, called directly, against a real API server."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from rehearsal.controlplane import ControlPlane
from rehearsal.providers.base.values import UNKNOWN
from rehearsal.providers.kubernetes.api import ApiError
from rehearsal.providers.kubernetes.operations import OperationError, PartialError
from rehearsal.providers.kubernetes.provider import Provider
from tests.e2e.cluster import live, patched, plane, provider, tools, warnings

__all__ = ["plane", "provider", "tools", "warnings"]  # fixtures

pytestmark = pytest.mark.e2e
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
NAMESPACE = "kubernetes:core/v1:Namespace"
LABELS = {"app": "web"}


def checked(provider: Provider, token: str, news: dict[str, Any], olds: dict[str, Any] | None = None) -> dict[str, Any]:
    inputs, failures = provider.check(f"urn:pulumi:dev::p::{token}::x", token, olds or {}, news, b"", None)
    assert failures == []
    return inputs


def failures_of(provider: Provider, token: str, news: dict[str, Any]) -> list[str]:
    return provider.check(f"urn:pulumi:dev::p::{token}::x", token, {}, news, b"", None)[1]


def deployment(image: str = "web:1", label: str = "web") -> dict[str, Any]:
    containers = [{"name": "web", "image": image, "resources": {"requests": {"cpu": "1000m", "memory": "1024Mi"}}}]
    return {
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": label}},
            "template": {"metadata": {"labels": {"app": label}}, "spec": {"containers": containers}},
        },
    }


def test_unknown_fields_beside_unknown_values_are_named(provider: Provider) -> None:
    news = {"metadata": {"nmae": UNKNOWN}, "dta": {"a": UNKNOWN}}
    assert failures_of(provider, CONFIG_MAP, news) == [
        "unknown field 'metadata.nmae'; did you mean 'name'?",
        "unknown field 'dta'; did you mean 'data'?",
    ]


def test_kinds_that_the_server_does_not_serve_are_named(provider: Provider, plane: ControlPlane) -> None:
    assert failures_of(provider, "kubernetes:apps/v1:Deploymnt", {}) == [
        f"the API server at {plane.server} serves no kind 'Deploymnt' in 'apps/v1'; it serves apps/v1/Deployment"
    ]
    assert failures_of(provider, "kubernetes:policy/v1beta1:PodDisruptionBudget", {}) == [
        f"the API server at {plane.server} serves no kind 'PodDisruptionBudget' in 'policy/v1beta1'; "
        "it serves policy/v1/PodDisruptionBudget"
    ]


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("namespace", ["default", "missing"])
def test_the_server_refuses_unknown_fields(provider: Provider, preview: bool, namespace: str) -> None:
    inputs = checked(provider, CONFIG_MAP, {"metadata": {"name": "n", "namespace": namespace}, "dta": {}})
    with pytest.raises(ApiError, match=r"\.dta: field not declared in schema"):
        provider.create("u", CONFIG_MAP, inputs, 0, preview=preview)


def test_a_preview_in_a_namespace_to_come_returns_the_inputs(provider: Provider) -> None:
    inputs = checked(provider, CONFIG_MAP, {"metadata": {"namespace": "missing"}, "data": {"a": "b"}})
    assert provider.create("u", CONFIG_MAP, inputs, 0, preview=True) == ("", inputs)


def test_a_preview_of_a_kind_to_come_returns_the_inputs(provider: Provider) -> None:
    token = "kubernetes:to.come/v1:Thing"
    inputs = checked(provider, token, {"metadata": {"name": "t"}, "spec": {"a": 1}})
    assert inputs["metadata"]["namespace"] == "default"
    assert provider.create("u", token, inputs, 0, preview=True) == ("", inputs)
    provider.cancelled.set()
    with pytest.raises(OperationError, match="cancelled before the object was created"):
        provider.create("u", token, inputs, 0, preview=False)


def test_a_kind_outside_namespaces_is_put_in_none(provider: Provider) -> None:
    news = {"metadata": {"name": "n", "namespace": "apps"}, "value": 1}
    assert checked(provider, "kubernetes:scheduling.k8s.io/v1:PriorityClass", news)["metadata"] == {"name": "n"}


def test_warnings_of_the_server_are_shown_once(provider: Provider, warnings: list[str]) -> None:
    token = "kubernetes:core/v1:Endpoints"
    inputs = checked(provider, token, {"metadata": {"name": "old"}})
    for _ in range(2):
        provider.create("u", token, inputs, 0, preview=True)
    assert warnings == ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"]
    provider.configure({"suppressDeprecationWarnings": "true"})
    provider.create("u", token, inputs, 0, preview=True)
    assert len(warnings) == 1


def test_a_preview_leaves_unknown_what_the_server_picks_anew(provider: Provider) -> None:
    token = "kubernetes:core/v1:Service"
    inputs = checked(provider, token, {"spec": {"selector": LABELS, "ports": [{"port": 80}]}})
    new_id, state = provider.create("u", token, inputs, 0, preview=True)
    assert new_id == ""
    assert state["metadata"]["uid"] is UNKNOWN
    assert state["spec"]["clusterIP"] is UNKNOWN
    assert state["spec"]["type"] == "ClusterIP"
    assert state["spec"]["ports"][0]["protocol"] == "TCP"
    assert "status" not in state


def test_what_exists_is_not_taken_over_unless_asked(provider: Provider, plane: ControlPlane) -> None:
    inputs = checked(provider, NAMESPACE, {"metadata": {"name": "default", "labels": {"mine": "1"}}})
    with pytest.raises(OperationError, match=r"^v1/Namespace default already exists\. Give the resource another name"):
        provider.create("u", NAMESPACE, inputs, 0, preview=False)
    provider.configure({"upsertExistingObjects": "true"})
    new_id, state = provider.create("u", NAMESPACE, inputs, 0, preview=False)
    assert (new_id, state["metadata"]["labels"]["mine"]) == ("default", "1")
    # It may not be deleted: what was managed is given up.
    provider.delete("u", NAMESPACE, new_id, state, 0)
    kept = live(provider, "/api/v1/namespaces/default")
    assert kept is not None
    assert "mine" not in kept["metadata"]["labels"]


def test_warning_of_what_may_not_be_deleted(provider: Provider, warnings: list[str]) -> None:
    provider.delete("u", NAMESPACE, "default", {"__fieldManager": "m"}, 0)
    assert warnings == ["v1/Namespace default may not be deleted; it was kept, without the fields managed here"]


def test_life_of_a_deployment(provider: Provider) -> None:
    path = "/apis/apps/v1/namespaces/default/deployments/web"
    inputs = checked(provider, DEPLOYMENT, deployment())
    new_id, state = provider.create("u", DEPLOYMENT, inputs, 0, preview=False)
    assert new_id == "default/web"
    assert provider.diff(DEPLOYMENT, state, inputs, []).changes == ()

    # Refreshed at once nothing differs, though the server spells the quantities otherwise.
    _, state, refreshed = provider.read("u", DEPLOYMENT, new_id, state, inputs)
    assert refreshed == inputs
    assert state["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "1", "memory": "1Gi"}

    # Changed by hand: found by the refresh, undone by the update without a conflict.
    patched(provider, path, {"spec": {"replicas": 4}, "metadata": {"labels": {"foreign": "1"}}}, "kubectl-patch")
    _, state, drifted = provider.read("u", DEPLOYMENT, new_id, state, inputs)
    assert drifted == {**inputs, "spec": {**inputs["spec"], "replicas": 4}}
    difference = provider.diff(DEPLOYMENT, state, inputs, [])
    assert [(change.text, replace) for change, replace in difference.changes] == [("spec.replicas", False)]
    state = provider.update("u", new_id, state, inputs, 0, ignored=[], preview=True)
    assert state["spec"]["replicas"] == 1
    state = provider.update("u", new_id, state, inputs, 0, ignored=[], preview=False)
    assert state["spec"]["replicas"] == 1
    assert "foreign" not in state["metadata"].get("labels", {})  # kubectl's fields were taken over, and ours lack it

    # A field of another controller is a conflict, unless it is ignored or forced.
    patched(provider, f"{path}/scale", {"spec": {"replicas": 3}}, "autoscaler")
    for preview in (True, False):
        with pytest.raises(OperationError, match=r'field conflict detected\..*conflict with "autoscaler".*patchForce'):
            provider.update("u", new_id, state, inputs, 0, ignored=[], preview=preview)
    ignoring = provider.update("u", new_id, state, inputs, 0, ignored=["spec.replicas"], preview=False)
    assert ignoring["spec"]["replicas"] == 3
    annotated = {**inputs, "metadata": {**inputs["metadata"], "annotations": {"pulumi.com/patchForce": "true"}}}
    state = provider.update("u", new_id, state, annotated, 0, ignored=[], preview=False)
    assert state["spec"]["replicas"] == 1

    # Another selector needs a new object, which is previewed although the old one is in the way.
    other = checked(provider, DEPLOYMENT, deployment(label="other"), olds=inputs)
    difference = provider.diff(DEPLOYMENT, state, other, ["metadata.annotations"])
    assert difference.replaces == ["spec.selector.matchLabels.app"]
    assert difference.delete_first is True
    assert provider.create("u", DEPLOYMENT, other, 0, preview=True)[1]["metadata"]["name"] == "web"

    provider.delete("u", DEPLOYMENT, new_id, state, 0)
    assert live(provider, path) is None
    provider.delete("u", DEPLOYMENT, new_id, state, 0)
    assert provider.read("u", DEPLOYMENT, new_id, state, inputs) == ("", {}, {})
    with pytest.raises(OperationError, match=r"apps/v1/Deployment default/web does not exist any more\. Run `pulumi r"):
        provider.update("u", new_id, state, inputs, 0, ignored=[], preview=False)


def test_a_patch_owns_its_fields_alone(provider: Provider) -> None:
    path, token = "/api/v1/namespaces/default/configmaps/shared", "kubernetes:core/v1:ConfigMapPatch"
    patch = checked(provider, token, {"metadata": {"name": "shared"}, "data": {"b": "2"}})
    with pytest.raises(OperationError, match=r"^v1/ConfigMap shared does not exist: there is nothing to patch$"):
        provider.create("u", token, patch, 0, preview=False)
    whole = checked(provider, CONFIG_MAP, {"metadata": {"name": "shared"}, "data": {"a": "1"}})
    whole_id, whole_state = provider.create("u", CONFIG_MAP, whole, 0, preview=False)
    patch_id, patch_state = provider.create("u", token, patch, 0, preview=False)
    assert patch_state["data"] == {"a": "1", "b": "2"}
    assert provider.diff(token, patch_state, patch, []).changes == ()
    provider.delete("u", token, patch_id, patch_state, 0)
    left = live(provider, path)
    assert left is not None
    assert left["data"] == {"a": "1"}
    provider.delete("u", CONFIG_MAP, whole_id, whole_state, 0)
    assert live(provider, path) is None


def test_an_import_takes_the_live_object(provider: Provider) -> None:
    assert provider.connection.operations is not None
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "found"}, "data": {"a": "1"}}
    provider.connection.operations.cluster.client.request("POST", "/api/v1/namespaces/default/configmaps", body=body)
    found, state, inputs = provider.read("u", CONFIG_MAP, "default/found", {}, {})
    assert found == "default/found"
    assert inputs == {**body, "metadata": {"name": "found", "namespace": "default"}}
    assert provider.diff(CONFIG_MAP, state, checked(provider, CONFIG_MAP, body, olds=inputs), []).changes == ()
    assert provider.read("u", CONFIG_MAP, "default/lost", {}, {}) == ("", {}, {})


def test_deletion_waits_for_finalizers(provider: Provider) -> None:
    path = "/api/v1/namespaces/default/configmaps/held"
    news = {"metadata": {"name": "held", "finalizers": ["slipway.test/hold"]}, "data": {}}
    inputs = checked(provider, CONFIG_MAP, news)
    new_id, state = provider.create("u", CONFIG_MAP, inputs, 0, preview=False)
    with pytest.raises(PartialError) as caught:
        provider.delete("u", CONFIG_MAP, new_id, state, 1.0)
    assert str(caught.value).startswith(
        "v1/ConfigMap default/held was still there after 1 s: finalizers slipway.test/hold"
    )
    release = threading.Timer(0.5, patched, (provider, path, {"metadata": {"finalizers": None}}, "releaser"))
    release.start()
    began = time.monotonic()
    provider.delete("u", CONFIG_MAP, new_id, state, 20)
    release.join()
    assert 0.3 < time.monotonic() - began < 10
    assert live(provider, path) is None


def test_a_namespace_goes_although_an_api_that_pods_would_serve_does_not_answer(provider: Provider) -> None:
    token = "kubernetes:apiregistration.k8s.io/v1:APIService"
    served: dict[str, Any] = {
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"name": "metrics-server", "namespace": "kube-system"},
        },
    }
    api, state = provider.create("u", token, checked(provider, token, served), 0, preview=False)
    inputs = checked(provider, NAMESPACE, {"metadata": {"name": "emptied"}})
    name, made = provider.create("u", NAMESPACE, inputs, 0, preview=False)
    try:
        provider.delete("u", NAMESPACE, name, made, 60)
        assert live(provider, "/api/v1/namespaces/emptied") is None
    finally:
        provider.delete("u", token, api, state, 0)


def test_wait_for_a_condition_that_does_not_come(provider: Provider) -> None:
    annotations = {"pulumi.com/waitFor": "jsonpath={.data.late}=yes", "pulumi.com/timeoutSeconds": "1"}
    inputs = checked(provider, CONFIG_MAP, {"metadata": {"name": "late", "annotations": annotations}})
    with pytest.raises(PartialError) as caught:
        provider.create("u", CONFIG_MAP, inputs, 0, preview=False)
    assert str(caught.value) == (
        "v1/ConfigMap default/late was written, but 'jsonpath={.data.late}=yes' did not come true"
    )
    kept_id, state = provider.partial_state(caught.value, inputs, {})
    assert (kept_id, state["metadata"]["name"]) == ("default/late", "late")
    provider.delete("u", CONFIG_MAP, kept_id, state, 0)
