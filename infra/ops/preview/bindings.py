"""Bindings of roles in the cluster: who gets rights over the Kubernetes API by an update, and who loses some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.ops.preview.changes import CREATE, DELETE, IMPORT, Change
from infra.ops.preview.inputs import mapping_in
from infra.ops.preview.permission import Permission
from infra.ops.preview.secrets import UNKNOWN

_KINDS = {
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": "the whole cluster",
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": "",
}
"""Type -> where the role holds; empty where that is the binding's own namespace."""

_OWN = ("system:", "slipway:", "kube-apiserver-")
"""Beginnings of the names of Kubernetes's and Slipway's own users and groups, which every cluster binds alike."""

EVERYTHING = "cluster-admin"

_Grant = tuple[str, str, str]


def bindings_of(change: Change) -> Iterator[Permission]:
    """Yield what a changed binding gives to people and takes from them. Of service accounts nothing is told."""
    if change.type not in _KINDS:
        return
    before = (
        set() if change.op in (CREATE, IMPORT) or change.step.old is None else _grants(change, change.step.old.inputs)
    )
    after = set() if change.op == DELETE or change.step.new is None else _grants(change, change.step.new.inputs)
    for added, grants in ((True, after - before), (False, before - after)):
        for holder, role, where in sorted(grants):
            action = f"what the role {role} allows"
            yield Permission(added, holder, "Allow", action, where, added and role == EVERYTHING)


def _grants(change: Change, inputs: Mapping[str, Any]) -> set[_Grant]:
    role, subjects = inputs.get("roleRef"), inputs.get("subjects")
    if not isinstance(role, Mapping) or not isinstance(subjects, list):
        return {("somebody", str(UNKNOWN), _where(change, inputs))}
    holders = filter(None, map(_holder, subjects))
    return {(holder, str(role.get("name")), _where(change, inputs)) for holder in holders}


def _holder(subject: Any) -> str:
    """Return the user or group that a binding names; "" for what is told of nowhere."""
    if not isinstance(subject, Mapping):
        return "somebody"
    kind, name = subject.get("kind"), str(subject.get("name"))
    return f"{str(kind).lower()} {name}" if kind in ("User", "Group") and not name.startswith(_OWN) else ""


def _where(change: Change, inputs: Mapping[str, Any]) -> str:
    namespace = mapping_in(inputs.get("metadata")).get("namespace")
    return _KINDS[change.type] or f"the namespace {namespace or UNKNOWN}"
