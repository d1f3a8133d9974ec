"""HorizontalPodAutoscalers of a run: between which numbers of pods they choose, and whose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.ops.preview.events import Step
from infra.ops.preview.inputs import mapping_in
from infra.plan.workloads.autoscaler import AUTOSCALER


@dataclass(frozen=True)
class Autoscaler:
    """What chooses the number of a workload's pods, before and after."""

    target: str
    """Kind, namespace and name of the workload."""
    before: str
    """Its bounds, as ``2 to 10``; empty: there is none."""
    after: str
    command: str
    """What deletes it."""

    @property
    def changes(self) -> bool:
        """Whether it comes, goes, or has other bounds."""
        return self.before != self.after


def autoscalers_of(steps: Sequence[Step]) -> Mapping[str, Autoscaler]:
    """Return the autoscalers of a run by the workload that they scale, those that stay as they are among them."""
    return {each.target: each for each in _found(steps)}


def _found(steps: Sequence[Step]) -> Iterator[Autoscaler]:
    for step in steps:
        if step.type.rpartition(":")[2] == AUTOSCALER:
            old = step.old.inputs if step.old else {}
            new = step.new.inputs if step.new else {}
            yield Autoscaler(_target(new or old), _bounds(old), _bounds(new), deletion(new or old))


def _target(inputs: Mapping[str, Any]) -> str:
    reference = mapping_in(mapping_in(inputs.get("spec")).get("scaleTargetRef"))
    return f"{reference.get('kind')} {mapping_in(inputs.get('metadata')).get('namespace')}/{reference.get('name')}"


def deletion(inputs: Mapping[str, Any]) -> str:
    """Return the command that deletes an autoscaler, by its own inputs or those of its workload, whose name it has."""
    metadata = mapping_in(inputs.get("metadata"))
    space = f" -n {metadata['namespace']}" if "namespace" in metadata else ""
    return f"kubectl delete hpa{space} {metadata.get('name', '...')}"


def _bounds(inputs: Mapping[str, Any]) -> str:
    spec = mapping_in(inputs.get("spec"))
    if not spec:
        return ""
    # Kubernetes' default of minReplicas.
    return f"{count(spec.get('minReplicas', 1))} to {count(spec.get('maxReplicas'))}"


def count(value: object) -> str:
    """Return a number of pods in words: what another resource has yet to say is none in a preview."""
    return str(int(value)) if isinstance(value, int | float) else "some"
