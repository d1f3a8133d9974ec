"""Which Kubernetes kind a Pulumi type token names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PACKAGE: Final = "kubernetes"

# Modules of the SDK that hold no API kind (pulumi_kubernetes 4.34.2, `__init__.py`), and what they hold.
_OTHER_MODULES: Final = {
    "helm.sh": "Helm charts and releases",
    "yaml": "groups of YAML manifests",
    "kustomize": "Kustomize directories",
}
# Longer names under k8s.io belong to CRDs (gateway.networking.k8s.io), but for these two.
_KUBERNETES_GROUP: Final = re.compile(r"(?:[a-z]+|rbac\.authorization|(?:flowcontrol|internal)\.apiserver)\.k8s\.io")


class TokenError(ValueError):
    """A type token names nothing that this plugin handles; the text quotes the token."""


@dataclass(frozen=True)
class Kind:
    """A kind of object: `api_version` as manifests write it (`v1`, `apps/v1`).

    `patch` means the token was the kind's `...Patch` resource, which manages some fields of an object that is
    somebody else's.
    """

    api_version: str
    name: str
    patch: bool = False

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version within the group."""
        return self.api_version.rpartition("/")[2]

    def __str__(self) -> str:
        """Return group, version and name, as the vendor's messages write a kind."""
        return f"{self.api_version}/{self.name}"


def parse_token(token: str) -> Kind:
    """Return the kind that a token such as `kubernetes:apps/v1:Deployment` names.

    Raises TokenError for lists, Helm, YAML and Kustomize resources, and for text that is no token of this
    package.
    """
    parts = token.split(":")
    if len(parts) != 3 or parts[0] != PACKAGE or not parts[2]:
        raise TokenError(f"{token!r} is not a resource type of this package (kubernetes:<group>/<version>:<Kind>)")
    _, module, name = parts
    group, _, version = module.partition("/")
    if group in _OTHER_MODULES:
        raise TokenError(
            f"{token}: the stand-in for the kubernetes plugin knows no {_OTHER_MODULES[group]}. "
            "Declare the objects as resources of their kind, or install the vendor's plugin."
        )
    if not version or "/" in version:
        raise TokenError(f"{token!r} has no group and version (kubernetes:<group>/<version>:<Kind>)")
    api_version = version if group == "core" else f"{group}/{version}"
    if name.endswith("List") and name != "List" and _in_sdk(module, name) and _in_sdk(module, name[: -len("List")]):
        raise TokenError(
            f"{token}: lists exist for manifests and cannot be created. Declare each {name[: -len('List')]} instead."
        )
    if name.endswith("Patch") and len(name) > len("Patch"):
        return Kind(api_version, name[: -len("Patch")], patch=True)
    return Kind(api_version, name)


CLUSTER_WIDE = frozenset((
    "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ComponentStatus", "CSIDriver",
    "CSINode", "CustomResourceDefinition", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume",
    "PodSecurityPolicy", "PriorityClass", "RuntimeClass", "SelfSubjectAccessReview", "SelfSubjectRulesReview",
    "StorageClass", "SubjectAccessReview", "TokenReview", "ValidatingWebhookConfiguration", "VolumeAttachment",
))  # fmt: skip
"""Kinds of Kubernetes that lie in no namespace, as the vendor's plugin lists them (``provider/pkg/kinds/kinds.go``)."""


def is_built_in(kind: Kind) -> bool:
    """Tell whether the kind's group and version come with Kubernetes: no CRD can add a kind to them.

    These are those that the SDK has modules for. Its modules are named after the first word of a group alone, which
    groups of others may share (`storage.example.com`).
    """
    group = kind.group or "core"
    of_kubernetes = "." not in group or _KUBERNETES_GROUP.fullmatch(group) is not None
    return of_kubernetes and (_sdk() / group.split(".")[0] / kind.version).is_dir()


@cache
def _in_sdk(module: str, name: str) -> bool:
    """Look for the class's file in the SDK's folders: importing it would take longer than our start."""
    group, _, version = module.partition("/")
    return (_sdk() / group.split(".")[0] / version / f"{name}.py").is_file()


@cache
def _sdk() -> Path:
    spec = find_spec("pulumi_kubernetes")
    if spec is None or spec.origin is None:
        raise TokenError("pulumi_kubernetes is not installed beside this plugin; install requirements.txt")
    return Path(spec.origin).parent
