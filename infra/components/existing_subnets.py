"""Subnets that exist already: the tags by which the cluster's load balancers find them."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.plan.network import SubnetPlan


def tag_existing(name: str, plan: SubnetPlan, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Tag a subnet of others, and return its ID.

    The ID waits for no tag: one that comes later would have the ID unknown in a preview, and all that stands in the
    subnet replaced.

    Args:
        name: the beginning of the tags' names.
        plan: the subnet.
        opts: options of its tags.
    """
    kept = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True))
    for tags, options in ((plan.tags, opts), (plan.shared_tags, kept)):
        for key, value in tags.items():
            aws.ec2.Tag(f"{name}-{key}", resource_id=str(plan.existing_id), key=key, value=value, opts=options)
    return pulumi.Output.from_input(str(plan.existing_id))
