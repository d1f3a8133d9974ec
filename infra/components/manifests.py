"""The objects of an add-on in the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from infra.components.kubernetes_object import KubernetesObject
from infra.plan.addons.objects import AddonPlan, Later


class Manifests(pulumi.ComponentResource):
    """Maps an :class:`AddonPlan` to one resource for each object, of the type that pulumi-kubernetes has for its kind.

    Definitions of kinds come before everything else of the add-on. ``values`` are what AWS gives, by the name of the
    plan's :class:`Later`.
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
        first: list[pulumi.Resource] = []
        for manifest in plan.objects:
            is_first = manifest.kind in ("Namespace", "CustomResourceDefinition")
            child = pulumi.ResourceOptions(
                parent=self, depends_on=None if is_first else list(first), protect=manifest.protect or None
            )
            made = KubernetesObject(manifest.logical_name, _filled(manifest.body, values), child)
            if is_first:
                first.append(made)
        self.register_outputs({})


def _filled(value: Any, values: Mapping[str, pulumi.Input[str]]) -> Any:
    if isinstance(value, Later):
        return values[value.name]
    if isinstance(value, Mapping):
        return {key: _filled(item, values) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(item, values) for item in value]
    return value
