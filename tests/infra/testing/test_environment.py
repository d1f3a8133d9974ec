"""An environment read from its stack file as a team's own tests read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime.config import CONFIG, set_all_config

from infra.spec import CONFIG_KEY, SpecError
from infra.testing import Changes, Environment, Resource, Secret, changes, environment, environments
from tests.infra.samples import sample_mapping
from tests.infra.workload_samples import IMAGE

GROUP = "aws:autoscaling/group:Group"
WEB = {
    "image": IMAGE,
    "secrets": [{"name": "password", "config": "webPassword"}],
    "ports": [{"name": "http", "port": 8080}],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with one environment, which runs one workload with a secret."""
    declared = sample_mapping(cluster={"namespaces": [{"name": "shop"}]})
    declared["workloads"] = [{"name": "web", "namespace": "shop"}]
    config = {CONFIG_KEY: declared, "slipway:webPassword": {"secure": "v1:bm8=:bm8="}}
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.test.yaml").write_text(yaml.safe_dump({"config": config}))
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "web.yaml").write_text(yaml.safe_dump(WEB))
    return tmp_path


@pytest.fixture
def test(project: Path) -> Environment:
    return environment("test", project=project)


def test_environments_are_the_stack_files_of_the_project(project: Path) -> None:
    (project / "stacks" / "Pulumi.early.yaml").touch()
    (project / "stacks" / "schema.json").touch()
    assert environments(project) == ["early", "test"]


def test_a_resource_has_its_inputs_and_what_the_engine_is_told_of_it(test: Environment) -> None:
    group = test.get(GROUP, "nodes")
    assert (group.inputs["minSize"], group.inputs["maxSize"]) == (2, 6)
    assert group.urn == "urn:pulumi:test::slipway::slipway:index:InstanceGroup$aws:autoscaling/group:Group::nodes"
    assert group.parent == "urn:pulumi:test::slipway::slipway:index:InstanceGroup::nodes"
    assert (group.protect, group.retain_on_delete, group.adopted) == (True, False, "")
    bucket = test.get("aws:s3/bucket:Bucket", "state")
    assert (bucket.protect, bucket.retain_on_delete, bucket.adopted) == (True, True, "acme-slipway-test")


def test_resources_of_a_type_come_in_the_order_of_their_names(test: Environment) -> None:
    assert [each.name for each in test.of(GROUP)] == ["control-plane-a", "edge", "nodes"]


def test_a_manifest_is_what_would_be_applied(test: Environment) -> None:
    web = test.manifest("Deployment", "web", "shop")
    assert (web["apiVersion"], web["metadata"]["namespace"]) == ("apps/v1", "shop")
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE
    assert test.manifest("Namespace", "shop")["metadata"]["name"] == "shop"
    assert [each["metadata"]["name"] for each in test.manifests("Namespace")] == ["logging", "monitoring", "shop"]
    assert len(test.manifests()) > len(test.manifests("Namespace"))


def test_manifests_are_the_objects_in_the_cluster_alone() -> None:
    pod, chart = Resource("kubernetes:core/v1:Pod", "a", {"kind": "Pod"}), Resource("kubernetes:helm:Chart", "b", {})
    outside = Resource("aws:some/thing:Thing", "c", {"kind": "Pod"})
    assert of(pod, chart, outside).manifests() == of(pod, chart, outside).manifests("Pod") == [pod.inputs]


def test_a_secret_of_the_configuration_is_stood_in_for_and_shows_in_no_message(test: Environment) -> None:
    secret = test.get("kubernetes:core/v1:Secret", "web-secrets")
    assert secret.inputs["stringData"] == Secret({"password": "the secret webPassword"})
    assert "webPassword" not in repr(secret)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda it: it.of("aws:autoscaling:Group"),
            f"test has no resource of type 'aws:autoscaling:Group'; .* {GROUP!r}",
        ),
        (lambda it: it.get(GROUP, "node"), f"test has no {GROUP} 'node'; the nearest is 'nodes'"),
        (
            lambda it: it.manifest("Deployment", "web", "shpo"),
            "no Deployment shpo/web; the nearest is 'Deployment shop/web'",
        ),
        (lambda it: it.manifest("Namespace", "shp"), "no Namespace shp; the nearest is 'Namespace shop'"),
    ],
)
def test_what_is_not_there_is_an_error_that_names_the_nearest(test: Environment, ask: Any, message: str) -> None:
    with pytest.raises(LookupError, match=message):
        ask(test)


def test_an_edit_changes_what_is_read_and_not_the_file(project: Path, test: Environment) -> None:
    written = (project / "stacks" / "Pulumi.test.yaml").read_text()
    more = environment("test", project=project, edit=lambda it: it["instanceGroups"][1].update(maxSize=9))
    assert more.get(GROUP, "nodes").inputs["maxSize"] == 9
    assert environment("test", project=project) is test
    assert (project / "stacks" / "Pulumi.test.yaml").read_text() == written


def test_an_edit_that_declares_nothing_valid_is_refused_as_an_update_would_be(project: Path) -> None:
    with pytest.raises(SpecError, match=r"stacks/Pulumi\.test\.yaml: 1 problem .*\n.*instanceGroups\[1\]\.maxSize"):
        environment("test", project=project, edit=lambda it: it["instanceGroups"][1].update(maxSize=1))


def test_a_file_that_declares_no_mapping_is_refused_whatever_the_edit(project: Path) -> None:
    (project / "stacks" / "Pulumi.test.yaml").write_text(yaml.safe_dump({"config": {CONFIG_KEY: "soon"}}))
    with pytest.raises(SpecError, match="is not a mapping"):
        environment("test", project=project, edit=lambda it: it.clear())


def test_a_secret_that_is_not_in_the_file_is_missed(project: Path) -> None:
    path = project / "stacks" / "Pulumi.test.yaml"
    config = yaml.safe_load(path.read_text())["config"]
    del config["slipway:webPassword"]
    path.write_text(yaml.safe_dump({"config": config}))
    with pytest.raises(SpecError, match="'webPassword' is not in the stack's configuration"):
        environment("test", project=project)


def test_configuration_of_other_tests_is_left_as_it_was(project: Path) -> None:
    set_all_config({"other:key": "value"}, [])
    try:
        environment("test", project=project, edit=lambda it: it["tags"].update(team="left"))
        assert CONFIG.get() == {"other:key": "value"}
    finally:
        set_all_config({}, [])


def test_changes_are_what_comes_what_goes_and_which_inputs_differ() -> None:
    kept, bigger = Resource(GROUP, "a", {"maxSize": 1, "minSize": 0}), Resource(GROUP, "a", {"maxSize": 2, "tags": []})
    same, gone, new = Resource(GROUP, "b", {}), Resource(GROUP, "c", {}), Resource(GROUP, "d", {})
    before, after = of(kept, same, gone), of(bigger, same, new)
    assert changes(before, after) == Changes(
        added={(GROUP, "d")}, removed={(GROUP, "c")}, changed={(GROUP, "a"): {"maxSize", "minSize", "tags"}}
    )
    assert changes(before, before) == Changes()


def of(*resources: Resource) -> Environment:
    return Environment(None, {(each.type, each.name): each for each in resources})  # type: ignore[arg-type]
