"""Every image that Slipway pins can be pulled by a machine, and workloads' images in ECR, too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.plan.addons.images import images
from infra.plan.iam import plan_group_iam, pull_statements
from infra.plan.node.files import SANDBOX_IMAGE
from infra.plan.observability.images import IMAGES
from infra.spec import EnvironmentSpec
from tests.infra.plan.policy_linter import findings
from tests.infra.programs import declared
from tests.infra.samples import pod_network, sample_spec
from tests.infra.workload_samples import DIGEST, environment

ANONYMOUS = {"registry.k8s.io", "quay.io", "ghcr.io", "docker.io", "public.ecr.aws", "cr.fluentbit.io"}
"""Registries that ask nobody who he is."""


def pinned() -> Iterator[str]:
    for version in ("1.34.0", "1.37.2"):
        yield from images(version).values()
    yield from IMAGES.values()
    yield SANDBOX_IMAGE


@pytest.mark.parametrize("image", sorted(set(pinned())))
def test_every_pinned_image_is_in_a_registry_that_asks_for_no_login(image: str) -> None:
    assert image.partition("/")[0] in ANONYMOUS


def in_objects(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "image" and isinstance(each, str):
                yield each
            else:
                yield from in_objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from in_objects(each)


@pytest.mark.parametrize("cni", ["cilium", "amazonVpc"])
def test_so_is_every_image_that_the_program_declares(cni: str) -> None:
    recorder = declared(sample_spec(cluster=pod_network(cni)))
    names = [(token, name) for token, name in recorder.requests if token.startswith("kubernetes:")]
    found = {image for token, name in names for image in in_objects(recorder.inputs(token, name))}
    assert len(found) > 15
    assert {image.partition("/")[0] for image in found} <= ANONYMOUS


OWN = "arn:aws:ecr:eu-central-1:111122223333:repository/*"


def pulled(spec: EnvironmentSpec) -> list[str]:
    login, pull = pull_statements(spec)
    assert (login["Action"], login["Resource"]) == ("ecr:GetAuthorizationToken", "*")
    assert pull["Action"] == ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return list(pull["Resource"])


def test_machines_pull_from_the_accounts_registry_and_what_workloads_name_elsewhere() -> None:
    assert pulled(sample_spec()) == [OWN]
    elsewhere = "222233334444.dkr.ecr.eu-west-1.amazonaws.com"
    sidecar = {
        "type": "stream",
        "image": f"{elsewhere}/team/log:1.2@{DIGEST}",
        "folder": "/var/log/app",
        "files": ["app.log"],
    }
    spec = environment(
        {
            "web": {"kind": "Deployment", "image": f"{elsewhere}/web/service@{DIGEST}", "sidecars": [sidecar]},
            "own": {"kind": "Deployment", "image": f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/own@{DIGEST}"},
            "other": {"kind": "Deployment", "image": f"registry.example.com/x@{DIGEST}"},
        }
    )
    at = "arn:aws:ecr:eu-west-1:222233334444:repository"
    assert pulled(spec) == [OWN, f"{at}/team/log", f"{at}/web/service"]


def test_machines_have_a_cache_fetch_what_it_lacks_and_write_nothing_else() -> None:
    ecr = "https://111122223333.dkr.ecr.eu-central-1.amazonaws.com/v2"
    mirrors = {"docker.io": [f"{ecr}/hub"], "quay.io": [f"{ecr}/caches/quay"], "ghcr.io": ["https://m.example.com"]}
    spec = sample_spec(cluster={"registryMirrors": mirrors})
    *first, fill = pull_statements(spec)
    assert first == list(pull_statements(sample_spec()))
    at = "arn:aws:ecr:eu-central-1:111122223333:repository"
    assert fill == {
        "Sid": "FillCaches",
        "Effect": "Allow",
        "Action": ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
        "Resource": [f"{at}/caches/quay/*", f"{at}/hub/*"],
    }
    for group in spec.instance_groups:
        document = plan_group_iam(spec, group).state.policy("arn:aws:kms:eu-central-1:111122223333:key/1")
        assert [each for each in json.loads(document)["Statement"] if each["Sid"] == "FillCaches"] == [fill]
        # ECR's own examples name repositories for it (ECR User Guide, "Registry permissions"); parliament is older.
        assert findings(document) == [
            "RESOURCE_MISMATCH: [{'action': 'ecr:BatchImportUpstreamImage', 'required_format': '*'}]"
        ]
    anonymous = sample_spec(cluster={"registryMirrors": {"ghcr.io": ["https://m.example.com"]}})
    assert pull_statements(anonymous) == pull_statements(sample_spec())


def test_every_role_has_the_right_and_the_linter_finds_nothing() -> None:
    spec = sample_spec()
    for group in spec.instance_groups:
        document = plan_group_iam(spec, group).state.policy("arn:aws:kms:eu-central-1:111122223333:key/1")
        assert [each for each in json.loads(document)["Statement"] if each["Sid"] == "PullImages"]
        assert findings(document) == []
