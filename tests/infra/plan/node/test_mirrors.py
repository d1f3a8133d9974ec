from __future__ import annotations

import tomllib

import pytest
import yaml

from infra.plan.node.mirrors import HOSTS
from infra.spec import EnvironmentSpec
from tests.infra.plan.node.rendered import fetched_files, files_of, user_data
from tests.infra.samples import sample_spec

NAMES = ("control-plane-a", "nodes", "edge")


def with_mirrors(**mirrors: list[str]) -> EnvironmentSpec:
    return sample_spec(cluster={"registryMirrors": mirrors})


def hosts(registry: str, *mirrors: str) -> str:
    files = fetched_files("nodes", with_mirrors(**{registry: list(mirrors)}))
    return files[f"{HOSTS}/{registry}/hosts.toml"]


def test_the_whole_file_of_a_registry() -> None:
    assert hosts("docker.io", "https://harbor.example.com/v2/hub", "https://mirror.example.com:8443") == (
        'server = "https://registry-1.docker.io"\n'
        "\n"
        '[host."https://harbor.example.com/v2/hub"]\n'
        '  capabilities = ["pull", "resolve"]\n'
        "  override_path = true\n"
        "\n"
        '[host."https://mirror.example.com:8443"]\n'
        '  capabilities = ["pull", "resolve"]\n'
    )


@pytest.mark.parametrize(
    ("registry", "server"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("registry.example.com:5000", "https://registry.example.com:5000"),
    ],
)
def test_the_registry_itself_is_asked_last(registry: str, server: str) -> None:
    assert tomllib.loads(hosts(registry, "https://mirror.example.com"))["server"] == server


@pytest.mark.parametrize(
    ("url", "host", "overridden"),
    [
        ("https://m.example.com", "https://m.example.com", None),
        ("https://m.example.com/v2", "https://m.example.com", None),
        ("https://m.example.com/v2/hub", "https://m.example.com/v2/hub", True),
        ("https://m.example.com/hub/v2", "https://m.example.com/hub/v2", True),
    ],
)
def test_a_path_is_the_whole_path_of_the_api(url: str, host: str, overridden: bool | None) -> None:
    ((found, settings),) = tomllib.loads(hosts("docker.io", url))["host"].items()
    assert (found, settings.get("override_path")) == (host, overridden)


ECR = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"


def test_a_cache_of_ecr_is_asked_in_place_of_the_registry() -> None:
    """The registry, and whatever else containerd asked, would be shown the login to ECR."""
    assert hosts("docker.io", f"https://{ECR}/v2/hub") == (
        f'server = "https://{ECR}/v2/hub"\n'
        'capabilities = ["pull", "resolve"]\n'
        "override_path = true\n"
        "\n"
        f'[host."https://{ECR}/v2/hub"]\n'
        '  capabilities = ["pull", "resolve"]\n'
        "  override_path = true\n"
    )


def test_the_kubelet_is_told_of_the_program_that_logs_in_to_caches() -> None:
    mirrors = {
        "docker.io": [f"https://{ECR}/v2/hub"],
        "ghcr.io": ["https://mirror.example.com"],
        "quay.io": [f"https://{ECR}/v2/quay"],
    }
    before, after = fetched_files(), fetched_files("nodes", with_mirrors(**mirrors))
    config, folder = "/etc/kubernetes/credential-providers.yaml", "/usr/local/lib/slipway/credential-providers"
    plain, of_ecr = (yaml.safe_load(files[config])["providers"] for files in (before, after))
    assert of_ecr[0] == plain[0]
    assert of_ecr[1:] == [
        {
            "name": "ecr_mirror_credentials.py",
            "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
            "matchImages": ["docker.io", "quay.io"],
            "defaultCacheDuration": "6h",
            "args": [f"docker.io={ECR}", f"quay.io={ECR}"],
        }
    ]
    assert f"{folder}/ecr_mirror_credentials.py" in after
    others = fetched_files("nodes", with_mirrors(**{"ghcr.io": ["https://mirror.example.com"]}))
    assert others[config] == before[config]
    assert f"{folder}/ecr_mirror_credentials.py" not in others


@pytest.mark.parametrize("name", NAMES)
def test_every_machine_has_them_and_nothing_else_differs(name: str) -> None:
    spec = with_mirrors(**{"docker.io": ["https://a.example.com"], "r.example.com:5000": ["https://b.example.com"]})
    before, after = fetched_files(name), fetched_files(name, spec)
    assert after.keys() - before.keys() == {
        f"{HOSTS}/docker.io/hosts.toml",
        f"{HOSTS}/r.example.com:5000/hosts.toml",
    }
    assert {path: after[path] for path in before} == before
    # They are too many for user-data, which tell their digest.
    plain, mirrored = files_of(user_data(name)), files_of(user_data(name, spec))
    assert {path for path in plain if plain[path] != mirrored[path]} == {"/etc/slipway/node.env"}
    assert plain.keys() == mirrored.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_cluster_without_any_has_the_same_bytes(name: str) -> None:
    assert user_data(name, with_mirrors()) == user_data(name)
    assert not any("hosts.toml" in path for path in fetched_files(name))


@pytest.mark.parametrize("name", NAMES)
def test_containerd_looks_where_they_lie(name: str) -> None:
    config = tomllib.loads(files_of(user_data(name))["/etc/containerd/config.toml"])
    assert config["plugins"]["io.containerd.grpc.v1.cri"]["registry"]["config_path"] == HOSTS
