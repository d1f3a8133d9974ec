"""Wiring: the spec of the stack becomes its plan, and each part of the plan its component."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.components.images import resolve_images
from infra.components.instance_group import InstanceGroup
from infra.components.network import Network
from infra.components.security_groups import SecurityGroups
from infra.components.state_bucket import StateBucket
from infra.components.termination_queue import TerminationQueue
from infra.in_cluster import declare_in_cluster
from infra.plan.addons.iam import addon_roles
from infra.plan.addons.identity import role_of
from infra.plan.addons.placement import API_HOST
from infra.plan.addons.scaling import QUEUE_URL
from infra.plan.environment import plan_environment
from infra.plan.partition import partition_of
from infra.spec import CONFIG_KEY, EnvironmentSpec, SpecError, from_mapping


def run() -> None:
    """Declare the environment of the current stack.

    Raises:
        pulumi.RunError: the stack's configuration cannot be used; nothing has been created.
    """
    stack = pulumi.get_stack()
    raw = pulumi.Config(CONFIG_KEY.partition(":")[0]).get_object(CONFIG_KEY.partition(":")[2])
    try:
        declare(from_mapping(raw, stack, source=f"Pulumi.{stack}.yaml"))
    except SpecError as error:
        raise pulumi.RunError(str(error)) from None


def declare(spec: EnvironmentSpec) -> None:
    """Declare every resource of the environment.

    Raises:
        SpecError: the environment cannot be planned; nothing has been registered.
    """
    plan = plan_environment(spec)
    provider = aws.Provider("aws", region=spec.region, allowed_account_ids=[spec.account_id])
    opts = pulumi.ResourceOptions(provider=provider)
    lookups = pulumi.InvokeOutputOptions(provider=provider)

    state = StateBucket("state", plan.state_bucket, opts=opts)
    network = Network("network", plan.network, opts=opts)
    security = SecurityGroups("security", plan.security, vpc_id=network.vpc_id, opts=opts)
    queue = TerminationQueue("termination", plan.termination, opts=opts)
    images = resolve_images(plan.images, opts=lookups)
    groups = {
        group.name: InstanceGroup(
            group.identity,
            group,
            image=images[group.launch_template.image],
            subnet_ids={"private": network.private_subnet_ids, "public": network.public_subnet_ids},
            security_group_id=security.ids[group.role],
            state_key_arn=state.key_arn,
            after=[security.ways_out[group.role]],
            opts=opts,
        )
        for group in plan.groups
    }
    declare_in_cluster(plan, _told_to_addons(spec, queue))

    pulumi.export("clusterName", spec.cluster.name)
    pulumi.export("stateBucket", state.bucket)
    pulumi.export("vpcId", network.vpc_id)
    pulumi.export("privateSubnetIds", dict(network.private_subnet_ids))
    pulumi.export("publicSubnetIds", dict(network.public_subnet_ids))
    pulumi.export("terminationQueueUrl", queue.queue_url)
    pulumi.export("instanceGroups", {name: group.autoscaling_group_name for name, group in groups.items()})


def _told_to_addons(spec: EnvironmentSpec, queue: TerminationQueue) -> dict[str, pulumi.Input[str]]:
    """Return what add-ons are told of AWS, by the name of the plan's :class:`Later`."""
    roles = f"arn:{partition_of(spec.region)}:iam::{spec.account_id}:role"
    return {
        API_HOST.name: f"api.internal.{spec.cluster.name}",
        QUEUE_URL.name: queue.queue_url,
        **{role_of(role.addon).name: f"{roles}/{role.addon}.sa.{spec.cluster.name}" for role in addon_roles(spec)},
    }
