"""Workloads: one component for each kind, over the objects of its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, get_args

import pulumi
import pulumi_random as random

from infra.components.kubernetes_object import KubernetesObject
from infra.components.workloads.objects import declare
from infra.plan.workloads.autoscaler import AUTOSCALER
from infra.plan.workloads.workload import SecretPlan, WorkloadPlan
from infra.spec.workloads.workload import Kind


class Workload(pulumi.ComponentResource):
    """Maps a :class:`WorkloadPlan` to its objects.

    ``secrets`` are the configured values by key of configuration; ``after`` is what its pods wait for: the controllers
    of the workloads that ``plan.after`` names.
    """

    kind: ClassVar[str] = "Workload"

    def __init__(
        self,
        name: str,
        plan: WorkloadPlan,
        *,
        secrets: Mapping[str, pulumi.Output[str]] | None = None,
        after: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"slipway:index:{self.kind}", name, None, pulumi.ResourceOptions.merge(self._former(), opts))
        child = pulumi.ResourceOptions(parent=self)
        before: list[pulumi.Resource] = [declare(planned, opts=child) for planned in plan.before]
        names: dict[str, pulumi.Input[str]] = {}
        if plan.secret is not None:
            names[plan.secret.logical_name] = self._secret(plan.secret, secrets or {})
        before += [declare(planned, opts=child) for planned in plan.beside if planned.kind == "NetworkPolicy"]
        self.controller = declare(
            plan.controller,
            secret_names=names,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[*before, *after])),
        )
        # An autoscaler sets the number of pods the moment that it is there. Were its workload still being updated,
        # which begins with a look at who has set what, the API server would refuse the rest of that update.
        last = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[self.controller]))
        for planned in plan.beside:
            if planned.kind != "NetworkPolicy":
                declare(planned, opts=last if planned.kind == AUTOSCALER else child)
        self.register_outputs({})

    def _former(self) -> pulumi.ResourceOptions:
        """Return the names that the workload had as one of another kind.

        Its Service, policy and secrets are the same then; without this they would be made a second time, under names
        that the first ones still have.
        """
        kinds = [kind for kind in get_args(Kind) if kind != self.kind]
        return pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=f"slipway:index:{kind}") for kind in kinds])

    def _secret(self, plan: SecretPlan, configured: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
        """Declare the Secret and return its name: Pulumi makes it up, and a new one with each change of a value."""
        values: dict[str, pulumi.Input[str]] = {}
        for entry in plan.entries:
            if entry.config is not None:
                values[entry.name] = configured[entry.config]
            else:
                values[entry.name] = random.RandomPassword(
                    f"{plan.logical_name}-{entry.name}",
                    length=entry.generate or 0,
                    special=False,
                    opts=pulumi.ResourceOptions(parent=self),
                ).result
        manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"namespace": plan.namespace, "labels": dict(plan.labels)},
            "stringData": values,
        }
        return KubernetesObject(plan.logical_name, manifest, pulumi.ResourceOptions(parent=self)).object_name


class Deployment(Workload):
    """Pods that are alike and replaced a few at a time."""

    kind = "Deployment"


class StatefulSet(Workload):
    """Pods with names and volumes of their own."""

    kind = "StatefulSet"


class DaemonSet(Workload):
    """A pod on each node."""

    kind = "DaemonSet"


class Job(Workload):
    """Pods that run to their end."""

    kind = "Job"


class CronJob(Workload):
    """Jobs by the clock."""

    kind = "CronJob"


COMPONENTS: Mapping[str, type[Workload]] = {
    component.kind: component for component in (Deployment, StatefulSet, DaemonSet, Job, CronJob)
}
"""Component of each kind of workload."""
