from __future__ import annotations

import json
from typing import Any

import pytest

from infra.components.registry import Registry
from infra.plan.registry import RegistryPlan, plan_registry
from infra.spec import SpecError
from infra.testing.recorder import record
from tests.infra.samples import sample_spec


def plan(**written: Any) -> RegistryPlan:
    found = plan_registry(sample_spec(registry={"services": ["web"], **written}))
    assert found is not None
    return found


def test_a_service_has_a_repository_for_each_of_its_four_images() -> None:
    assert [each.name for each in plan().repositories] == ["web/build", "web/test", "web/service", "web/installation"]
    assert plan_registry(sample_spec()) is None


def test_what_runs_is_kept_longer_than_what_builds() -> None:
    kept = {
        each.name: [rule["selection"]["countNumber"] for rule in json.loads(each.lifecycle_policy)["rules"]]
        for each in plan(keepReleased=300).repositories
    }
    assert kept == {
        "web/build": [14, 20],
        "web/test": [14, 20],
        "web/service": [14, 300],
        "web/installation": [14, 300],
    }
    statuses = [rule["selection"]["tagStatus"] for rule in json.loads(plan().repositories[0].lifecycle_policy)["rules"]]
    assert statuses == ["untagged", "any"]


def test_other_accounts_pull_what_runs_and_push_nothing() -> None:
    shared = {each.name: each.access_policy for each in plan(pulledFrom=["222233334444"]).repositories}
    assert shared["web/build"] is None
    assert shared["web/test"] is None
    statement = json.loads(str(shared["web/service"]))["Statement"][0]
    assert statement == {
        "Sid": "Pull",
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::222233334444:root"]},
        "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    assert {each.access_policy for each in plan().repositories} == {None}


def test_mistakes() -> None:
    registry = {"services": ["web", "web"], "pulledFrom": ["111122223333"]}
    with pytest.raises(SpecError) as caught:
        sample_spec(registry=registry)
    assert [str(problem) for problem in caught.value.problems] == [
        "registry.services[1]: 'web' is listed twice. Fix: remove one.",
        "registry.pulledFrom[0]: '111122223333' is the environment's own account. Fix: remove it: the account's own "
        "roles pull by their own policies.",
    ]


def test_repositories_are_immutable_scanned_encrypted_and_protected() -> None:
    recorder = record(lambda: Registry("registry", plan(pulledFrom=["222233334444"])))
    token = "aws:ecr/repository:Repository"
    for planned in plan().repositories:
        made = recorder.inputs(token, planned.name)
        assert made["imageTagMutability"] == "IMMUTABLE"
        assert made["imageScanningConfiguration"] == {"scanOnPush": True}
        assert made["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": "arn:aws:mock:::Key/registry"}]
        assert "forceDelete" not in made
        assert recorder.options(token, planned.name).protect is True
    assert recorder.inputs("aws:kms/key:Key", "registry")["enableKeyRotation"] is True
    assert recorder.names("aws:ecr/repositoryPolicy:RepositoryPolicy") == {"web/service", "web/installation"}
