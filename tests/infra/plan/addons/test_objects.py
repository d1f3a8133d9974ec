from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.addons.objects import (
    _LOADER,
    AddonObject,
    Later,
    Manifest,
    add_arguments,
    in_order,
    leaves,
    set_environment,
)
from tests.infra.samples import sample_spec


def manifest() -> Manifest:
    return Manifest("coredns", sample_spec())


@pytest.mark.parametrize(
    ("metadata", "version", "kind", "token", "name"),
    [
        ({"name": "x", "namespace": "n"}, "v1", "Service", "kubernetes:core/v1:Service", "a/Service/n/x"),
        ({"name": "x:y"}, "apps/v1", "Thing", "kubernetes:apps/v1:Thing", "a/Thing/x:y"),
    ],
)
def test_an_object_is_registered_under_its_kind_and_place(
    metadata: dict[str, str], version: str, kind: str, token: str, name: str
) -> None:
    made = AddonObject("a", {"apiVersion": version, "kind": kind, "metadata": metadata})
    assert (made.token, made.logical_name) == (token, name)


def test_each_manifest_is_a_copy_of_its_own() -> None:
    manifest().get("Service", "kube-dns")["spec"]["clusterIP"] = "10.0.0.1"
    assert "clusterIP" not in manifest().get("Service", "kube-dns")["spec"]


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match=r"^add-on coredns has no Service dns$"):
        manifest().get("Service", "dns")
    with pytest.raises(LookupError, match=r"^Deployment coredns of add-on coredns has no container dns$"):
        manifest().container("Deployment", "coredns", "dns")


def test_a_dropped_object_is_gone() -> None:
    edited = manifest()
    edited.drop("Service", "kube-dns")
    assert "Service" not in {each.kind for each in edited.plan().objects}


def test_a_variable_is_set_once() -> None:
    container: dict[str, Any] = {"name": "c"}
    set_environment(container, {"A": "1", "B": Later("b")})
    assert container["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": Later("b")}]
    with pytest.raises(ValueError, match=r"^c has A, B already$"):
        set_environment(container, {"B": "2", "A": "2", "C": "3"})


def test_arguments_are_appended() -> None:
    container: dict[str, Any] = {"args": ["-a"]}
    bare: dict[str, Any] = {}
    add_arguments(container, ["-b"])
    add_arguments(bare, ["-c"])
    assert (container["args"], bare["args"]) == (["-a", "-b"], ["-c"])


def test_leaves_are_all_values() -> None:
    assert list(leaves({"a": [1, {"b": Later("x")}], "c": ("d",)})) == [1, Later("x"), "d"]


def test_namespaces_and_definitions_of_kinds_come_first() -> None:
    kinds = ["Service", "CustomResourceDefinition", "ConfigMap", "Namespace", "CustomResourceDefinition"]
    ordered = in_order([{"kind": kind, "was": position} for position, kind in enumerate(kinds)])
    assert [each["was"] for each in ordered] == [3, 1, 4, 0, 2]


def test_what_waits_for_nodes_is_not_waited_for() -> None:
    marked = {
        each.kind: each.body["metadata"].get("annotations", {}).get("pulumi.com/skipAwait")
        for each in manifest().plan().objects
    }
    assert {kind for kind, value in marked.items() if value == "true"} == {"Service", "Deployment"}


def test_every_object_says_whose_it_is() -> None:
    for each in manifest().plan().objects:
        labels = each.body["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "slipway"
        assert labels["slipway/addon"] == "coredns"
    service = next(each for each in manifest().plan().objects if each.kind == "Service")
    assert service.body["metadata"]["labels"]["k8s-app"] == "kube-dns"


def test_both_of_pyyamls_readers_read_every_manifest_the_same() -> None:
    folder = Path(str(files("infra.templates").joinpath("addons")))
    documents = sorted(folder.glob("*/*.yaml"))
    assert documents
    for document in documents:
        text = document.read_text(encoding="utf-8")
        fast = list(yaml.load_all(text, Loader=_LOADER))
        assert fast == list(yaml.safe_load_all(text)), document.name
