"""Mirrors of image registries: which registry they stand for, and the URLs under which containerd asks them."""

from __future__ import annotations

import re
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
_HOST = rf"{_LABEL}(\.{_LABEL})*(:[1-9][0-9]{{0,4}})?"
_REGISTRY = re.compile(rf"^(?=.*[.:]){_HOST}$")
_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9._~-]*"
_URL = rf"^https://{_HOST}(/{_SEGMENT})*$"
_ECR = re.compile(r"^https://[0-9]{12}\.dkr[.-]ecr[.-]")
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
    if _ECR.match(value):
        # The kubelet asks its credential provider by the image's own name, which is not one of ECR's.
        refuse(
            "is a private registry of ECR, for which machines have no login while an image is named after another",
            "name images by the pull-through cache itself, as "
            f"{value.removeprefix('https://').partition('/')[0]}/docker-hub/library/nginx",
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


def registry_server(registry: str) -> str:
    """Return the URL of a registry itself, which containerd asks after its mirrors."""
    return f"https://{'registry-1.docker.io' if registry == DOCKER_HUB else registry}"


def plain(mirror: str) -> str:
    """Return a mirror's URL without the path that containerd adds by itself."""
    return re.sub(r"(?<=[^/])/v2$", "", mirror) if mirror.count("/") == 3 else mirror
