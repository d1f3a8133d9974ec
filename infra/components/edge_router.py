"""The edge's load balancer: what stands before the router's machines, and the rules that lead to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra.plan.edge.balancer import BalancerPlan, EdgeSecurityRule, ListenerPlan, RecordPlan, Side, TargetGroupPlan


class EdgeRouter(pulumi.ComponentResource):
    """Maps a :class:`BalancerPlan` to a network load balancer with its security group, listeners and target groups.

    Instance groups register their machines by ``target_group_arns``; those of the router in the cluster come with
    :class:`infra.components.manifests.Manifests`.

    Args:
        name: logical name.
        plan: the load balancer.
        vpc_id: the VPC.
        subnet_ids: kind of subnet (``private``, ``public``) -> zone -> ID.
        machines_group_id: security group of the role Edge, which gets the rules that admit the load balancer.
        opts: as for any component.
    """

    def __init__(
        self,
        name: str,
        plan: BalancerPlan,
        *,
        vpc_id: pulumi.Input[str],
        subnet_ids: Mapping[str, Mapping[str, pulumi.Input[str]]],
        machines_group_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:EdgeRouter", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            f"{name}-lb",
            name=plan.security_group_name,
            description=plan.security_group_description,
            vpc_id=vpc_id,
            tags=plan.security_group_tags,
            opts=self._child,
        )
        self._groups: Mapping[Side, pulumi.Input[str]] = {"balancer": group.id, "edge": machines_group_id}
        for rule in plan.rules:
            self._rule(rule)
        balancer = self._balancer(name, plan, group, list(subnet_ids[plan.subnet_kind].values()))
        targets = {target.key: self._target_group(target, vpc_id) for target in plan.target_groups}
        for listener in plan.listeners:
            self._listener(listener, balancer, targets[listener.key])
        for record in plan.records:
            self._record(record, balancer)
        self.dns_name: pulumi.Output[str] = balancer.dns_name
        """Name of the load balancer."""
        self.target_group_arns: Sequence[pulumi.Output[str]] = [target.arn for target in targets.values()]
        """Target groups in which the machines of role Edge are registered."""
        self.security_group_id: pulumi.Output[str] = group.id
        self.register_outputs({"dnsName": self.dns_name, "securityGroupId": self.security_group_id})

    def _rule(self, rule: EdgeSecurityRule) -> None:
        kind = aws.vpc.SecurityGroupIngressRule if rule.direction == "ingress" else aws.vpc.SecurityGroupEgressRule
        kind(
            rule.name,
            security_group_id=self._groups[rule.side],
            referenced_security_group_id=self._groups[rule.peer] if rule.peer else None,
            cidr_ipv4=rule.peer_cidr,
            ip_protocol="tcp",
            from_port=rule.port,
            to_port=rule.port,
            description=rule.why,
            tags=rule.tags,
            opts=self._child,
        )

    def _balancer(
        self, name: str, plan: BalancerPlan, group: aws.ec2.SecurityGroup, subnets: list[pulumi.Input[str]]
    ) -> aws.lb.LoadBalancer:
        return aws.lb.LoadBalancer(
            name,
            name=plan.name,
            load_balancer_type="network",
            internal=plan.internal,
            ip_address_type="ipv4",
            subnets=subnets,
            # A network load balancer that was made without a group can never get one.
            security_groups=[group.id],
            enable_cross_zone_load_balancing=plan.cross_zone,
            enable_deletion_protection=plan.deletion_protection,
            tags=plan.tags,
            # What AWS would refuse half-way through an update, the engine refuses before it.
            opts=pulumi.ResourceOptions(parent=self, protect=plan.deletion_protection),
        )

    def _target_group(self, plan: TargetGroupPlan, vpc_id: pulumi.Input[str]) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            plan.key,
            name=plan.name,
            port=plan.port,
            protocol="TCP",
            target_type="instance",
            vpc_id=vpc_id,
            proxy_protocol_v2=True,
            preserve_client_ip="false",
            deregistration_delay=plan.deregistration_seconds,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                enabled=True,
                protocol="HTTP",
                path=plan.health_path,
                port=str(plan.health_port),
                matcher="200",
                interval=plan.health_interval,
                timeout=plan.health_timeout,
                healthy_threshold=2,
                unhealthy_threshold=2,
            ),
            tags=plan.tags,
            opts=self._child,
        )

    def _listener(self, plan: ListenerPlan, balancer: aws.lb.LoadBalancer, target: aws.lb.TargetGroup) -> None:
        aws.lb.Listener(
            plan.key,
            load_balancer_arn=balancer.arn,
            port=plan.port,
            protocol=plan.protocol,
            certificate_arn=plan.certificate_arn,
            ssl_policy=plan.tls_policy,
            alpn_policy=plan.alpn_policy,
            default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=target.arn)],
            tags=plan.tags,
            opts=self._child,
        )

    def _record(self, plan: RecordPlan, balancer: aws.lb.LoadBalancer) -> None:
        aws.route53.Record(
            plan.key,
            zone_id=plan.zone_id,
            name=plan.host,
            type="A",
            aliases=[
                aws.route53.RecordAliasArgs(
                    name=balancer.dns_name, zone_id=balancer.zone_id, evaluate_target_health=True
                )
            ],
            opts=self._child,
        )
