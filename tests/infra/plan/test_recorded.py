"""What an update has recorded, read back: the environment with its workloads."""

from __future__ import annotations

import pytest
import yaml

from infra.plan.recorded import Noted, environment_recorded, groups_recorded, noted, spec_recorded
from infra.plan.records import plan_records
from infra.plan.state_layout import config_key
from infra.spec import EnvironmentSpec
from tests.infra.samples import sample_spec
from tests.infra.workload_samples import IMAGE, environment


def texts(spec: EnvironmentSpec) -> tuple[str, list[str]]:
    """Return the record of the cluster and those of its groups."""
    found = {record.key: record.content for record in plan_records(spec).records}
    return found[config_key(spec)], [text for key, text in found.items() if "/instancegroup/" in key]


def test_an_environment_is_as_it_was() -> None:
    spec = sample_spec(workloads=[], monitoring={"retentionDays": 20})
    assert environment_recorded(*texts(spec)) == spec
    assert groups_recorded(texts(spec)[0]) == ("control-plane-a", "edge", "nodes")


def test_workloads_are_as_their_files_were() -> None:
    port, env = {"name": "http", "port": 8080}, {"A": "1"}
    web = {"image": IMAGE, "replicas": 3, "ports": [port], "from": ["api"], "env": env}
    spec = environment({"web": web, "api": {"image": IMAGE, "kind": "StatefulSet", "to": ["web"]}})
    found = environment_recorded(*texts(spec))
    assert (found, found.declared_workloads) == (spec, spec.declared_workloads)
    assert [each.replicas for each in found.declared_workloads if each.name == "web"] == [3]


def test_a_record_of_before_workloads_were_recorded_is_refused() -> None:
    cluster, groups = texts(environment({"web": {"image": IMAGE}}))
    record = yaml.safe_load(cluster)
    del record["declared"]
    for read in (groups_recorded, lambda text: environment_recorded(text, groups)):
        with pytest.raises(ValueError, match="it has no 'declared'"):
            read(yaml.safe_dump(record))


@pytest.mark.parametrize(
    "cluster",
    [
        "",
        "[]",
        "{",
        "spec: 3",
        "spec: {}",
        "spec: {environment: test, nothing: 1}",
        "spec: {environment: test}\ndeclared: {workloads: 3}",
    ],
)
def test_what_is_no_record_is_refused(cluster: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        environment_recorded(cluster, texts(sample_spec())[1])


def test_a_group_that_is_no_record_is_refused() -> None:
    with pytest.raises(ValueError, match="metadata"):
        environment_recorded(texts(sample_spec())[0], ["spec: {}"])


def test_the_spec_in_a_record_and_what_a_note_says() -> None:
    assert spec_recorded(texts(sample_spec())[0])["network"]["cidr"] == "10.20.0.0/16"
    assert noted('{"kubernetesVersion": "1.36.4"}') == Noted("1.36.4", "secretbox")
    assert noted('{"kubernetesVersion": "1.36.4", "secretsEncryption": "kms"}') == Noted("1.36.4", "kms")


@pytest.mark.parametrize("text", ["", "[]", "a: [", "spec: {}", "spec: {cluster: {}}", "kubernetesVersion"])
def test_what_is_no_record_or_no_note_is_told_as_that(text: str) -> None:
    for read in (spec_recorded, noted):
        with pytest.raises(ValueError, match=r"it has no|it holds no|while parsing|of another kind"):
            read(text)
