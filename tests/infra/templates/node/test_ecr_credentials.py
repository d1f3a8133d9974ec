"""Logins to ECR, against moto, in the words of the kubelet."""

from __future__ import annotations

import pytest
import yaml
from moto import mock_aws

from infra.templates.node.ecr_credentials import answer
from tests.infra.plan.node.rendered import fetched_files, files_of, user_data

REGISTRY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"


def request(image: str) -> dict[str, str]:
    return {
        "kind": "CredentialProviderRequest",
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "image": image,
    }


def test_the_answer_logs_in_to_the_registry_of_the_image() -> None:
    with mock_aws():
        told = answer(request(f"{REGISTRY}/web/service@sha256:{'ab' * 32}"))
    login = told["auth"].pop(REGISTRY)
    assert login["username"] == "AWS"
    # moto's password is of the account whose role asks, whatever the registry's.
    assert login["password"] == "123456789012-auth-token"
    assert told == {
        "kind": "CredentialProviderResponse",
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "cacheKeyType": "Registry",
        "cacheDuration": "6h0m0s",
        "auth": {},
    }


@pytest.mark.parametrize(
    "image",
    ["public.ecr.aws/eks/x:v1", f"{REGISTRY}.evil.example/x", f"evil.example/{REGISTRY}/x", "registry.k8s.io/pause:3"],
)
def test_no_other_registry_is_given_a_login(image: str) -> None:
    with pytest.raises(SystemExit, match="is in no registry of ECR"):
        answer(request(image))


def test_the_kubelet_is_told_of_the_program() -> None:
    unit = files_of(user_data())["/etc/systemd/system/kubelet.service"]
    files = fetched_files()
    (folder,) = [each.split("=")[1].split()[0] for each in unit.splitlines() if "provider-bin-dir" in each]
    (config,) = [each.split("=")[1].split()[0] for each in unit.splitlines() if "provider-config" in each]
    (provider,) = yaml.safe_load(files[config])["providers"]
    assert f"{folder}/{provider['name']}" in files
    assert provider["apiVersion"] == request("")["apiVersion"]
