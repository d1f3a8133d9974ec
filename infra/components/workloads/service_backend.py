"""A service backend: the name that workloads call, whatever answers to it."""

from __future__ import annotations

import pulumi

from infra.components.workloads.objects import declare
from infra.plan.workloads.services import BackendPlan


class ServiceBackend(pulumi.ComponentResource):
    """Maps a :class:`BackendPlan` to a Service and, for fixed addresses, an EndpointSlice."""

    def __init__(self, name: str, plan: BackendPlan, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:ServiceBackend", name, None, opts)
        for planned in plan.objects:
            declare(planned, opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
