"""Scalar types of a workload, each with the rule that Kubernetes or the image format sets for it."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field

from infra.spec.base import checked, described, matching, refuse, refuse_entries
from infra.spec.scalars import Address, DnsLabel, duration_seconds

_CPU = re.compile(r"^([1-9][0-9]*m|[1-9][0-9]*(\.[0-9]{1,3})?|0\.[0-9]{0,2}[1-9])$")
_MEMORY = re.compile(r"^([1-9][0-9]*)(Ki|Mi|Gi|Ti)$")
_MEMORY_FORM = "write a whole number and Ki, Mi, Gi or Ti"
LEAST_MEMORY = 6 * 2**20
"""Bytes that a container needs to start at all (Docker documentation, "Resource constraints", ``--memory``)."""
_MEMORY_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_PORT_NAME = re.compile(r"^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$")
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
_COUNT_OR_SHARE = re.compile(r"^([0-9]{1,5}|[0-9]{1,2}%|100%)$")
_OBJECT_NAME = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")
"""A DNS subdomain, as Kubernetes names most objects (RFC 1123)."""
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_CONFIG_KEY = r"^[A-Za-z][A-Za-z0-9_.-]*$"
_TIME_ZONE = r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$"
_IAM_ACTION = re.compile(r"^[a-z0-9-]+:[A-Za-z0-9*?]+$")
_IAM_RESOURCE = re.compile(r"^(\*|arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9*-]*:([0-9]{12}|aws|\*)?:\S+)$")
_HOST_NAME = re.compile(r"^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")


def _no_file(value: object) -> object:
    if isinstance(value, str) and value.endswith((".yaml", ".yml")):
        refuse("is the name of a file", f"write {value.rpartition('.')[0].rpartition('/')[2]}")
    return value


def _workload_name(value: str) -> str:
    if len(value) > 52:
        refuse(f"has {len(value)} characters", "use at most 52: Jobs of a CronJob append eleven to its name")
    return value


def cpu_millicores(value: str) -> int:
    """Return an amount of CPU such as ``250m`` or ``1.5`` in thousandths of a core."""
    return int(value[:-1]) if value.endswith("m") else round(float(value) * 1000)


def _memory(value: str) -> str:
    if not _MEMORY.fullmatch(value):
        hint = " (m is a thousandth of a byte)" if value.endswith("m") else ""
        refuse(f"is not an amount of memory{hint}", f"{_MEMORY_FORM}, as {_likely_memory(value)}")
    return value


def _likely_memory(value: str) -> str:
    """Return what was probably meant by an amount in another form."""
    match = re.fullmatch(r"([0-9]+)(?:\.([0-9]+))? ?(k|m|g|t)i?b?", value, re.IGNORECASE)
    if match is None or value.endswith("m") or not int(match[1]):
        return "256Mi"
    unit = match[3].upper()
    if match[2] is None:
        return f"{int(match[1])}{unit}i"
    smaller = {"T": "Gi", "G": "Mi", "M": "Ki"}.get(unit)
    return f"{round(float(f'{match[1]}.{match[2]}') * 1024)}{smaller}" if smaller else "256Mi"


def _with_unit(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        refuse("has no unit", f"{_MEMORY_FORM}, as {max(1, round(value))}Mi")
    return value


def _container_memory(value: str) -> str:
    if memory_bytes(value) < LEAST_MEMORY:
        refuse("is too little for any container to start", f"write {LEAST_MEMORY // 2**20}Mi at least")
    return value


def memory_bytes(value: str) -> int:
    """Return an amount of memory such as ``256Mi`` in bytes."""
    return int(value[:-2]) * _MEMORY_UNITS[value[-2:]]


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
        ]
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
    refuse_entries([(key, *trouble) for key in values if (trouble := _file_trouble(key))])
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


def _with_time_unit(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        refuse("has no unit", f"write a whole number and a unit (s, m, h or d), as {max(1, value)}s")
    return value


def _seconds(value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,7}[smhd]", value) or duration_seconds(value) > 2**31 - 1:
        refuse("is not a duration", "write a whole number and a unit (s, m, h or d), as 90s or 30m")
    return value


def _endpoint(value: str) -> str:
    parts = value.split(".")
    if parts[0] in ("0", "127") or parts[:2] == ["169", "254"] or int(parts[0]) >= 224:
        refuse("is an address that Kubernetes refuses as an endpoint", "write an address of the machine that answers")
    return value


def _object_name(value: str) -> str:
    if len(value) > 253 or not _OBJECT_NAME.fullmatch(value):
        refuse(
            "is not a name of an object",
            "use lower-case letters, digits, hyphens and dots, beginning and ending with a letter or digit",
        )
    return value


def _config_key(value: str) -> str:
    if value.startswith("slipway:") and re.fullmatch(_CONFIG_KEY, value.removeprefix("slipway:")):
        refuse("is written with the project's name", f"write {value.removeprefix('slipway:')}")
    if not re.fullmatch(_CONFIG_KEY, value):
        refuse(
            "is not a key of the stack's configuration here",
            "begin with a letter, and use letters, digits, dots, underscores and hyphens",
        )
    return value


@functools.cache
def _time_zones() -> Sequence[str]:
    return sorted(available_timezones())


def _time_zone(value: str) -> str:
    if value not in _time_zones():
        near = difflib.get_close_matches(value, _time_zones(), n=1, cutoff=0.8)
        as_there = f", as {near[0] if near else 'Europe/Berlin'}"
        refuse("is not the name of a time zone", f"write it as in the IANA database{as_there}")
    return value


def _host_name(value: str) -> str:
    host = re.sub(r"^[a-z]+://|[:/].*$", "", re.sub(r"^[a-z]+://", "", value))
    if "://" in value and _HOST_NAME.fullmatch(host):
        refuse("is a URL", f"write the name alone: {host}")
    if not _HOST_NAME.fullmatch(value):
        refuse("is not a full DNS name", "write it in lower case with its domain, as db.example.com, no dot at the end")
    return value


def _iam_action(value: str) -> str:
    if value == "*":
        refuse("allows everything in AWS", "name the actions, as s3:GetObject")
    if not _IAM_ACTION.fullmatch(value):
        refuse("is not an IAM action", "write service:Action, as s3:GetObject or sqs:*")
    return value


WorkloadName = Annotated[DnsLabel, BeforeValidator(_no_file), checked(_workload_name)]
Cpu = Annotated[
    str, described(_CPU.pattern, "is not an amount of CPU", 'write millicores or cores in quotes, as "250m" or "1.5"')
]
Memory = Annotated[str, BeforeValidator(_with_unit), checked(_memory), matching(_MEMORY.pattern)]
ContainerMemory = Annotated[
    str, BeforeValidator(_with_unit), checked(_memory), checked(_container_memory), matching(_MEMORY.pattern)
]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
PortName = Annotated[
    str,
    described(
        _PORT_NAME.pattern,
        "is not a name of a port",
        "use 1 to 15 lower-case letters, digits and single hyphens, one letter at least, as http or grpc-web",
    ),
]
FileName = Annotated[str, checked(_file_name), matching(_FILE.pattern)]
EnvMap = Annotated[dict[str, Annotated[str, BeforeValidator(_no_reference)]], checked(_env)]
FileMap = Annotated[dict[str, str], BeforeValidator(_no_file_of_its_own), checked(_files)]
PodField = Literal["name", "namespace", "uid", "ip", "node", "nodeIp", "ordinal", "memoryLimit", "cpuRequest"]
PodFieldMap = Annotated[dict[str, Annotated[PodField, BeforeValidator(_pod_field)]], checked(_env)]
SubPath = Annotated[str, checked(_sub_path), matching(_SUB_PATH.pattern)]
MountPath = Annotated[str, checked(_mount), matching(_MOUNT.pattern)]
CountOrShare = Annotated[
    str,
    described(
        _COUNT_OR_SHARE.pattern, "is neither a number of pods nor a share", 'write it in quotes, as "1" or "25%"'
    ),
]
ObjectName = Annotated[str, checked(_object_name), matching(_OBJECT_NAME.pattern)]
VariableName = Annotated[
    str,
    described(
        _VARIABLE, "is not a name of an environment variable", "use letters, digits and underscores, no digit in front"
    ),
]
ConfigKey = Annotated[str, checked(_config_key), matching(_CONFIG_KEY)]
TimeZone = Annotated[str, checked(_time_zone), matching(_TIME_ZONE)]
Seconds = Annotated[str, BeforeValidator(_with_time_unit), checked(_seconds), matching(r"^[0-9]{1,7}[smhd]$")]
IPv4 = Annotated[Address, checked(_endpoint)]
IamAction = Annotated[str, checked(_iam_action), matching(_IAM_ACTION.pattern)]
IamResource = Annotated[
    str,
    described(
        _IAM_RESOURCE.pattern,
        "is not an ARN",
        "write it as arn:aws:s3:::acme-media/*, or '*' for actions that name no resource",
    ),
]
HostName = Annotated[str, checked(_host_name), matching(_HOST_NAME.pattern)]
