"""The network: VPC, subnets, routes, NAT gateways, the S3 endpoint; or those of them that do not exist already."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.components.existing_subnets import tag_existing
from infra.components.flow_logs import flow_logs
from infra.plan.network import ANYWHERE, NatPlan, NetworkPlan, SubnetPlan, ZonePlan


class Network(pulumi.ComponentResource):
    """Maps a :class:`NetworkPlan` to a VPC with a public and a private subnet in each zone.

    The subnet IDs it hands out carry the routes with them: what uses an ID is created after the subnet can reach out
    and destroyed before it no longer can, so that no machine boots into, or is drained in, a network without a way out.

    Of what exists already nothing is a resource here, so that no update changes it and ``destroy`` leaves it: its IDs
    are handed on.
    """

    def __init__(self, name: str, plan: NetworkPlan, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:Network", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._name = name
        self.vpc = self._make_vpc(plan) if plan.existing_vpc_id is None else None
        """The environment's own VPC, for what goes when it goes."""
        self.vpc_id: pulumi.Output[str] = (
            self.vpc.id if self.vpc is not None else pulumi.Output.from_input(str(plan.existing_vpc_id))
        )
        self.public_subnet_ids: Mapping[str, pulumi.Output[str]]
        """ID of each zone's public subnet; zones that have none are left out."""
        self.private_subnet_ids: Mapping[str, pulumi.Output[str]]
        """ID of each zone's private subnet."""
        self.inner_subnet_ids: Mapping[str, pulumi.Output[str]]
        """The same for what needs no way out: such an ID stays known in a preview of another NAT mode."""
        if plan.existing_subnets:
            self._take_subnets(plan)
        else:
            self._make_subnets(plan)
        if plan.flow_logs is not None:
            flow_logs(name, plan.flow_logs, self.vpc_id, self._child)
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "publicSubnetIds": self.public_subnet_ids,
                "privateSubnetIds": self.private_subnet_ids,
            }
        )

    def _take_subnets(self, plan: NetworkPlan) -> None:
        self.public_subnet_ids = {
            zone.zone: tag_existing(f"public-{zone.zone}", zone.public, self._child)
            for zone in plan.zones
            if zone.public is not None
        }
        self.private_subnet_ids = {
            zone.zone: tag_existing(f"private-{zone.zone}", zone.private, self._child) for zone in plan.zones
        }
        self.inner_subnet_ids = self.private_subnet_ids

    def _make_subnets(self, plan: NetworkPlan) -> None:
        gateway = self._gateway(plan)
        public_table, to_internet = self._public_routes(plan, gateway)
        public = {
            zone.zone: self._subnet(f"public-{zone.zone}", zone.public)
            for zone in plan.zones
            if zone.public is not None
        }
        private = {zone.zone: self._subnet(f"private-{zone.zone}", zone.private) for zone in plan.zones}
        nat = {p.zone: self._nat(p, public[p.zone], to_internet, gateway) for p in plan.nat_gateways}
        tables = {zone.zone: self._private_table(zone) for zone in plan.zones}
        self.public_subnet_ids = {
            zone: _after(subnet, to_internet, self._associate(f"public-{zone}", subnet, public_table))
            for zone, subnet in public.items()
        }
        self.private_subnet_ids = {
            zone.zone: _after(
                private[zone.zone],
                self._associate(f"private-{zone.zone}", private[zone.zone], tables[zone.zone]),
                *self._nat_route(zone, tables[zone.zone], nat),
            )
            for zone in plan.zones
        }
        self.inner_subnet_ids = {zone: subnet.id for zone, subnet in private.items()}
        self._s3_endpoint(plan, [public_table, *(tables[zone] for zone in sorted(tables))])

    def _gateway(self, plan: NetworkPlan) -> aws.ec2.InternetGateway | None:
        """Make the internet gateway of the environment's own VPC; an existing VPC has its own."""
        if plan.internet_gateway_id is not None:
            return None
        return aws.ec2.InternetGateway(self._name, vpc_id=self.vpc_id, tags=plan.tags, opts=self._child)

    def _make_vpc(self, plan: NetworkPlan) -> aws.ec2.Vpc:
        vpc = aws.ec2.Vpc(
            self._name,
            cidr_block=plan.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=plan.tags,
            opts=self._child,
        )
        dhcp = aws.ec2.VpcDhcpOptions(
            self._name,
            domain_name=plan.dhcp_domain_name,
            domain_name_servers=list(plan.dhcp_name_servers),
            tags=plan.tags,
            opts=self._child,
        )
        aws.ec2.VpcDhcpOptionsAssociation(self._name, vpc_id=vpc.id, dhcp_options_id=dhcp.id, opts=self._child)
        # AWS makes this group with rules that allow everything among its members. Without rules, a machine that is
        # started with no group named reaches nothing.
        aws.ec2.DefaultSecurityGroup(
            self._name,
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            tags=plan.default_security_group_tags,
            opts=self._child,
        )
        return vpc

    def _public_routes(
        self, plan: NetworkPlan, gateway: aws.ec2.InternetGateway | None
    ) -> tuple[aws.ec2.RouteTable, aws.ec2.Route]:
        table = aws.ec2.RouteTable("public", vpc_id=self.vpc_id, tags=plan.tags, opts=self._child)
        route = aws.ec2.Route(
            "public-internet",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id if gateway is not None else plan.internet_gateway_id,
            opts=self._child,
        )
        return table, route

    def _subnet(self, name: str, plan: SubnetPlan) -> aws.ec2.Subnet:
        return aws.ec2.Subnet(
            name,
            vpc_id=self.vpc_id,
            availability_zone=plan.zone,
            cidr_block=plan.cidr,
            map_public_ip_on_launch=plan.map_public_ip,
            tags=plan.tags,
            opts=self._child,
        )

    def _associate(self, name: str, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable) -> aws.ec2.RouteTableAssociation:
        return aws.ec2.RouteTableAssociation(name, subnet_id=subnet.id, route_table_id=table.id, opts=self._child)

    def _nat(
        self,
        plan: NatPlan,
        subnet: aws.ec2.Subnet,
        to_internet: aws.ec2.Route,
        gateway: aws.ec2.InternetGateway | None,
    ) -> aws.ec2.NatGateway:
        # An internet gateway cannot be detached while public addresses are mapped in the VPC: both go before it does.
        before = pulumi.ResourceOptions(depends_on=[gateway] if gateway is not None else [])
        after_gateway = pulumi.ResourceOptions.merge(self._child, before)
        allocation: pulumi.Input[str] | None = plan.existing_address
        if allocation is None:
            allocation = aws.ec2.Eip(f"nat-{plan.zone}", domain="vpc", tags=plan.tags, opts=after_gateway).id
        return aws.ec2.NatGateway(
            f"nat-{plan.zone}",
            allocation_id=allocation,
            subnet_id=subnet.id,
            tags=plan.tags,
            opts=pulumi.ResourceOptions.merge(after_gateway, pulumi.ResourceOptions(depends_on=[to_internet])),
        )

    def _private_table(self, plan: ZonePlan) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(
            f"private-{plan.zone}", vpc_id=self.vpc_id, tags=plan.private_route_table_tags, opts=self._child
        )

    def _nat_route(
        self, plan: ZonePlan, table: aws.ec2.RouteTable, nat: Mapping[str, aws.ec2.NatGateway]
    ) -> tuple[aws.ec2.Route, ...]:
        if plan.nat_zone is None:
            return ()
        route = aws.ec2.Route(
            f"private-{plan.zone}-nat",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            nat_gateway_id=nat[plan.nat_zone].id,
            opts=self._child,
        )
        return (route,)

    def _s3_endpoint(self, plan: NetworkPlan, tables: list[aws.ec2.RouteTable]) -> None:
        aws.ec2.VpcEndpoint(
            "s3",
            vpc_id=self.vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=plan.s3_service_name,
            route_table_ids=[table.id for table in tables],
            tags=plan.tags,
            opts=self._child,
        )


def _after(subnet: aws.ec2.Subnet, *others: pulumi.CustomResource) -> pulumi.Output[str]:
    """Return the subnet's ID as an output that depends on ``others`` as well.

    By their URNs, which are known in a preview. The ID of a route that is made again, since somebody has deleted it, is
    not: the subnet's would be unknown with it, and what stands in the subnet replaced.
    """
    first: pulumi.Output[str] = pulumi.Output.all(subnet.id, *(other.urn for other in others)).apply(
        lambda ids: str(ids[0])
    )
    return first
