"""Mirrors of image registries: which registry they stand for, and the URLs under which containerd asks them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from infra.spec.base import checked, matching, refuse, refuse_entries
from infra.spec.labels import Trouble

MOST_REGISTRIES = 50
MOST_MIRRORS = 5
"""Mirrors of one registry. Each that does not answer holds a pull up, for half a minute in containerd's default."""

DOCKER_HUB = "docker.io"
_DOCKER_HUBS_OTHERS = ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com")

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# 65535 is the greatest: the schema that editors read has patterns alone.
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HOST = rf"{_LABEL}(\.{_LABEL})*(:{_PORT})?"
_REGISTRY = re.compile(rf"^(?=.*[.:]){_HOST}$")
_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9._~-]*"
_URL = rf"^https://{_HOST}(/{_SEGMENT})*$"
_ECR = re.compile(
    r"^https://(?P<host>(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?)"
    rf"/v2/(?P<prefix>{_SEGMENT}(/{_SEGMENT})*)$"
)
_ANY_ECR = re.compile(r"^(https://)?[0-9]{12}\.dkr[.-]ecr[.-]")
_HOST_LIMIT = 253

_EXAMPLE = "https://harbor.example.com/v2/proxy"


def _registry_trouble(key: str) -> Trouble | None:
    if key in ("*", "_default"):
        return (
            "is every registry, that of your own images and the mirror's own, too",
            f"name each registry, as {DOCKER_HUB}",
        )
    if key in _DOCKER_HUBS_OTHERS:
        return f"is not the registry by which images of Docker Hub are named: that is {DOCKER_HUB}", (
            f"write {DOCKER_HUB}"
        )
    if _ANY_ECR.match(key):
        return "is a registry of ECR: machines log in to it, and its mirror would be shown the login", "remove it"
    if not _REGISTRY.fullmatch(key) or len(key) > _HOST_LIMIT:
        return "has a key that is not a registry", (
            "write what images' names begin with, in lower case and without a repository, as ghcr.io or "
            "registry.example.com:5000"
        )
    return None


def _registries(mirrors: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    refuse_entries([(key, *trouble) for key in mirrors if (trouble := _registry_trouble(key)) is not None])
    return mirrors


def _mirror(value: str) -> str:
    if value.startswith("http://"):
        refuse(
            "is plain HTTP, by which anybody on the way could hand machines an image of their own",
            f"give the mirror a certificate that machines trust, and write https://{value.removeprefix('http://')}",
        )
    if "@" in value:
        refuse(
            "has a login in it, which everybody who sees the stack file or a machine's files could read",
            "write it without; a mirror must give images without a login",
        )
    if not re.fullmatch(_URL, value):
        refuse(
            "is not the URL of a mirror",
            "write https://, the mirror's name in lower case and, where it has one, the path at which its API is, "
            f"without a slash behind it, as {_EXAMPLE}",
        )
    if _ANY_ECR.match(value) and not _ECR.match(value):
        refuse(
            "is not the URL of a pull-through cache of ECR",
            "write registry, /v2 and the prefix of the cache's rule, as "
            "https://111122223333.dkr.ecr.eu-central-1.amazonaws.com/v2/docker-hub",
        )
    host, slash, path = value.removeprefix("https://").partition("/")
    if slash and "v2" not in path.split("/"):
        refuse(
            "has a path without v2, at which a registry's API begins: each pull would find nothing there",
            f"write https://{host}/v2/{path}, or the path at which the mirror's API is",
        )
    return value


MirrorUrl = Annotated[str, checked(_mirror), matching(_URL)]
RegistryMirrors = Annotated[
    dict[str, Annotated[tuple[MirrorUrl, ...], Field(min_length=1, max_length=MOST_MIRRORS)]],
    Field(max_length=MOST_REGISTRIES),
    checked(_registries),
]


@dataclass(frozen=True)
class EcrCache:
    """A pull-through cache of Amazon ECR: what its URL says."""

    host: str
    account: str
    region: str
    prefix: str
    """What the repositories of its images begin with."""


def ecr_cache(mirror: str) -> EcrCache | None:
    """Return what a mirror's URL says of a cache of ECR; None if it is another mirror's."""
    match = _ECR.match(mirror)
    return match and EcrCache(match["host"], match["account"], match["region"], match["prefix"])


def ecr_caches(mirrors: Mapping[str, tuple[str, ...]]) -> dict[str, EcrCache]:
    """Return the caches of ECR, by the registry that each stands for."""
    return {registry: cache for registry, urls in mirrors.items() for cache in map(ecr_cache, urls) if cache}


def registry_server(registry: str) -> str:
    """Return the URL of a registry itself, which containerd asks after its mirrors."""
    return f"https://{'registry-1.docker.io' if registry == DOCKER_HUB else registry}"


def plain(mirror: str) -> str:
    """Return a mirror's URL without the path that containerd adds by itself."""
    return re.sub(r"(?<=[^/])/v2$", "", mirror) if mirror.count("/") == 3 else mirror
