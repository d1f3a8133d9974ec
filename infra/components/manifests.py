"""The objects of an add-on in the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from infra.components.kubernetes_object import KubernetesObject
from infra.plan.addons.objects import AddonPlan, Later

_FIRST = -1


class Manifests(pulumi.ComponentResource):
    """Maps an :class:`AddonPlan` to one resource for each object, of the type that pulumi-kubernetes has for its kind.

    Namespaces and definitions of kinds come before everything else of the add-on, and the rest by its stage. ``values``
    are what AWS gives, by the name of the plan's :class:`Later`.
    """

    def __init__(
        self,
        name: str,
        plan: AddonPlan,
        *,
        values: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:Manifests", name, None, opts)
        made: list[tuple[int, pulumi.Resource]] = []
        for manifest in plan.objects:
            stage = _FIRST if manifest.kind in ("Namespace", "CustomResourceDefinition") else manifest.stage
            before = [resource for earlier, resource in made if earlier < stage]
            child = pulumi.ResourceOptions(parent=self, depends_on=before or None, protect=manifest.protect or None)
            made.append((stage, KubernetesObject(manifest.logical_name, _filled(manifest.body, values), child)))
        self.register_outputs({})


def _filled(value: Any, values: Mapping[str, pulumi.Input[str]]) -> Any:
    if isinstance(value, Later):
        return values[value.name]
    if isinstance(value, Mapping):
        return {key: _filled(item, values) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(item, values) for item in value]
    return value
