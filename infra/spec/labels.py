"""Labels, taints and tags: the syntax Kubernetes and AWS accept, and the keys they keep for themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

from infra.spec.base import checked, matching, refuse, refuse_entries
from infra.spec.errors import show

_NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
_PREFIX = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")
_TAG = re.compile(r"^[\w .:/=+\-@]*$")

_OWN_TAGS = ("name", "kubernetescluster", "subnettype")
_OWN_TAG_PREFIXES = (
    "aws-node-termination-handler/",
    "k8s.io/cluster-autoscaler/",
    "kubernetes.io/cluster/",
    "kubernetes.io/role/",
    "slipway/",
)
"""What Slipway itself tags with, in lower case: IAM ignores the case of tag keys, so it does not matter here either."""

AUTOSCALER_HINTS = (
    "k8s.io/cluster-autoscaler/node-template/resources/",
    "k8s.io/cluster-autoscaler/node-template/autoscaling-options/",
)
"""Tags that the cluster-autoscaler reads and Slipway leaves to the spec."""

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

_GROUP_OF_KOPS = "kops.k8s.io/instancegroup"

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


Trouble = tuple[str, str]
"""What is wrong, and what to write instead."""


def key_trouble(key: str) -> Trouble | None:
    """Return what is wrong with the key of a label, taint or annotation; None if nothing is."""
    prefix, _, name = key.rpartition("/")
    if not _NAME.fullmatch(name) or (("/" in key) and (len(prefix) > 253 or not _PREFIX.fullmatch(prefix))):
        return (
            f"has the key {show(key)}, which Kubernetes does not accept",
            "use an optional DNS prefix and a slash, then at most 63 letters, digits, dots, underscores and hyphens, "
            "beginning and ending alphanumeric",
        )
    return None


def value_trouble(value: str) -> Trouble | None:
    """Return what is wrong with the value of a label or taint; None if nothing is."""
    if value and not _NAME.fullmatch(value):
        return (
            f"has the value {show(value)}, which Kubernetes does not accept",
            "use at most 63 letters, digits, dots, underscores and hyphens, beginning and ending alphanumeric",
        )
    return None


def _label_trouble(key: str, value: str) -> Trouble | None:
    if key in RESERVED_LABELS:
        return "is set by the kubelet or the cloud provider", "remove it"
    if key == _GROUP_OF_KOPS:
        return "is kops's label for a node's group", "remove it: nodes have slipway/instance-group for it"
    prefix = key.rpartition("/")[0]
    reserved = prefix in ("kubernetes.io", "k8s.io") or prefix.endswith((".kubernetes.io", ".k8s.io"))
    allowed = any(prefix == ok or prefix.endswith(f".{ok}") for ok in _KUBELET_MAY_SET)
    if reserved and not allowed:
        return (
            "is a label that the NodeRestriction admission plugin stops a kubelet from giving itself",
            "use a prefix of your own, as example.com/pool, or node.kubernetes.io/",
        )
    return key_trouble(key) or value_trouble(value)


def _node_labels(labels: dict[str, str]) -> dict[str, str]:
    refuse_entries(
        [(key, *trouble) for key, value in labels.items() if (trouble := _label_trouble(key, value)) is not None]
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
    trouble = key_trouble(key) or value_trouble(value)
    if trouble is not None:
        refuse(*trouble)
    return Taint(key=key, value=value, effect=effect)


def _tag_trouble(key: str, value: str) -> Trouble | None:
    if not 1 <= len(key) <= 128 or not _TAG.fullmatch(key) or len(value) > 256 or not _TAG.fullmatch(value):
        return (
            "is not a tag that AWS accepts",
            "keys have 1 to 128 characters, values at most 256: letters, digits, spaces and _ . : / = + - @",
        )
    if key.lower().startswith("aws:"):
        return "has the prefix aws:, which AWS keeps for itself", "choose another key"
    own = key.lower() in _OWN_TAGS or key.lower().startswith(_OWN_TAG_PREFIXES)
    if own and not key.startswith(AUTOSCALER_HINTS):
        return "is a tag that Slipway sets itself", "remove it"
    return None


def _tags(tags: dict[str, str]) -> dict[str, str]:
    entries, seen = [], dict[str, str]()
    for key, value in tags.items():
        other = seen.setdefault(key.lower(), key)
        twice = (
            None if other == key else (f"differs from {other} in case only, and IAM takes both for one", "remove one")
        )
        trouble = _tag_trouble(key, value) or twice
        if trouble is not None:
            entries.append((key, *trouble))
    refuse_entries(entries)
    return tags


def _no_mapping(value: object) -> object:
    if isinstance(value, Mapping):
        key, meant, effect = (str(value.get(part) or "") for part in ("key", "value", "effect"))
        text = f"{key or 'key'}{f'={meant}' if meant else ''}:{effect or 'NoSchedule'}"
        refuse("is a mapping", f"write it as text, as {text}; without a value it is of any value")
    return value


NodeLabels = Annotated[dict[str, str], checked(_node_labels)]
TaintText = Annotated[
    str, BeforeValidator(_no_mapping), checked(_taint), matching(rf"^[^=:]+(=[^=:]*)?:({'|'.join(TAINT_EFFECTS)})$")
]
Tags = Annotated[dict[str, str], checked(_tags)]
