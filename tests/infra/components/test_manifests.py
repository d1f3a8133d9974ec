from __future__ import annotations

import pulumi
import pytest

from infra.components.manifests import Manifests
from infra.plan.addons.objects import AddonObject, AddonPlan, Later
from infra.testing.recorder import Recorder, record

CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"


def made(kind: str, name: str, version: str = "v1", **rest: object) -> AddonObject:
    return AddonObject("a", {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **rest})


PLAN = AddonPlan(
    "a",
    (
        made("CustomResourceDefinition", "things.example.com", "apiextensions.k8s.io/v1"),
        made("Thing", "one", "example.com/v1", spec={"hosts": [Later("host"), "fixed"], "count": 2, "on": True}),
        made("ConfigMap", "c", data={"snake_case": "kept", "camelCase": Later("role")}),
    ),
)


def values() -> dict[str, pulumi.Input[str]]:
    return {"host": "api.example.com", "role": pulumi.Output.from_input("arn:aws:iam::1:role/r")}


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return record(lambda: Manifests("a", PLAN, values=values()))


def test_each_object_is_a_resource_of_its_own_kind_with_every_field_as_it_was(recorder: Recorder) -> None:
    assert recorder.inputs("kubernetes:example.com/v1:Thing", "a/Thing/one") == {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "one"},
        "spec": {"hosts": ["api.example.com", "fixed"], "count": 2, "on": True},
    }


def test_values_known_later_are_put_in(recorder: Recorder) -> None:
    config = recorder.inputs("kubernetes:core/v1:ConfigMap", "a/ConfigMap/c")
    assert config["data"] == {"snake_case": "kept", "camelCase": "arn:aws:iam::1:role/r"}


def test_kinds_are_defined_before_they_are_used(recorder: Recorder) -> None:
    (definition,) = recorder.names(CRD)
    assert list(recorder.options(CRD, definition).dependencies) == []
    for token, name in (
        ("kubernetes:example.com/v1:Thing", "a/Thing/one"),
        ("kubernetes:core/v1:ConfigMap", "a/ConfigMap/c"),
    ):
        (before,) = recorder.options(token, name).dependencies
        assert before.endswith(f"{CRD}::{definition}")
        assert "slipway:index:Manifests::a" in recorder.options(token, name).parent


def test_a_later_stage_is_made_after_the_others_and_so_deleted_before_them() -> None:
    objects = (
        AddonObject("a", made("Asked", "x").body, stage=2),
        AddonObject("a", made("Asked", "y").body, stage=2),
        *PLAN.objects,
        AddonObject("a", made("Issuer", "i").body, stage=1),
    )
    ordered = AddonPlan("a", tuple(sorted(objects, key=lambda each: each.stage)))
    recorder = record(lambda: Manifests("a", ordered, values=values()))

    def needed(kind: str, name: str) -> set[str]:
        urns = recorder.options(f"kubernetes:core/v1:{kind}", f"a/{kind}/{name}").dependencies
        return {urn.rpartition("/")[2] for urn in urns}

    assert needed("ConfigMap", "c") == {"things.example.com"}
    assert needed("Issuer", "i") == {"things.example.com", "one", "c"}
    assert needed("Asked", "x") == needed("Asked", "y") == {"things.example.com", "one", "c", "i"}


def test_a_value_that_nobody_gives_stops_the_program() -> None:
    with pytest.raises(KeyError, match="host"):
        record(lambda: Manifests("a", PLAN, values={}))
