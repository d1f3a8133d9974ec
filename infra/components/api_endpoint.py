"""The load balancers before the API servers."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.plan.control_plane.endpoints import (
    DEREGISTRATION_SECONDS,
    READY_PATH,
    ApiBalancerPlan,
    ApiEndpointPlan,
)
from infra.plan.join import ApiAddress
from infra.plan.security import API_PORT
from infra.spec.instance_group import Role


class ApiEndpoint(pulumi.ComponentResource):
    """Maps an :class:`ApiEndpointPlan` to Network Load Balancers, their security groups, and names.

    The load balancers are protected: with one of them the name goes by which machines and people find the API.

    Args:
        name: logical name.
        plan: the endpoint.
        vpc_id: the VPC.
        subnet_ids: kind of subnet -> zone -> ID.
        security_group_ids: security group of each role.
        opts: as for any component.
    """

    def __init__(
        self,
        name: str,
        plan: ApiEndpointPlan,
        *,
        vpc_id: pulumi.Input[str],
        subnet_ids: Mapping[str, Mapping[str, pulumi.Input[str]]],
        security_group_ids: Mapping[Role, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:ApiEndpoint", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._vpc_id = vpc_id
        self._groups = security_group_ids
        self._hosted_zone = plan.hosted_zone
        self.target_group_arns: list[pulumi.Output[str]] = []
        """Target groups that control-plane members belong to."""
        self.ready: list[pulumi.Resource] = []
        """What must exist before the API can be reached through the load balancers."""
        names = {each.key: self._balancer(each, subnet_ids[each.subnet_kind]) for each in plan.balancers}
        public = names[plan.public.key] if plan.public else None
        self.internal = names[plan.internal.key]
        """Name for what runs in the cluster: known also while a public load balancer is only about to be made."""
        self.address: pulumi.Output[ApiAddress] = pulumi.Output.all(names[plan.internal.key], public).apply(
            lambda found: ApiAddress(*found)
        )
        self.register_outputs({"internalName": names[plan.internal.key], "publicName": public})

    def _balancer(self, plan: ApiBalancerPlan, subnets: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
        security_group = self._security_group(plan)
        balancer = aws.lb.LoadBalancer(
            plan.key,
            name=plan.name,
            internal=plan.scheme == "internal",
            load_balancer_type="network",
            ip_address_type="ipv4",
            subnets=list(subnets.values()),
            security_groups=[security_group.id],
            enable_cross_zone_load_balancing=True,
            tags=plan.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        targets = self._targets(plan)
        listener = aws.lb.Listener(
            plan.key,
            load_balancer_arn=balancer.arn,
            port=API_PORT,
            protocol="TCP",
            default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=targets.arn)],
            tags=plan.tags,
            opts=self._child,
        )
        self.ready.append(listener)
        self.target_group_arns.append(targets.arn)
        if plan.record is None or self._hosted_zone is None:
            return balancer.dns_name
        record = aws.route53.Record(
            plan.key,
            zone_id=self._hosted_zone,
            name=plan.record,
            type="A",
            aliases=[
                aws.route53.RecordAliasArgs(
                    name=balancer.dns_name, zone_id=balancer.zone_id, evaluate_target_health=False
                )
            ],
            opts=self._child,
        )
        return record.fqdn

    def _security_group(self, plan: ApiBalancerPlan) -> aws.ec2.SecurityGroup:
        group = aws.ec2.SecurityGroup(
            plan.key,
            name=plan.security_group_name,
            description=f"Load balancer {plan.name} before the Kubernetes API",
            vpc_id=self._vpc_id,
            tags=plan.tags,
            opts=self._child,
        )
        self.ready += [
            aws.vpc.SecurityGroupIngressRule(
                source.name,
                security_group_id=group.id,
                referenced_security_group_id=self._groups[source.role] if source.role else None,
                cidr_ipv4=source.cidr,
                ip_protocol="tcp",
                from_port=API_PORT,
                to_port=API_PORT,
                description=source.why,
                tags=source.tags,
                opts=self._child,
            )
            for source in plan.sources
        ]
        members = self._groups["ControlPlane"]
        way_out = aws.vpc.SecurityGroupEgressRule(
            plan.key,
            security_group_id=group.id,
            referenced_security_group_id=members,
            ip_protocol="tcp",
            from_port=API_PORT,
            to_port=API_PORT,
            description="To the API servers",
            tags=plan.tags,
            opts=self._child,
        )
        way_in = aws.vpc.SecurityGroupIngressRule(
            plan.key,
            security_group_id=members,
            referenced_security_group_id=group.id,
            ip_protocol="tcp",
            from_port=API_PORT,
            to_port=API_PORT,
            description=f"Kubernetes API through {plan.name}",
            tags=plan.tags,
            opts=self._child,
        )
        self.ready += [way_out, way_in]
        return group

    def _targets(self, plan: ApiBalancerPlan) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            plan.key,
            name=plan.name,
            vpc_id=self._vpc_id,
            target_type="instance",
            port=API_PORT,
            protocol="TCP",
            preserve_client_ip="true" if plan.preserve_client_ip else "false",
            deregistration_delay=DEREGISTRATION_SECONDS,
            # As kops sets it. Else the connections to a machine that is gone are kept until their clients give up on
            # them, and a kubelet has one for all that it says.
            connection_termination=True,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                enabled=True,
                protocol="HTTPS",
                path=READY_PATH,
                port="traffic-port",
                interval=10,
                timeout=6,
                healthy_threshold=2,
                unhealthy_threshold=2,
            ),
            tags=plan.tags,
            opts=self._child,
        )
