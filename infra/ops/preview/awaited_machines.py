"""Pods that ask for labels of a machine which no machine has before its group is rolled.

A group's labels reach a machine at its first boot. A change that gives a group a label, and pods that ask for it, has
the pods wait for machines that start after the update, while the update waits for the pods.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.ops.preview.changes import CREATE, DELETE, REPLACE, UPDATE, Change
from infra.ops.preview.events import State
from infra.ops.preview.groups import NODE_SETTINGS, Group
from infra.ops.preview.inputs import mapping_in
from infra.ops.preview.pods import exchanges_pods, runs_pods
from infra.ops.preview.userdata import decoded_files
from infra.ops.preview.words import TOLD, listed, object_named
from infra.plan.addons.objects import SKIP_AWAIT

_LABELS = "NODE_LABELS="


@dataclass(frozen=True)
class _Machines:
    """A group's labels: of machines that run now, and of those that start after the update."""

    group: str
    now: Mapping[str, str]
    then: Mapping[str, str]


def awaited_sentences(groups: Mapping[str, Group], changes: Sequence[Change]) -> Iterator[str]:
    """Yield which new pods no machine takes before one is replaced, and what it is that none has."""
    machines = [_machines(each) for each in groups.values() if _stays(each)]
    known = {key for each in machines for side in (each.now, each.then) for key in side}
    waiting: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for change in changes:
        asked = {key: value for key, value in _asked(change).items() if key in known}
        takers = [each for each in machines if asked.items() <= each.then.items()]
        if not asked or not takers or any(asked.items() <= each.now.items() for each in takers):
            continue
        labels = ", ".join(f"{key}={value}" for key, value in sorted(asked.items()))
        names = listed(sorted(each.group for each in takers), TOLD)
        inputs = change.step.state.inputs
        pods = object_named(change.type, change.name, inputs)
        waiting.setdefault((labels, names), []).append((pods, _is_waited_for(inputs)))
    for (labels, names), told in sorted(waiting.items()):
        too = ", and the update with them," if any(held for _, held in told) else ""
        yield (
            f"New pods of {listed(sorted(pods for pods, _ in told), TOLD)} wait{too} for machines that start after the "
            f"update, by `slipway roll` or an autoscaler: none that runs in {names} has {labels}. Better give a group "
            "its labels in an update of their own, and roll it, before pods ask for them."
        )


def _is_waited_for(inputs: Mapping[str, Any]) -> bool:
    """Tell whether the engine waits until the workload is ready."""
    annotations = mapping_in(mapping_in(inputs.get("metadata")).get("annotations"))
    return annotations.get(SKIP_AWAIT) != "true"


def _stays(group: Group) -> bool:
    scaling = group.scaling
    return scaling is None or (scaling.op != DELETE and scaling.state.inputs.get("maxSize") != 0)


def _machines(group: Group) -> _Machines:
    template = group.template
    then = _labels(template.new) if template else {}
    # The first machines of a group that has none, or is new, start with its labels.
    fresh = template is None or template.op == CREATE or group.machines(new=False) == 0
    return _Machines(group.name, then if fresh or template is None else _labels(template.old), then)


def _labels(state: State | None) -> dict[str, str]:
    """Return the labels that a launch template's machines register with."""
    user_data = state.inputs.get("userData") if state else None
    settings = decoded_files(user_data).get(NODE_SETTINGS, "") if isinstance(user_data, str) else ""
    written = next((line for line in settings.splitlines() if line.startswith(_LABELS)), _LABELS)
    pairs = (each.partition("=") for each in written.removeprefix(_LABELS).split(",") if each)
    return {key: value for key, _, value in pairs}


def _asked(change: Change) -> Mapping[str, Any]:
    """Return the labels that new pods of a workload ask for; {} where it starts none."""
    started = change.op in (CREATE, REPLACE) or (change.op == UPDATE and exchanges_pods(change))
    if not runs_pods(change.type) or not started or change.step.new is None:
        return {}
    template = mapping_in(mapping_in(change.step.new.inputs.get("spec")).get("template"))
    return mapping_in(mapping_in(template.get("spec")).get("nodeSelector"))
