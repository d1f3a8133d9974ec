"""The security groups of the roles, and the rules between them."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.plan.security import SecurityPlan, SecurityRule
from infra.spec.instance_group import Role


class SecurityGroups(pulumi.ComponentResource):
    """Maps a :class:`SecurityPlan` to security groups, and each rule to a resource of its own.

    With one resource a rule, a preview shows the rule that changes; rules inside the groups would also replace those
    that other components add.
    """

    def __init__(
        self,
        name: str,
        plan: SecurityPlan,
        *,
        vpc_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:SecurityGroups", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        groups = {
            group.role: aws.ec2.SecurityGroup(
                group.key,
                name=group.name,
                description=group.description,
                vpc_id=vpc_id,
                tags=group.tags,
                opts=pulumi.ResourceOptions(parent=self, protect=group.protect or None),
            )
            for group in plan.groups
        }
        self.groups: Mapping[Role, pulumi.Resource] = groups
        """Each role's security group."""
        self.ids: Mapping[Role, pulumi.Output[str]] = {role: group.id for role, group in groups.items()}
        """ID of each role's security group."""
        rules = {rule.name: (rule, self._rule(rule)) for rule in plan.rules}
        self.ways_out: Mapping[Role, pulumi.Resource] = {
            rule.role: resource for rule, resource in rules.values() if rule.direction == "egress"
        }
        """The rule by which each role's machines reach out; what starts machines waits for it."""
        self.register_outputs({"ids": dict(self.ids)})

    def _rule(self, rule: SecurityRule) -> pulumi.Resource:
        kind = aws.vpc.SecurityGroupIngressRule if rule.direction == "ingress" else aws.vpc.SecurityGroupEgressRule
        return kind(
            rule.name,
            security_group_id=self.ids[rule.role],
            referenced_security_group_id=self.ids[rule.peer] if rule.peer else None,
            cidr_ipv4=rule.peer_cidr,
            ip_protocol=rule.protocol,
            from_port=rule.ports[0] if rule.ports else None,
            to_port=rule.ports[1] if rule.ports else None,
            description=rule.why,
            tags=rule.tags,
            opts=self._child,
        )
