"""Files, folders and variables of a container: their names, and where they may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from infra.spec.base import checked, matching, refuse, refuse_entries

_ENV = re.compile(r"^[A-Za-z_][A-Za-z0-9_.-]*$")
_FILE = re.compile(r"^[A-Za-z0-9_.-]{1,253}$")
_POD_FIELDS = {
    "metadata.name": "name",
    "metadata.namespace": "namespace",
    "metadata.uid": "uid",
    "status.podIP": "ip",
    "spec.nodeName": "node",
    "status.hostIP": "nodeIp",
    "limits.memory": "memoryLimit",
    "requests.cpu": "cpuRequest",
}
_MOUNT = re.compile(r"^(/[A-Za-z0-9_.-]+)+$")
_SUB_PATH = re.compile(r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$")
_KERNELS = re.compile(r"^/(proc|sys|dev(?!/shm$))(/|$)")
_IMAGES = ("/bin", "/boot", "/etc", "/lib", "/lib64", "/sbin", "/usr", "/usr/bin", "/usr/lib", "/usr/sbin")
"""Folders without which hardly an image's program starts, or finds its user, its names and its certificates."""


def _file_name(value: str) -> str:
    if not _FILE.fullmatch(value) or value.startswith("."):
        refuse("is not a name of a file here", "use letters, digits, dots, underscores and hyphens, no dot in front")
    return value


def _env(values: dict[str, Any]) -> dict[str, Any]:
    refuse_entries(
        [
            (key, "is not a name of an environment variable", "use letters, digits and underscores, no digit in front")
            for key in values
            if not _ENV.fullmatch(key)
        ],
        told=False,
    )
    return values


def _no_reference(value: object) -> object:
    if isinstance(value, Mapping) and "valueFrom" in value:
        refuse(
            "is not text but a reference",
            "declare a Secret's key under secrets, with env, and what the pod knows of itself under envFromPod",
        )
    return value


def _pod_field(value: object) -> object:
    meant = _POD_FIELDS.get(value) if isinstance(value, str) else None
    if meant is not None:
        refuse("is Kubernetes' own path of it", f"write {meant}")
    return value


def _no_file_of_its_own(value: object) -> object:
    if isinstance(value, str):
        refuse("is not a mapping", "write the text of each file under its name, as app.conf: |")
    return value


def _files(values: dict[str, str]) -> dict[str, str]:
    refuse_entries([(key, *trouble) for key in values if (trouble := _file_trouble(key))], told=False)
    size = sum(len(text.encode()) for text in values.values())
    if size > 900_000:
        refuse(f"holds {size} bytes, and a ConfigMap at most 1 MiB", "put large files into the image or a bucket")
    return values


def _file_trouble(name: str) -> tuple[str, str] | None:
    if not name.startswith("/"):
        if _FILE.fullmatch(name) and not name.startswith("."):
            return None
        fix = "use letters, digits, dots, underscores and hyphens, or write the file's whole path, as /etc/app/app.conf"
        return "is not a name of a file here", fix
    if not _MOUNT.fullmatch(name) or ".." in name or "/./" in f"{name}/":
        return "is not a path of a file", "write an absolute path without .., as /etc/nginx/nginx.conf"
    if len(config_key(name)) > 253:
        return f"has {len(name)} characters", "write a path of at most 240"
    if _KERNELS.match(name):
        return "is the kernel's own", "choose another folder, as /etc/app/app.conf"
    if name in _IMAGES:
        return "is a folder of the image's own", f"write a file in it, as {name}/app.conf"
    return None


def config_key(name: str) -> str:
    """Return the key in a ConfigMap of a configuration file: its name, or of a whole path one that no name is like.

    A key holds no slash and begins with no two dots.
    """
    return name[1:].replace("/", "..") if name.startswith("/") else name


def _sub_path(value: str) -> str:
    if not _SUB_PATH.fullmatch(value) or any(part in (".", "..") for part in value.split("/")):
        refuse("is not a folder within a volume", "write it without a slash in front and without .., as data")
    return value


def _mount(value: str) -> str:
    if not _MOUNT.fullmatch(value) or "/../" in f"{value}/" or "/./" in f"{value}/":
        refuse("is not a folder to mount at", "write an absolute path without .. and trailing slash, as /var/lib/store")
    if _KERNELS.match(value):
        refuse("is the kernel's own", "choose another folder, as /var/lib/store")
    if value in _IMAGES:
        refuse("would hide the image's own files", "choose another folder, as /var/lib/store")
    return value


FileName = Annotated[str, checked(_file_name), matching(_FILE.pattern)]
EnvMap = Annotated[dict[str, Annotated[str, BeforeValidator(_no_reference)]], checked(_env)]
FileMap = Annotated[dict[str, str], BeforeValidator(_no_file_of_its_own), checked(_files)]
PodField = Literal["name", "namespace", "uid", "ip", "node", "nodeIp", "ordinal", "memoryLimit", "cpuRequest"]
PodFieldMap = Annotated[dict[str, Annotated[PodField, BeforeValidator(_pod_field)]], checked(_env)]
SubPath = Annotated[str, checked(_sub_path), matching(_SUB_PATH.pattern)]
MountPath = Annotated[str, checked(_mount), matching(_MOUNT.pattern)]
