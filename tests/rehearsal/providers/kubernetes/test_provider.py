"""The provider with no cluster, and its comparison of inputs; with a cluster it is tested end to end."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.providers.base.values import UNKNOWN, Secret
from rehearsal.providers.kubernetes.connection import UnreachableError
from rehearsal.providers.kubernetes.discovery import nearest
from rehearsal.providers.kubernetes.provider import Provider
from rehearsal.providers.kubernetes.tokens import Kind

POD = "kubernetes:core/v1:Pod"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
NO_CLUSTER = {"kubeconfig": "/no/such/kubeconfig"}
REASON = (
    "failed to parse kubeconfig data in `kubernetes:config:kubeconfig`- no kubeconfig at /no/such/kubeconfig; "
    "set `kubernetes:kubeconfig` or the variable KUBECONFIG"
)


def urn(token: str) -> str:
    return f"urn:pulumi:dev::project::{token}::logical"


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def provider(warnings: list[str]) -> Provider:
    made = Provider(warn=lambda _urn, text: warnings.append(text), environment={})
    made.configure(NO_CLUSTER)
    return made


def check(
    provider: Provider,
    token: str,
    news: dict[str, Any],
    olds: dict[str, Any] | None = None,
    proposed: str | None = None,
) -> tuple[dict[str, Any], list[str]]:
    return provider.check(urn(token), token, olds or {}, news, b"seed", proposed)


def test_check_completes_the_inputs(provider: Provider) -> None:
    assert check(provider, POD, {"spec": {"a": 1}}) == (
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "logical-19b25856",
                "namespace": "default",
                "annotations": {"pulumi.com/autonamed": "true"},
            },
            "spec": {"a": 1},
        },
        [],
    )


def test_check_keeps_a_chosen_name(provider: Provider) -> None:
    first, _ = check(provider, POD, {})
    again, failures = provider.check(urn(POD), POD, first, {"spec": {}}, b"another seed", None)
    assert again["metadata"] == first["metadata"]
    assert failures == []


def test_check_leaves_given_and_unknown_names(provider: Provider) -> None:
    given = {"metadata": {"name": "n", "namespace": "s"}}
    assert check(provider, POD, given)[0]["metadata"] == given["metadata"]
    assert check(provider, POD, {"metadata": {"name": UNKNOWN}})[0]["metadata"] == {
        "name": UNKNOWN,
        "namespace": "default",
    }
    assert check(provider, POD, {"metadata": UNKNOWN})[0]["metadata"] is UNKNOWN
    assert check(provider, POD, {"metadata": Secret({"name": "n"})})[0]["metadata"] == {
        "name": Secret("n"),
        "namespace": "default",
    }


def test_the_engines_autonaming(provider: Provider) -> None:
    assert check(provider, POD, {}, proposed="engine-name")[0]["metadata"]["name"] == "engine-name"
    assert check(provider, POD, {}, proposed="")[1] == [
        "metadata.name: required, because the project's autonaming is disabled"
    ]


@pytest.mark.parametrize(
    ("token", "news", "failures"),
    [
        (
            POD,
            {"apiVersion": "v2", "kind": "Pond"},
            [
                "apiVersion: 'v2' does not agree with the resource's type, which is 'v1'",
                "kind: 'Pond' does not agree with the resource's type, which is 'Pod'",
            ],
        ),
        (POD, {"metadata": "text"}, ["metadata: 'text' is not an object"]),
        (
            POD,
            {"metadata": {"generateName": "a-"}},
            ["metadata.generateName: not supported in Server-Side Apply mode; leave the name out to have one chosen"],
        ),
        (
            "kubernetes:core/v1:PodPatch",
            {"spec": {}},
            ["metadata.name: a Patch resource must name the object it patches"],
        ),
        (
            "kubernetes:core/v1:PodList",
            {},
            ["kubernetes:core/v1:PodList: lists exist for manifests and cannot be created. Declare each Pod instead."],
        ),
    ],
)
def test_check_failures(provider: Provider, token: str, news: dict[str, Any], failures: list[str]) -> None:
    assert check(provider, token, news)[1] == failures


def test_without_a_cluster_it_is_known_which_kinds_lie_in_no_namespace(provider: Provider) -> None:
    """Each ClusterRole of an environment whose API was away was to be replaced, for a namespace that it got."""
    role, crd = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "kubernetes:example.com/v1:ClusterRole"
    inputs = {"metadata": {"name": "n"}}
    assert check(provider, role, inputs)[0]["metadata"] == {"name": "n"}
    assert check(provider, crd, inputs)[0]["metadata"] == {"name": "n", "namespace": "default"}
    assert check(provider, POD, inputs)[0]["metadata"] == {"name": "n", "namespace": "default"}


def test_without_a_cluster_a_preview_warns_and_an_update_fails(provider: Provider, warnings: list[str]) -> None:
    inputs, _ = check(provider, POD, {})
    assert provider.create("u", POD, inputs, 0, preview=True) == ("", inputs)
    assert warnings == [f"configured Kubernetes cluster is unreachable: {REASON}"]
    expected = (
        f"configured Kubernetes cluster is unreachable: {REASON}. If the cluster was deleted, the resource can be "
        "dropped from the state by running again with PULUMI_K8S_DELETE_UNREACHABLE=true"
    )
    for call in (
        lambda: provider.create("u", POD, inputs, 0, preview=False),
        lambda: provider.update("u", "default/n", {}, inputs, 0, ignored=[], preview=False),
        lambda: provider.read("u", POD, "default/n", {}, {}),
        lambda: provider.delete("u", POD, "default/n", {}, 0),
    ):
        with pytest.raises(UnreachableError) as caught:
            call()
        assert str(caught.value) == expected


def test_unreachable_objects_can_be_dropped_or_skipped(provider: Provider, warnings: list[str]) -> None:
    provider.configure({**NO_CLUSTER, "deleteUnreachable": "true"})
    assert provider.read("u", POD, "default/n", {"a": 1}, {"b": 2}) == ("", {}, {})
    provider.delete("u", POD, "default/n", {}, 0)
    provider.configure({**NO_CLUSTER, "skipUpdateUnreachable": "true"})
    assert provider.read("u", POD, "default/n", {"a": 1}, {"b": 2}) == ("default/n", {"a": 1}, {"b": 2})
    assert check(provider, POD, {"new": 1}, {"old": 1}) == ({"old": 1}, [])
    assert len(warnings) == 4


def test_an_unknown_kubeconfig_waits(provider: Provider) -> None:
    provider.configure({"kubeconfig": UNKNOWN})
    assert provider.connection.reason == "its configuration is not known yet"


def state(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "n", "namespace": "default", "uid": "u"}, "__inputs": inputs}


def inputs_of(kind: str, data: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "n", "namespace": "default", **metadata},
        "data": data,
    }


def differing(provider: Provider, old: dict[str, Any], new: dict[str, Any], ignore: list[str] | None = None) -> Any:
    found = provider.diff(CONFIG_MAP, state(old), new, ignore or [])
    return [(change.text, change.kind.value, replace) for change, replace in found.changes], found.delete_first


def test_diff_of_equal_inputs(provider: Provider) -> None:
    inputs = inputs_of("ConfigMap", {"a": "1"})
    assert differing(provider, inputs, inputs) == ([], False)
    assert differing(provider, inputs, inputs_of("ConfigMap", {"a": Secret("1")})) == ([], False)


def test_diff_of_a_named_object_deletes_first(provider: Provider) -> None:
    old, new = inputs_of("ConfigMap", {"a": "1"}), inputs_of("ConfigMap", {"a": "2", "b": UNKNOWN})
    assert differing(provider, old, new) == ([("data.a", "update", True), ("data.b", "add", True)], True)


def test_diff_of_an_autonamed_object_creates_first(provider: Provider) -> None:
    annotations = {"pulumi.com/autonamed": "true"}
    old = inputs_of("ConfigMap", {"a": "1"}, annotations=annotations)
    new = inputs_of("ConfigMap", {"a": "2"}, annotations=annotations)
    assert differing(provider, old, new) == ([("data.a", "update", True)], False)


def test_diff_in_place_and_ignored(provider: Provider) -> None:
    old, new = inputs_of("ConfigMap", {}, labels={"a": "1"}), inputs_of("ConfigMap", {}, labels={"a": "2"})
    assert differing(provider, old, new) == ([("metadata.labels.a", "update", False)], False)
    assert differing(provider, old, new, ["metadata.labels"]) == ([], False)


def test_diff_of_another_place_creates_first(provider: Provider) -> None:
    old, new = inputs_of("ConfigMap", {}), inputs_of("ConfigMap", {}, name="m")
    assert differing(provider, old, new) == ([("metadata.name", "update", True)], False)
    assert differing(provider, old, {**old, "metadata": UNKNOWN}) == ([("metadata", "update", False)], False)


def test_diff_fills_in_the_namespace(provider: Provider) -> None:
    old = inputs_of("ConfigMap", {})
    assert differing(provider, old, {**old, "metadata": {"name": "n"}}) == ([], False)


def test_diff_of_a_patch_is_in_place(provider: Provider) -> None:
    old, new = inputs_of("ConfigMap", {"a": "1"}), inputs_of("ConfigMap", {"a": "2"})
    found = provider.diff("kubernetes:core/v1:ConfigMapPatch", state(old), new, [])
    assert [(change.text, replace) for change, replace in found.changes] == [("data.a", False)]


def test_nearest_kinds() -> None:
    served = [Kind("apps/v1", name) for name in ("Deployment", "DaemonSet", "ReplicaSet")] + [Kind("v1", "Pod")]
    assert nearest(Kind("apps/v1", "Deploymnt"), served) == ["apps/v1/Deployment"]
    assert nearest(Kind("apps/v1beta1", "Deployment"), served) == ["apps/v1/Deployment"]
    assert nearest(Kind("apps/v1", "Zzz"), served) == []
