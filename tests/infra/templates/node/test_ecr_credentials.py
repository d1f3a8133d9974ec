"""Logins to ECR, against moto, in the words of the kubelet."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from moto import mock_aws

from infra.templates.node.ecr_credentials import answer
from tests.infra.plan.node.rendered import fetched_files, files_of, unpack_fetched, user_data
from tests.infra.samples import sample_spec

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


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Both programs in one folder as on a machine, the one of ECR as a stand-in that shows what it was asked."""
    spec = sample_spec(cluster={"registryMirrors": {"docker.io": [f"https://{OWN}/v2/hub"]}})
    unpack_fetched(tmp_path, spec=spec)
    folder = tmp_path / "usr/local/lib/slipway/credential-providers"
    (folder / "ecr_credentials.py").write_text(STAND_IN)
    return folder


OWN = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
STAND_IN = """#!/usr/bin/env python3
import json, sys
asked = json.load(sys.stdin)
login = {"username": "AWS", "password": asked["image"]}
told = {"apiVersion": asked["apiVersion"], "kind": "CredentialProviderResponse", "cacheKeyType": "Registry"}
print(json.dumps({**told, "auth": {asked["image"][:-1]: login}}))
"""


def ran(folder: Path, image: str) -> subprocess.CompletedProcess[str]:
    command = [str(folder / "ecr_mirror_credentials.py"), f"docker.io={OWN}", f"registry.example.com:5000={OWN}"]
    return subprocess.run(command, input=json.dumps(request(image)), capture_output=True, text=True, check=False)


@pytest.mark.process
@pytest.mark.parametrize(
    ("image", "registry"),
    [("docker.io/library/nginx", "docker.io"), ("registry.example.com:5000/a/b", "registry.example.com:5000")],
)
def test_the_login_to_a_cache_is_given_by_the_name_of_the_registry(programs: Path, image: str, registry: str) -> None:
    result = ran(programs, image)
    assert json.loads(result.stdout) == {
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "kind": "CredentialProviderResponse",
        "cacheKeyType": "Registry",
        "auth": {registry: {"username": "AWS", "password": f"{OWN}/"}},
    }


@pytest.mark.process
@pytest.mark.parametrize("image", ["quay.io/x", "docker.io.evil.example/x", "evil.example/docker.io/x"])
def test_no_registry_without_a_cache_is_given_its_login(programs: Path, image: str) -> None:
    result = ran(programs, image)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"ecr-mirror-credentials: no cache stands for the registry of {image}\n"


def test_ecr_is_asked_as_the_mirror_asks() -> None:
    with mock_aws():
        told = answer(request(f"{OWN}/"))
    assert list(told["auth"]) == [OWN]
