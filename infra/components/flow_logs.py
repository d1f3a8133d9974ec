"""Flow logs of a VPC, as children of the network."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.plan.flow_logs import FlowLogsPlan


def flow_logs(name: str, plan: FlowLogsPlan, vpc_id: pulumi.Input[str], child: pulumi.ResourceOptions) -> None:
    """Make the log group, the role and the flow log of a VPC.

    Args:
        name: name of the network, of which the resources' names are made.
        plan: what to record, and where.
        vpc_id: the VPC that is watched.
        child: options that make the resources children of the network.
    """
    group = aws.cloudwatch.LogGroup(
        f"{name}-flow-logs",
        name=plan.log_group_name,
        retention_in_days=plan.retention_days,
        tags=plan.tags,
        opts=child,
    )
    role = aws.iam.Role(
        f"{name}-flow-logs",
        name=plan.role_name,
        assume_role_policy=plan.assume_role_policy,
        permissions_boundary=plan.permissions_boundary,
        force_detach_policies=True,  # a policy added by hand would stop a destroy half-way
        tags=plan.tags,
        opts=child,
    )
    policy = aws.iam.RolePolicy(
        f"{name}-flow-logs", name="write-flow-logs", role=role.name, policy=plan.policy, opts=child
    )
    aws.ec2.FlowLog(
        f"{name}-flow-logs",
        vpc_id=vpc_id,
        traffic_type=plan.traffic,
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags=plan.tags,
        # Delivery that starts before the role may write fails until its next attempt.
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[policy])),
    )
