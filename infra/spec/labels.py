"""Labels, taints and tags: the syntax Kubernetes and AWS accept, and the keys they keep for themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from infra.spec.base import checked, refuse

_NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
_PREFIX = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")
_TAG = re.compile(r"^[\w\s_.:/=+\-@]*$")

RESERVED_LABELS = (
    "kubernetes.io/hostname",
    "kubernetes.io/arch",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/instance-type",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
)
"""Well-known labels that the kubelet or the cloud provider sets (Kubernetes reference, "Well-Known Labels")."""

_KUBELET_MAY_SET = ("node.kubernetes.io", "kubelet.kubernetes.io")
"""Prefixes inside ``kubernetes.io`` that NodeRestriction lets a kubelet set on itself."""

TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


@dataclass(frozen=True)
class Taint:
    """A node taint, read from ``key[=value]:Effect`` as ``kubectl taint`` and kops write it."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        """Return the form the kubelet's ``registerWithTaints`` documentation uses."""
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


def _check_key(key: str) -> None:
    prefix, _, name = key.rpartition("/")
    if not _NAME.fullmatch(name) or (("/" in key) and (len(prefix) > 253 or not _PREFIX.fullmatch(prefix))):
        refuse(
            f"has {key!r}, which is not a Kubernetes label key",
            "use an optional DNS prefix and a slash, then at most 63 letters, digits, dots, underscores and hyphens",
        )


def _check_value(key: str, value: str) -> None:
    if value and not _NAME.fullmatch(value):
        refuse(
            f"has {value!r} for {key}, which is not a label value",
            "use at most 63 letters, digits, dots, underscores and hyphens, beginning and ending alphanumeric",
        )


def _node_labels(labels: dict[str, str]) -> dict[str, str]:
    for key, value in labels.items():
        _check_key(key)
        _check_value(key, value)
        if key in RESERVED_LABELS:
            refuse(f"sets {key}, which the cloud provider or the kubelet sets", f"remove {key}")
        prefix = key.rpartition("/")[0]
        reserved = prefix in ("kubernetes.io", "k8s.io") or prefix.endswith((".kubernetes.io", ".k8s.io"))
        allowed = any(prefix == ok or prefix.endswith(f".{ok}") for ok in _KUBELET_MAY_SET)
        if reserved and not allowed:
            refuse(
                f"sets {key}, and the NodeRestriction admission plugin stops a kubelet from giving itself "
                "labels under kubernetes.io and k8s.io",
                "use a prefix of your own, as example.com/pool, or node.kubernetes.io/...",
            )
    return labels


def _taint(text: str) -> str:
    parse_taint(text)
    return text


def parse_taint(text: str) -> Taint:
    """Read a taint from ``key[=value]:Effect``.

    Raises:
        PydanticCustomError: the text is not a taint; the error names the part at fault and the fix.
    """
    body, colon, effect = text.rpartition(":")
    if not colon or effect not in TAINT_EFFECTS:
        refuse(
            "is not a taint",
            f"write key=value:Effect or key:Effect with an effect of {', '.join(TAINT_EFFECTS)}",
        )
    key, _, value = body.partition("=")
    _check_key(key)
    _check_value(key, value)
    return Taint(key=key, value=value, effect=effect)


def _tags(tags: dict[str, str]) -> dict[str, str]:
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or not _TAG.fullmatch(key) or len(value) > 256 or not _TAG.fullmatch(value):
            refuse(
                f"has {key!r}: {value!r}, which AWS does not accept as a tag",
                "keys have 1 to 128 characters, values at most 256: letters, digits, spaces and _ . : / = + - @",
            )
        if key.lower().startswith("aws:"):
            refuse(f"has {key!r}, and AWS keeps the prefix aws: for itself", "choose another key")
        if key in ("Name", "KubernetesCluster") or key.startswith(("kubernetes.io/cluster/", "slipway/")):
            refuse(f"has {key!r}, which Slipway sets on every resource", f"remove {key!r}")
    return tags


NodeLabels = Annotated[dict[str, str], checked(_node_labels)]
TaintText = Annotated[str, checked(_taint)]
Tags = Annotated[dict[str, str], checked(_tags)]
