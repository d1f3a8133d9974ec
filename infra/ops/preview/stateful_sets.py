"""What becomes of a StatefulSet's claims when it is deleted or made anew, and the way that keeps its pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from infra.ops.preview.changes import DELETE, REPLACE, Change
from infra.ops.preview.inputs import mapping_in

STATEFUL_SET: Final = "kubernetes:apps/v1:StatefulSet"
NAMESPACE: Final = "kubernetes:core/v1:Namespace"


def emptied_namespaces(changes: Iterable[Change]) -> frozenset[str]:
    """Return the names of namespaces that are deleted, if only to be made anew: all that is in them goes with them."""
    gone = (each.step.old for each in changes if each.type == NAMESPACE and each.op in (DELETE, REPLACE))
    return frozenset(_place(old.inputs)[1] for old in gone if old and not old.retain_on_delete)


def of_claims(change: Change, emptied: frozenset[str]) -> str:
    """Return what becomes of the claims, as a phrase after "claims to volumes", where these namespaces are deleted."""
    old = change.step.old
    if old and _place(old.inputs)[0] in emptied:
        return ", which go with their namespace, and with them what is on the volumes"
    if not _retained(change):
        return ", which go with it, and with them what is on the volumes"
    if takes_up(change):
        before, after = _in_place(change) or ({}, {})
        left = sorted(before.keys() - after.keys())
        rest = f", but for {', '.join(left)}, which nobody uses then" if left else ""
        return f", which stay as they are: the new one takes them up, once all pods of the old one have ended{rest}"
    return ", which stay in the cluster with what is on them until somebody deletes them"


def takes_up(change: Change) -> bool:
    """Return whether a new set takes up the claims of the old one: they go by its name and theirs."""
    both = _in_place(change)
    return both is not None and bool(both[0].keys() & both[1].keys())


def _in_place(change: Change) -> tuple[dict[str, str], dict[str, str]] | None:
    """Return the claims of the old set and of the new one that stands in its place; None where none does."""
    old, new = change.step.old, change.step.new
    if change.type != STATEFUL_SET or change.op != REPLACE or old is None or new is None or not _retained(change):
        return None
    return (_claims(old.inputs), _claims(new.inputs)) if _place(old.inputs) == _place(new.inputs) else None


def way_out(change: Change) -> str:
    """Return how the set is made anew around its running pods; "" where that cannot be, or keeps nothing.

    A pod that lacks a claim of its set is none that the controller can change (``storageMatches``, and a pod's volumes
    are fixed), so that a set with a further claim would be stuck at it.
    """
    both = _in_place(change)
    if both is None or change.step.old is None or not both[1].keys() <= both[0].keys():
        return ""
    namespace, name = _place(change.step.old.inputs)
    before, after = both
    resized = [claim for claim, size in after.items() if size != before[claim]]
    names = ", ".join(f"{claim}-{name}-<n>" for claim in resized)
    first = f"enlarge each claim {names} itself, then " if resized else ""
    command = f"kubectl delete statefulset {name} -n {namespace} --cascade=orphan"
    made = "the update then makes the set anew around them (docs/workloads.md, Stateful sets)"
    return f"To keep its pods running, {first}run `{command}`: {made}."


def _retained(change: Change) -> bool:
    """Return whether claims stay when the set is deleted (``persistentVolumeClaimRetentionPolicy``)."""
    spec = mapping_in(change.step.old.inputs.get("spec") if change.step.old else None)
    return mapping_in(spec.get("persistentVolumeClaimRetentionPolicy")).get("whenDeleted") != "Delete"


def _place(inputs: Mapping[str, Any]) -> tuple[str, str]:
    found = mapping_in(inputs.get("metadata"))
    return str(found.get("namespace", "default")), str(found.get("name", ""))


def _claims(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return the size that each claim asks for, by its name in the template."""
    templates = mapping_in(inputs.get("spec")).get("volumeClaimTemplates")
    sizes = {}
    for template in templates if isinstance(templates, list) else ():
        claim = mapping_in(template)
        requests = mapping_in(mapping_in(mapping_in(claim.get("spec")).get("resources")).get("requests"))
        sizes[str(mapping_in(claim.get("metadata")).get("name", ""))] = str(requests.get("storage", ""))
    return sizes
