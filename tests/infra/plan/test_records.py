from __future__ import annotations

import json

import yaml

from infra.plan.join import ApiAddress
from infra.plan.records import plan_records
from infra.spec import from_mapping
from tests.infra.samples import sample_mapping, sample_spec, with_group

SPEC = sample_spec()


def contents(spec: object = None) -> dict[str, str]:
    return {record.key: record.content for record in plan_records(spec or SPEC).records}  # type: ignore[arg-type]


def test_the_layout_is_kopss() -> None:
    plan = plan_records(SPEC)
    keys = [record.key.rpartition("files-")[0] or record.key for record in plan.records]
    assert keys == [
        "test.example.com/config",
        "test.example.com/instancegroup/control-plane-a",
        "test.example.com/instancegroup/nodes",
        "test.example.com/instancegroup/edge",
        "test.example.com/igconfig/control-plane/control-plane-a/",
        "test.example.com/igconfig/node/nodes/",
        "test.example.com/igconfig/edge/edge/",
    ]
    assert [join.key for join in plan.joins] == [
        "test.example.com/igconfig/control-plane/control-plane-a/join.json",
        "test.example.com/igconfig/node/nodes/join.json",
        "test.example.com/igconfig/edge/edge/join.json",
    ]


def test_the_whole_intent_can_be_read_back() -> None:
    found = contents()
    cluster = yaml.safe_load(found["test.example.com/config"])
    assert (cluster["kind"], cluster["metadata"]) == ("Cluster", {"name": "test.example.com"})
    groups = [
        {"name": document["metadata"]["name"], **document["spec"]}
        for key, text in found.items()
        if "/instancegroup/" in key
        for document in [yaml.safe_load(text)]
    ]
    environment = {key: value for key, value in cluster["spec"].items() if key != "environment"}
    assert from_mapping({**environment, "instanceGroups": groups}, cluster["spec"]["environment"]) == SPEC


def test_kernel_parameters_are_in_their_group_s_record_and_mirrors_in_the_cluster_s() -> None:
    sysctls, mirrors = {"vm.max_map_count": "262144"}, {"docker.io": ["https://harbor.example.com/v2/hub"]}
    before, tuned = contents(with_group()), contents(with_group(sysctls=sysctls))
    assert yaml.safe_load(tuned["test.example.com/instancegroup/nodes"])["spec"]["sysctls"] == sysctls
    assert {key for key in tuned if tuned[key] != before.get(key)} == {"test.example.com/instancegroup/nodes"}
    mirrored = contents(sample_spec(cluster={"registryMirrors": mirrors}))
    assert yaml.safe_load(mirrored["test.example.com/config"])["spec"]["cluster"]["registryMirrors"] == mirrors
    changed = {key for key in mirrored if mirrored[key] != contents().get(key)}
    assert {key.rpartition("files-")[0] or key for key in changed} == {
        "test.example.com/config",
        "test.example.com/igconfig/control-plane/control-plane-a/",
        "test.example.com/igconfig/node/nodes/",
        "test.example.com/igconfig/edge/edge/",
    }


def test_a_changed_group_is_one_changed_record_of_intent() -> None:
    before, after = contents(with_group()), contents(with_group(maxSize=9))
    assert before.keys() == after.keys()
    assert {key for key in before if before[key] != after[key]} == {"test.example.com/instancegroup/nodes"}


def test_a_renamed_group_keeps_its_keys() -> None:
    groups = sample_mapping()["instanceGroups"]
    groups[1] |= {"name": "workers", "renamedFrom": "nodes"}
    renamed = sample_spec(instanceGroups=groups)
    assert contents(renamed).keys() == contents().keys()
    record = yaml.safe_load(contents(renamed)["test.example.com/instancegroup/nodes"])
    assert record["metadata"]["name"] == "workers"


def test_a_member_is_told_names_and_a_worker_the_token_too() -> None:
    member, worker, _ = plan_records(SPEC).joins
    address = ApiAddress("inside.example", None)
    assert "token" not in member.content(address, "authority", "id.secret")
    assert json.loads(worker.content(address, "authority", "id.secret"))["kubeconfig"]["users"][0]["user"] == {
        "token": "id.secret"
    }


def test_no_record_holds_a_secret() -> None:
    for key, text in contents().items():
        assert "PRIVATE KEY" not in text, key
        assert "token-secret" not in text, key
