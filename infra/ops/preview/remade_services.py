"""Services that are deleted and made again under their names, since Kubernetes cannot change what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.ops.preview.changes import REPLACE, Change
from infra.ops.preview.inputs import mapping_in
from infra.ops.preview.service_openings import SERVICE
from infra.ops.preview.words import TOLD, listed, object_named


def remade_sentences(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the Services that nothing answers for between the old one and the new one."""
    remade = [
        f"{object_named(each.type, each.name, each.step.new.inputs)} "
        f"({_form(each.step.old.inputs)} → {_form(each.step.new.inputs)})"
        for each in changes
        if each.type == SERVICE and each.op == REPLACE and each.step.old and each.step.new
    ]
    if remade:
        yield (
            f"Deleted first and then made again: {listed(sorted(remade), TOLD)}. In between nothing answers to the "
            "name, and callers that keep the old address reach nothing until they ask for the name anew."
        )


def _form(inputs: Mapping[str, Any]) -> str:
    spec = mapping_in(inputs.get("spec"))
    return "headless" if spec.get("clusterIP") == "None" else str(spec.get("type") or "ClusterIP")
