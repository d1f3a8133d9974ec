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


def lost_ports(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the ports that Services answer at no more, which callers have to hear of."""
    lost = []
    for each in changes:
        if each.type != SERVICE or each.op not in (UPDATE, REPLACE) or not each.step.old or not each.step.new:
            continue
        gone = sorted(_ports(each.step.old.inputs) - _ports(each.step.new.inputs))
        if gone:
            named = ", ".join(f"{protocol} {number}" for protocol, number in gone)
            lost.append(f"{object_named(each.type, each.name, each.step.old.inputs)} ({named})")
    if lost:
        yield f"Ports that Services answer at no more: {listed(sorted(lost), TOLD)}. Who calls there reaches nothing."


def _ports(inputs: Mapping[str, Any]) -> set[tuple[str, str]]:
    ports = map(mapping_in, list_in(mapping_in(inputs.get("spec")).get("ports")))
    return {(str(port.get("protocol") or "TCP"), str(port.get("port"))) for port in ports}


def _form(inputs: Mapping[str, Any]) -> str:
    spec = mapping_in(inputs.get("spec"))
    return "headless" if spec.get("clusterIP") == "None" else str(spec.get("type") or "ClusterIP")
