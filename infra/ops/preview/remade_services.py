"""Services that are made again: since Kubernetes cannot change what they are, or for another name or namespace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.ops.preview.changes import REPLACE, UPDATE, Change
from infra.ops.preview.inputs import list_in, mapping_in
from infra.ops.preview.service_openings import SERVICE
from infra.ops.preview.words import TOLD, listed, object_named


def remade_sentences(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the Services that nothing answers for between the old one and the new one, and those of another name."""
    remade, moved = [], []
    for each in changes:
        if each.type != SERVICE or each.op != REPLACE or not each.step.old or not each.step.new:
            continue
        before, after = (object_named(each.type, each.name, it.inputs) for it in (each.step.old, each.step.new))
        if before == after:
            remade.append(f"{after} ({_form(each.step.old.inputs)} → {_form(each.step.new.inputs)})")
        else:
            moved.append(f"{before} → {after.partition(' ')[2]}")
    if moved:
        yield (
            f"Made in another place: {listed(sorted(moved), TOLD)}. The old name answers to nobody after the update: "
            "callers in the cluster need the new one, with its namespace where theirs is another."
        )
    if remade:
        yield (
            f"Deleted first and then made again: {listed(sorted(remade), TOLD)}. In between nothing answers to the "
            "name, and callers that keep the old address reach nothing until they ask for the name anew."
        )


def port_sentences(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the ports that Services answer at no more, and those that no pod answers at until the update is through."""
    lost, away = [], []
    for each in changes:
        if each.type != SERVICE or each.op not in (UPDATE, REPLACE) or not each.step.old or not each.step.new:
            continue
        name = object_named(each.type, each.name, each.step.old.inputs)
        before, after = _ports(each.step.old.inputs), _ports(each.step.new.inputs)
        gone = [port for port in before if port not in after]
        lost += [f"{name} ({', '.join(gone)})"] if gone else []
        other = [
            f"{port}: {before[port]} → {after[port]}"
            for port in before
            if before[port] != after.get(port, before[port])
        ]
        away += [f"{name} ({', '.join(other)})"] if other else []
    if lost:
        yield f"Ports that Services answer at no more: {listed(sorted(lost), TOLD)}. Who calls there reaches nothing."
    if away:
        # A Service is changed at once, its pods one by one, and those of before have no port of the new name.
        yield (
            f"Ports of Services that lead to another port of the pods: {listed(sorted(away), TOLD)}. Nothing answers "
            "there until the new pods are ready. A port that keeps its name has no such gap, whatever its number."
        )


def _ports(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return protocol and number of each port of a Service, in order, with the pods' port that it leads to."""
    ports = map(mapping_in, list_in(mapping_in(inputs.get("spec")).get("ports")))
    found = {f"{port.get('protocol') or 'TCP'} {port.get('port')}": port for port in ports}
    return {name: str(port.get("targetPort", port.get("port"))) for name, port in sorted(found.items())}


def _form(inputs: Mapping[str, Any]) -> str:
    spec = mapping_in(inputs.get("spec"))
    return "headless" if spec.get("clusterIP") == "None" else str(spec.get("type") or "ClusterIP")
