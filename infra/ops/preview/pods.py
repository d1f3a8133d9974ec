"""What becomes of pods during the update itself: workloads that come, go, change in number, or exchange their pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from infra.ops.preview.autoscalers import Autoscaler, autoscalers_of, count
from infra.ops.preview.changes import CREATE, DELETE, REPLACE, UPDATE, Change
from infra.ops.preview.events import Step
from infra.ops.preview.inputs import mapping_in

Fate = Literal["end", "gap", "move", "become", "exchange", "scale", "wait", "run", "start"]

_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
JOB = "kubernetes:batch/v1:Job"
_LISTED = 6
"""Workloads of one fate that are named; the section of Kubernetes objects has all."""

_WORDS: Mapping[Fate, str] = {
    "end": "Pods that end for good with what they serve",
    "gap": "Pods that end before those that follow them start, so that nothing serves in between",
    "move": "Workloads of another namespace or name, whose new pods start before those of the old one end",
    "become": "Workloads of another kind, whose new pods start before those of the old kind end",
    "exchange": "Pods exchanged during the update, by their own rolling update",
    "wait": "Pods that change when they next start, or their machine is replaced",
    "run": "Jobs that run during the update",
    "scale": "Replicas",
    "start": "New workloads",
}


@dataclass(frozen=True)
class Workload:
    """One workload and what becomes of its pods."""

    fate: Fate
    name: str
    """Kind, namespace and name."""
    pods: str
    without: str = ""
    """What deletes an autoscaler that it has and is to have no more: the engine does so after all else."""


def workloads_of(changes: Sequence[Change], steps: Sequence[Step] = ()) -> tuple[Workload, ...]:
    """Return the workloads whose pods notice the update.

    ``steps`` are all of the run: an autoscaler that stays as it is tells how many pods its workload has.
    """
    scalers = autoscalers_of(steps)
    found = _joined([each for change in changes for each in _of_change(change, scalers)])
    # A replacement is several steps, which all say the same.
    found += dict.fromkeys(_rescaled(scalers, steps))
    return tuple(found)


def sentences_of(workloads: Sequence[Workload]) -> Iterator[str]:
    """Yield a sentence for each fate, the gravest first."""
    for fate, words in _WORDS.items():
        of = [f"{each.name} ({each.pods})" for each in workloads if each.fate == fate]
        if of:
            more = f", and {len(of) - _LISTED} more below" if len(of) > _LISTED else ""
            yield f"{words}: {', '.join(of[:_LISTED])}{more}."
    for each in workloads:
        if each.without:
            yield (
                f"The autoscaler of {each.name} goes at the end of the update, and may set its own number of pods "
                f"until then. Delete it before: `{each.without}`."
            )


def runs_pods(token: str) -> bool:
    """Say whether objects of a type are controllers of pods that an update exchanges."""
    return token.startswith("kubernetes:apps/") and token.rpartition(":")[2] in _KINDS


def exchanges_pods(change: Change) -> bool:
    """Say whether the template of a workload's pods changes."""
    return any(each.path.startswith("spec.template") for each in change.differences)


def _of_change(change: Change, scalers: Mapping[str, Autoscaler]) -> Iterator[Workload]:
    old = change.step.old.inputs if change.step.old else {}
    new = change.step.new.inputs if change.step.new else {}
    if change.type == JOB and change.op in (CREATE, REPLACE):
        # One that is replaced is another by its name, and does its work again.
        done = count(mapping_in(new.get("spec")).get("completions", 1))
        yield Workload("run", f"Job {_place(new, change.name)}", f"{done} pod{'' if done == '1' else 's'}")
    if not runs_pods(change.type):
        return
    kind = change.type.rpartition(":")[2]
    name = f"{kind} {_place(new or old, change.name)}"
    scaler = scalers.get(name)
    before, after = (scaler.before, scaler.after) if scaler else ("", "")
    if change.op == DELETE:
        yield Workload("end", name, _pods(kind, old, before))
    elif change.op == CREATE:
        yield Workload("start", name, _pods(kind, new, after))
    elif change.op == REPLACE and (former := _place(old, change.name)) != (place := _place(new, change.name)):
        # pulumi-kubernetes deletes the old one first only where the new one has its place (``provider.go``, Diff).
        yield Workload("move", f"{kind} {former} → {place}", _pods(kind, new, after))
    elif change.op == REPLACE:
        yield Workload("exchange", name, f"{_pods(kind, old, before)}, deleted first and then made again")
    elif change.op == UPDATE:
        if exchanges_pods(change):
            yield Workload(_fate(kind, new), name, _pods(kind, new, after))
        rescaled = any(each.path.startswith("spec.replicas") for each in change.differences)
        if rescaled and not (scaler and scaler.changes):
            yield Workload("scale", name, f"{_replicas(old)} → {_replicas(new)}")


def _fate(kind: str, new: Mapping[str, Any]) -> Fate:
    """Return how the pods of a workload are exchanged: a set's one by one, so that a single one leaves a gap."""
    spec = mapping_in(new.get("spec"))
    if mapping_in(spec.get("updateStrategy")).get("type") == "OnDelete":
        return "wait"
    recreated = mapping_in(spec.get("strategy")).get("type") == "Recreate" and _replicas(new) != "0"
    return "gap" if recreated or (kind == "StatefulSet" and _replicas(new) == "1") else "exchange"


def _joined(found: Sequence[Workload]) -> list[Workload]:
    """Return the workloads, one that ends and one of its namespace and name that starts as what they are: one."""
    old, new = ({each.name.partition(" ")[2]: each for each in found if each.fate == fate} for fate in ("end", "start"))
    both = old.keys() & new.keys()
    left = [each for each in found if each.fate not in ("end", "start") or each.name.partition(" ")[2] not in both]
    return [
        *left,
        *(
            Workload("become", f"{old[name].name} → {new[name].name.partition(' ')[0]}", _pods_of(old[name], new[name]))
            for name in sorted(both)
        ),
    ]


def _pods_of(old: Workload, new: Workload) -> str:
    return old.pods if old.pods == new.pods else f"{old.pods} → {new.pods}"


def _rescaled(scalers: Mapping[str, Autoscaler], steps: Sequence[Step]) -> Iterator[Workload]:
    """Yield the workloads that stay, and get or lose an autoscaler, or get other bounds."""
    for step in steps:
        if not step.type.startswith("kubernetes:apps/") or step.old is None or step.new is None:
            continue
        name = f"{step.type.rpartition(':')[2]} {_place(step.new.inputs, step.name)}"
        scaler = scalers.get(name)
        if scaler is not None and scaler.changes:
            before, after = scaler.before or _replicas(step.old.inputs), scaler.after or _replicas(step.new.inputs)
            yield Workload("scale", name, f"{before} → {after}", "" if scaler.after else scaler.command)


def _place(inputs: Mapping[str, Any], name: str) -> str:
    metadata = mapping_in(inputs.get("metadata"))
    space = metadata.get("namespace")
    return f"{space}/{metadata.get('name') or name}" if space else str(metadata.get("name") or name)


def _pods(kind: str, inputs: Mapping[str, Any], bounds: str) -> str:
    if kind == "DaemonSet":
        return "one a machine"
    if bounds:
        return f"{bounds} pods"
    replicas = _replicas(inputs)
    return f"{replicas} pod{'' if replicas == '1' else 's'}"


def _replicas(inputs: Mapping[str, Any]) -> str:
    return count(mapping_in(inputs.get("spec")).get("replicas", 1))
