"""Mirrors of registries: what containerd would take and never find anything at is refused before a machine has it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import paths, report

AT = "cluster.registryMirrors"
NOT_A_URL = (
    "is not the URL of a mirror. Fix: write https://, the mirror's name in lower case and, where it has one, the path "
    "at which its API is, without a slash behind it, as https://harbor.example.com/v2/proxy."
)
NOT_A_REGISTRY = (
    "has a key that is not a registry. Fix: write what images' names begin with, in lower case and without a "
    "repository, as ghcr.io or registry.example.com:5000."
)


def with_mirrors(mirrors: Any) -> dict[str, Any]:
    return sample_mapping(cluster={"registryMirrors": mirrors})


def of_url(url: str) -> str:
    """Return what is said of a mirror of docker.io, without its path."""
    (line,) = report(with_mirrors({"docker.io": ["https://mirror.example.com/v2/hub", url]}))
    assert line.startswith(f"{AT}['docker.io'][1]: ")
    return line.removeprefix(f"{AT}['docker.io'][1]: ")


@pytest.mark.parametrize("registry", ["docker.io", "registry.k8s.io", "ghcr.io", "quay.io:443", "registry:5000",
                                      "111122223333.dkr.ecr.eu-central-1.amazonaws.com"])  # fmt: skip
@pytest.mark.parametrize(
    "url",
    [
        "https://mirror.example.com",
        "https://mirror.example.com:8443",
        "https://mirror.example.com/v2",
        "https://harbor.example.com/v2/proxy",
        "https://harbor.example.com/v2/a/b_c.d-e~f",
        "https://artifacts.example.com/artifactory/api/docker/Remote/v2",
        "https://public.ecr.aws/v2/docker",
        "https://10.0.0.7",
        "https://mirror",
    ],
)
def test_what_is_accepted(registry: str, url: str) -> None:
    assert report(with_mirrors({registry: [url]})) == []


def test_plain_http_is_refused_with_the_reason() -> None:
    assert of_url("http://mirror.example.com/v2/x") == (
        "'http://mirror.example.com/v2/x' is plain HTTP, by which anybody on the way could hand machines an image of "
        "their own. Fix: give the mirror a certificate that machines trust, and write https://mirror.example.com/v2/x."
    )


@pytest.mark.parametrize(
    "url",
    [
        "", "mirror.example.com", "HTTPS://mirror.example.com", "https://", "https:///v2", "https://Mirror.example.com",
        "https://mirror.example.com/", "https://mirror.example.com/v2/", "https://mirror.example.com//v2",
        "https://mirror.example.com/v2/../x", "https://mirror.example.com/v2?ns=docker.io", "https://m.example.com/v2#x",
        "https://mirror.example.com:", "https://mirror.example.com:0", "https://mirror.example.com/v2/a b",
        'https://mirror.example.com/v2/"]\n', "https://mirror.example.com\n", "https://[::1]", "https://-a.example.com",
        "oci://mirror.example.com",
    ],
)  # fmt: skip
def test_what_is_no_url_of_a_mirror(url: str) -> None:
    assert of_url(url).endswith(f" {NOT_A_URL}")


@pytest.mark.parametrize("url", ["https://me:secret@mirror.example.com", "https://token@mirror.example.com/v2"])
def test_a_login_is_refused(url: str) -> None:
    assert of_url(url) == (
        f"'{url}' has a login in it, which everybody who sees the stack file or a machine's files could read. "
        "Fix: write it without; a mirror must give images without a login."
    )


def test_a_path_that_misses_the_api_is_told_with_the_one_that_would_not() -> None:
    assert of_url("https://harbor.example.com/proxy/hub") == (
        "'https://harbor.example.com/proxy/hub' has a path without v2, at which a registry's API begins: each pull "
        "would find nothing there. Fix: write https://harbor.example.com/v2/proxy/hub, or the path at which the "
        "mirror's API is."
    )


@pytest.mark.parametrize(
    "host",
    [
        "111122223333.dkr.ecr.eu-central-1.amazonaws.com",
        "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com",
        "111122223333.dkr-ecr.eu-central-1.on.aws",
    ],
)
def test_a_private_registry_of_ecr_has_no_login_for_other_names(host: str) -> None:
    assert of_url(f"https://{host}/v2/docker-hub") == (
        f"'https://{host}/v2/docker-hub' is a private registry of ECR, for which machines have no login while an image "
        f"is named after another. Fix: name images by the pull-through cache itself, as "
        f"{host}/docker-hub/library/nginx."
    )


@pytest.mark.parametrize(
    "registry",
    ["", "docker", "Docker.io", "https://docker.io", "docker.io/library", "docker.io:", "docker.io:x", "..", "a..b",
     ".docker.io", "docker.io ", "docker.io\n", "*.io", "x" * 250 + ".com"],
)  # fmt: skip
def test_what_is_no_registry(registry: str) -> None:
    (line,) = report(with_mirrors({registry: ["https://mirror.example.com"]}))
    assert line.endswith(f"] {NOT_A_REGISTRY}")


@pytest.mark.parametrize(("registry", "path"), [("*", f"{AT}['*']"), ("_default", f"{AT}._default")])
def test_every_registry_at_once_is_refused(registry: str, path: str) -> None:
    assert report(with_mirrors({registry: ["https://mirror.example.com"]})) == [
        f"{path}: ['https://mirror.example.com'] is every registry, that of your own images and the mirror's own, too. "
        "Fix: name each registry, as docker.io."
    ]


@pytest.mark.parametrize("registry", ["index.docker.io", "registry-1.docker.io", "hub.docker.com"])
def test_docker_hub_has_one_name(registry: str) -> None:
    assert report(with_mirrors({registry: ["https://mirror.example.com"]})) == [
        f"{AT}[{registry!r}]: ['https://mirror.example.com'] is not the registry by which images of Docker Hub are "
        "named: that is docker.io. Fix: write docker.io."
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://mirror.example.com", "https://mirror.example.com"),
        ("https://mirror.example.com", "https://mirror.example.com/v2"),
        ("https://mirror.example.com/v2/hub", "https://mirror.example.com/v2/hub"),
    ],
)
def test_a_mirror_is_listed_once(first: str, second: str) -> None:
    assert report(with_mirrors({"docker.io": [first, second]})) == [
        f"{AT}['docker.io'][1]: '{second}' is listed twice. Fix: remove one."
    ]


@pytest.mark.parametrize(
    ("registry", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("docker.io", "https://docker.io"),
        ("ghcr.io", "https://ghcr.io/v2"),
    ],
)
def test_a_registry_is_no_mirror_of_itself(registry: str, url: str) -> None:
    assert report(with_mirrors({registry: [url]})) == [
        f"{AT}[{registry!r}][0]: '{url}' is the registry itself, which is asked last anyway. "
        "Fix: remove it, or name a mirror."
    ]


def test_bounds() -> None:
    urls = [f"https://m{number}.example.com" for number in range(6)]
    assert report(with_mirrors({"docker.io": urls[:5]})) == []
    (many,) = report(with_mirrors({"docker.io": urls}))
    assert many.endswith("has 6 items. Fix: write at most 5 items.")
    (none,) = report(with_mirrors({"docker.io": []}))
    assert none.endswith("has no items. Fix: write at least 1 item.")
    registries = {f"r{number}.example.com": urls[:1] for number in range(51)}
    (most,) = report(with_mirrors(registries))
    assert most.endswith("has 51 items. Fix: write at most 50 items.")


@pytest.mark.parametrize("mirrors", [None, "docker.io", ["docker.io"], {"docker.io": "https://mirror.example.com"}])
def test_what_is_no_mapping_of_lists(mirrors: Any) -> None:
    (line,) = report(with_mirrors(mirrors))
    assert line.startswith(AT)


def test_all_that_is_wrong_is_told_at_once() -> None:
    mirrors = {"Docker.io": ["https://mirror.example.com"], "ghcr.io": ["http://a.example.com", "https://b/x"]}
    raw = with_mirrors(mirrors)
    raw["region"] = "mars"
    assert paths(raw) == ["region", f"{AT}['ghcr.io'][0]", f"{AT}['ghcr.io'][1]"]
    mirrors["ghcr.io"] = ["https://a.example.com"]
    assert paths(with_mirrors(mirrors | {"*": ["https://a.example.com"]})) == [f"{AT}['Docker.io']", f"{AT}['*']"]
