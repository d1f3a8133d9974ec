"""Every object of the add-ons, put to a real API server: what it would refuse shows here."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from infra.plan.addons.addons import plan_addons
from infra.plan.addons.objects import AddonObject, Later
from infra.spec import EnvironmentSpec
from rehearsal.providers.kubernetes.api import ApiError
from rehearsal.providers.kubernetes.provider import Provider
from rehearsal.providers.kubernetes.tokens import parse_token
from tests.e2e.cluster import live, plane, provider, tools, warnings
from tests.infra.samples import sample_spec

__all__ = ["plane", "provider", "tools", "warnings"]  # fixtures

pytestmark = pytest.mark.e2e

SPECS = {
    "cilium": sample_spec(),
    "amazonVpc": sample_spec(
        cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced", "addons": {"coreDns": {"replicas": 3}}}
    ),
    "wireguard": sample_spec(cluster={"addons": {"cilium": {"encryption": "wireguard"}}}),
}


def told(value: Any) -> Any:
    """Return a manifest with a likely text for each value that AWS would give."""
    if isinstance(value, Later):
        return f"value-of-{value.name}"
    if isinstance(value, Mapping):
        return {key: told(item) for key, item in value.items()}
    return [told(item) for item in value] if isinstance(value, (list, tuple)) else value


def apply(provider: Provider, made: AddonObject, body: dict[str, Any], *, dry: bool = True) -> dict[str, Any]:
    """Apply one object at the server's side, every unknown or doubled field being an error."""
    assert provider.connection.operations is not None
    cluster = provider.connection.operations.cluster
    path = cluster.discovery.resolve(parse_token(made.token)).path(made.namespace, made.name)
    query = {"fieldManager": "slipway-test", "fieldValidation": "Strict", **({"dryRun": "All"} if dry else {})}
    content_type = "application/apply-patch+yaml"
    return cluster.client.request("PATCH", path, query=query, body=body, content_type=content_type)


def objects(spec: EnvironmentSpec) -> list[AddonObject]:
    return [each for plan in plan_addons(spec) for each in plan.objects]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_api_server_takes_every_object_as_it_is(
    provider: Provider, warnings: list[str], spec: EnvironmentSpec
) -> None:
    for each in objects(spec):
        body = told(each.body)
        taken = apply(provider, each, body, dry=each.kind != "CustomResourceDefinition")
        assert taken["metadata"]["name"] == each.name
    # Deprecated fields, host paths that do nothing, settings that a newer version drops: the server warns of them.
    assert warnings == []


def test_the_kinds_that_the_vpc_cni_brings_are_served(provider: Provider) -> None:
    for each in objects(SPECS["amazonVpc"]):
        if each.kind == "CustomResourceDefinition":
            apply(provider, each, told(each.body), dry=False)
            path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{each.name}"
            found = live(provider, path)
            assert found is not None
            conditions = {one["type"]: one["status"] for one in found.get("status", {}).get("conditions", [])}
            assert conditions.get("NonStructuralSchema") is None


def test_a_field_that_does_not_exist_would_be_refused(provider: Provider) -> None:
    (daemon,) = (each for each in objects(SPECS["cilium"]) if (each.kind, each.name) == ("DaemonSet", "cilium"))
    wrong = copy.deepcopy(told(daemon.body))
    wrong["spec"]["template"]["spec"]["hostnetwork"] = True
    with pytest.raises(ApiError, match="hostnetwork"):
        apply(provider, daemon, wrong)
