"""Network interfaces, volumes, tags, and the small things that tie parts of a VPC together."""

from __future__ import annotations

from typing import Any

from rehearsal.providers.aws.kind import Kind, Props, find_one
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.aws.types.ec2_base import Ec2Kind

_NO_TABLE = frozenset({"InvalidRouteTableID.NotFound", "InvalidAssociationID.NotFound"})


class EgressOnlyInternetGateway(Ec2Kind):
    """aws_egress_only_internet_gateway."""

    token = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
    described_by = (
        "describe_egress_only_internet_gateways",
        "EgressOnlyInternetGateways",
        "EgressOnlyInternetGatewayIds",
    )
    resource_type = "egress-only-internet-gateway"
    gone = frozenset({"InvalidGatewayID.NotFound", "InvalidEgressOnlyInternetGatewayId.NotFound"})
    force_new = frozenset({"vpcId"})
    handled = frozenset({"vpcId", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "ec2",
            "create_egress_only_internet_gateway",
            VpcId=inputs["vpcId"],
            TagSpecifications=self.tags_in(inputs),
        )
        return str(made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"])

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        attached = item.get("Attachments") or [{}]
        return {"vpcId": attached[0].get("VpcId")}

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        operation = "delete_egress_only_internet_gateway"
        aws.call("ec2", operation, EgressOnlyInternetGatewayId=identifier)


class MainRouteTableAssociation(Kind):
    """aws_main_route_table_association: its deletion gives the VPC back its first main table."""

    token = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
    service = "ec2"
    gone = _NO_TABLE
    force_new = frozenset({"vpcId"})
    handled = frozenset({"vpcId", "routeTableId"})

    def _main(self, aws: Aws, vpc: str) -> dict[str, Any] | None:
        filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
        table = find_one(aws, "ec2", "describe_route_tables", "RouteTables", (), Filters=filters)
        return next((dict(each) for each in (table or {}).get("Associations", []) if each.get("Main")), None)

    def _replace(self, aws: Aws, association: str, table: str) -> str:
        made = aws.call("ec2", "replace_route_table_association", AssociationId=association, RouteTableId=table)
        return str(made["NewAssociationId"])

    def create(self, aws: Aws, inputs: Props) -> str:
        main = self._main(aws, inputs["vpcId"])
        if main is None:
            raise AwsError("InvalidVpcID.NotFound", f"VPC {inputs['vpcId']} has no main route table")
        return self._replace(aws, main["RouteTableAssociationId"], inputs["routeTableId"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        if "vpcId" not in known:
            raise AwsError("InvalidId", "a main route table association cannot be imported, as with the vendor")
        main = self._main(aws, known["vpcId"])
        if main is None:
            return None
        original = known.get("originalRouteTableId")
        return {
            "vpcId": known["vpcId"],
            "routeTableId": main["RouteTableId"],
            "originalRouteTableId": original or self._first(aws, known["vpcId"], main["RouteTableId"]),
        }

    def _first(self, aws: Aws, vpc: str, main: str) -> str | None:
        """Return the table that came with the VPC: the one without tags or associations beside the main one."""
        tables = aws.call("ec2", "describe_route_tables", Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
        free = [t for t in tables if t["RouteTableId"] != main and not t.get("Associations") and not t.get("Tags")]
        return str(free[0]["RouteTableId"]) if free else None

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        main = self._main(aws, new["vpcId"])
        if main is not None:
            self._replace(aws, main["RouteTableAssociationId"], new["routeTableId"])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        main = self._main(aws, state["vpcId"])
        if main is not None and state.get("originalRouteTableId"):
            self._replace(aws, main["RouteTableAssociationId"], state["originalRouteTableId"])


class VpcEndpointRouteTableAssociation(Kind):
    """aws_vpc_endpoint_route_table_association: imported by ``<endpoint>/<route table>``."""

    token = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
    service = "ec2"
    gone = frozenset({"InvalidVpcEndpointId.NotFound"})
    force_new = frozenset({"vpcEndpointId", "routeTableId"})
    handled = force_new

    def create(self, aws: Aws, inputs: Props) -> str:
        endpoint, table = inputs["vpcEndpointId"], inputs["routeTableId"]
        aws.call("ec2", "modify_vpc_endpoint", VpcEndpointId=endpoint, AddRouteTableIds=[table])
        return f"a-{endpoint}/{table}"

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        endpoint, table = identifier.removeprefix("a-").split("/", 1)
        found = find_one(aws, "ec2", "describe_vpc_endpoints", "VpcEndpoints", self.gone, VpcEndpointIds=[endpoint])
        if found is None or table not in found.get("RouteTableIds", []):
            return None
        return {"vpcEndpointId": endpoint, "routeTableId": table}

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        endpoint, table = state["vpcEndpointId"], state["routeTableId"]
        if self.read(aws, identifier, state) is not None:
            aws.call("ec2", "modify_vpc_endpoint", VpcEndpointId=endpoint, RemoveRouteTableIds=[table])


class CidrBlockAssociation(Kind):
    """aws_vpc_ipv4_cidr_block_association."""

    token = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
    service = "ec2"
    gone = frozenset({"InvalidVpcCidrBlockAssociationIdError.NotFound", "InvalidVpcCidrBlockAssociationID.NotFound"})
    force_new = frozenset({"vpcId", "cidrBlock"})
    handled = force_new

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call("ec2", "associate_vpc_cidr_block", VpcId=inputs["vpcId"], CidrBlock=inputs["cidrBlock"])
        return str(made["CidrBlockAssociation"]["AssociationId"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        filters = [{"Name": "cidr-block-association.association-id", "Values": [identifier]}]
        vpc = find_one(aws, "ec2", "describe_vpcs", "Vpcs", (), Filters=filters)
        for block in (vpc or {}).get("CidrBlockAssociationSet", []):
            live = block["CidrBlockState"]["State"] not in ("disassociated", "disassociating")
            if vpc is not None and block["AssociationId"] == identifier and live:
                return {"vpcId": vpc["VpcId"], "cidrBlock": block["CidrBlock"]}
        return None

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        if self.read(aws, identifier, state) is None:
            return
        aws.call("ec2", "disassociate_vpc_cidr_block", AssociationId=identifier)


class Tag(Kind):
    """aws_ec2_tag: one tag of something that another resource manages; its id is ``<resource>,<key>``."""

    token = "aws:ec2/tag:Tag"
    service = "ec2"
    force_new = frozenset({"resourceId", "key"})
    handled = frozenset({"resourceId", "key", "value"})

    def create(self, aws: Aws, inputs: Props) -> str:
        tag = {"Key": inputs["key"], "Value": inputs["value"]}
        aws.call("ec2", "create_tags", Resources=[inputs["resourceId"]], Tags=[tag])
        return f"{inputs['resourceId']},{inputs['key']}"

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        resource, key = identifier.split(",", 1)
        filters = [{"Name": "resource-id", "Values": [resource]}, {"Name": "key", "Values": [key]}]
        tags = aws.call("ec2", "describe_tags", Filters=filters)["Tags"]
        return {"resourceId": resource, "key": key, "value": tags[0]["Value"]} if tags else None

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "delete_tags", Resources=[state["resourceId"]], Tags=[{"Key": state["key"]}])


KINDS = (
    EgressOnlyInternetGateway(),
    MainRouteTableAssociation(),
    VpcEndpointRouteTableAssociation(),
    CidrBlockAssociation(),
    Tag(),
)
