"""Scalar types of a workload, each with the rule that Kubernetes or the image format sets for it."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Sequence
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field

from infra.spec.base import checked, described, matching, refuse
from infra.spec.scalars import Address, DnsLabel, duration_seconds

_CPU = re.compile(r"^([1-9][0-9]*m|[1-9][0-9]*(\.[0-9]{1,3})?|0\.[0-9]{0,2}[1-9])$")
_MEMORY = re.compile(r"^([1-9][0-9]*)(Ki|Mi|Gi|Ti)$")
_MEMORY_FORM = "write a whole number and Ki, Mi, Gi or Ti"
LEAST_MEMORY = 6 * 2**20
"""Bytes that a container needs to start at all (Docker documentation, "Resource constraints", ``--memory``)."""
_MEMORY_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_PORT_NAME = re.compile(r"^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$")
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
