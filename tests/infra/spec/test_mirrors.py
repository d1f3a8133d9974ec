"""Mirrors of registries: what containerd would take and never find anything at is refused before a machine has it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.node.files import SANDBOX_IMAGE
from infra.spec.mirror_rules import SANDBOX_REGISTRY
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

LABELS = ("x" * 63 + ".") * 3
"""With 61 characters behind it, the longest name that a host may have."""


def with_mirrors(mirrors: Any) -> dict[str, Any]:
    return sample_mapping(cluster={"registryMirrors": mirrors})


def of_url(url: str) -> str:
    """Return what is said of a mirror of docker.io, without its path."""
    (line,) = report(with_mirrors({"docker.io": ["https://mirror.example.com/v2/hub", url]}))
    assert line.startswith(f"{AT}['docker.io'][1]: ")
    return line.removeprefix(f"{AT}['docker.io'][1]: ")


@pytest.mark.parametrize(
    "registry", ["docker.io", "registry.k8s.io", "ghcr.io", "quay.io:443", "registry:5000", LABELS + "x" * 61]
)
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


@pytest.mark.parametrize("port", [1, 9, 80, 9999, 10000, 59999, 60000, 64999, 65499, 65529, 65530, 65535])
def test_a_port_of_any_length_is_taken(port: int) -> None:
    assert report(with_mirrors({f"registry:{port}": [f"https://mirror.example.com:{port}"]})) == []


@pytest.mark.parametrize("port", [0, 65536, 65540, 65600, 66000, 70000, 99999, 100000])
def test_a_port_that_no_socket_has_is_refused(port: int) -> None:
    url = f"https://mirror.example.com:{port}"
    assert of_url(url) == f"{url!r} {NOT_A_URL}"
    (line,) = report(with_mirrors({f"registry:{port}": ["https://mirror.example.com"]}))
    assert line.endswith(f"] {NOT_A_REGISTRY}")


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


ECR = "https://111122223333.dkr.ecr.eu-central-1.amazonaws.com"


@pytest.mark.parametrize("path", ["/v2/docker-hub", "/v2/caches/hub"])
def test_a_cache_of_the_account_is_accepted_alone(path: str) -> None:
    assert report(with_mirrors({"docker.io": [ECR + path], "quay.io": [f"{ECR}/v2/quay"]})) == []


@pytest.mark.parametrize(
    "url",
    [
        ECR,
        f"{ECR}/v2",
        f"{ECR}/docker-hub",
        f"{ECR}/docker-hub/v2",
        f"{ECR}:443/v2/docker-hub",
        "https://111122223333.dkr.ecr-fips.us-east-1.amazonaws.com/v2/docker-hub",
        "https://111122223333.dkr-ecr.eu-central-1.on.aws/v2/docker-hub",
        "https://111122223333.dkr.ecr.eu-central-1.amazonaws.com.evil.example/v2",
    ],
)
def test_another_address_of_ecr_has_no_login(url: str) -> None:
    assert report(with_mirrors({"docker.io": [url]})) == [
        f"{AT}['docker.io'][0]: '{url}' is not the URL of a pull-through cache of ECR. Fix: write registry, /v2 and "
        "the prefix of the cache's rule, as https://111122223333.dkr.ecr.eu-central-1.amazonaws.com/v2/docker-hub."
    ]


def test_a_cache_of_another_account_or_region_is_refused() -> None:
    urls = {
        "docker.io": ["https://222233334444.dkr.ecr.eu-central-1.amazonaws.com/v2/hub"],
        "quay.io": ["https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/quay"],
    }
    told = (
        "and machines fill caches of their own account alone. Fix: name a cache of eu-central-1 in account "
        "111122223333."
    )
    assert report(with_mirrors(urls)) == [
        f"{AT}['docker.io'][0]: '{urls['docker.io'][0]}' is of eu-central-1 in account 222233334444, {told}",
        f"{AT}['quay.io'][0]: '{urls['quay.io'][0]}' is of us-east-1 in account 111122223333, {told}",
    ]


@pytest.mark.parametrize("key", ["region", "accountId"])
def test_a_cache_is_not_held_to_a_region_or_account_that_is_wrong_itself(key: str) -> None:
    assert paths({**with_mirrors({"docker.io": [f"{ECR}/v2/hub"]}), key: "nowhere"}) == [key]


def test_no_other_mirror_is_shown_the_login_to_a_cache() -> None:
    assert report(with_mirrors({"docker.io": ["https://mirror.example.com", f"{ECR}/v2/hub"]})) == [
        f"{AT}['docker.io'][1]: '{ECR}/v2/hub' wants a login, which the other mirrors would be shown, too. "
        "Fix: list it alone: it fetches by itself what it lacks."
    ]


def test_the_image_that_containerd_fetches_by_itself_comes_without_a_login() -> None:
    assert SANDBOX_IMAGE.partition("/")[0] == SANDBOX_REGISTRY
    assert report(with_mirrors({SANDBOX_REGISTRY: [f"{ECR}/v2/k8s"]})) == [
        f"{AT}['registry.k8s.io'][0]: '{ECR}/v2/k8s' wants a login, without which containerd itself fetches the image "
        "that every pod begins with. Fix: name a mirror that wants none, or leave this registry out."
    ]
    assert report(with_mirrors({SANDBOX_REGISTRY: ["https://mirror.example.com"]})) == []


@pytest.mark.parametrize(
    "registry", ["111122223333.dkr.ecr.eu-central-1.amazonaws.com", "111122223333.dkr-ecr.eu-central-1.on.aws"]
)
def test_a_registry_of_ecr_has_no_mirror(registry: str) -> None:
    assert report(with_mirrors({registry: ["https://mirror.example.com"]})) == [
        f"{AT}[{registry!r}]: ['https://mirror.example.com'] is a registry of ECR: machines log in to it, and its "
        "mirror would be shown the login. Fix: remove it."
    ]


@pytest.mark.parametrize(
    "registry",
    ["", "docker", "Docker.io", "https://docker.io", "docker.io/library", "docker.io:", "docker.io:x", "..", "a..b",
     ".docker.io", "docker.io ", "docker.io\n", "*.io", LABELS + "x" * 62],
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


@pytest.mark.parametrize(
    "registry", ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com"]
)
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
