"""Route tables, routes and associations."""

from __future__ import annotations

from typing import Any

from rehearsal.providers.aws.kind import Kind, Props, find_one
from rehearsal.providers.aws.naming import arguments
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.aws.types.ec2_base import Ec2Kind


class RouteTable(Ec2Kind):
    """aws_route_table, its routes as resources of their own."""

    token = "aws:ec2/routeTable:RouteTable"
    described_by = ("describe_route_tables", "RouteTables", "RouteTableIds")
    resource_type = "route-table"
    arn_type = "route-table"
    gone = frozenset({"InvalidRouteTableID.NotFound"})
    force_new = frozenset({"vpcId"})
    computed = frozenset({"routes", "propagatingVgws"})
    handled = frozenset({"vpcId", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call("ec2", "create_route_table", VpcId=inputs["vpcId"], TagSpecifications=self.tags_in(inputs))
        return str(made["RouteTable"]["RouteTableId"])

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        return {"vpcId": item["VpcId"]}

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "delete_route_table", RouteTableId=identifier)


class Route(Kind):
    """aws_route: imported by ``<route table>_<destination>``."""

    token = "aws:ec2/route:Route"
    service = "ec2"
    gone = frozenset({"InvalidRoute.NotFound", "InvalidRouteTableID.NotFound"})
    _destinations = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
    _targets = (
        "gatewayId",
        "natGatewayId",
        "networkInterfaceId",
        "transitGatewayId",
        "vpcEndpointId",
        "vpcPeeringConnectionId",
        "egressOnlyGatewayId",
        "carrierGatewayId",
        "localGatewayId",
        "coreNetworkArn",
    )
    force_new = frozenset({"routeTableId", *_destinations})
    defaults = dict.fromkeys(_targets, None)
    computed = frozenset({"networkInterfaceId"})
    _rename = {"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"}
    handled = frozenset({"routeTableId", *_destinations, *_targets})

    def create(self, aws: Aws, inputs: Props) -> str:
        aws.call("ec2", "create_route", **arguments(aws, "ec2", "create_route", inputs, self._rename))
        # The vendor's own id: a hash of the destination behind the table (terraform-provider-aws, RouteCreateID).
        return f"r-{inputs['routeTableId']}{_hash(self._destination(inputs)[1])}"

    def _destination(self, known: Props) -> tuple[str, str]:
        return next((name, known[name]) for name in self._destinations if known.get(name))

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        if "routeTableId" not in known:
            table_id, _, destination = identifier.partition("_")
            if not destination:
                raise AwsError("InvalidId", f"{identifier}: import a route by <route table id>_<destination>")
            name = "destinationIpv6CidrBlock" if ":" in destination else "destinationCidrBlock"
            known = {"routeTableId": table_id, name: destination}
        table = find_one(
            aws, "ec2", "describe_route_tables", "RouteTables", self.gone, RouteTableIds=[known["routeTableId"]]
        )
        name, destination = self._destination(known)
        member = name[0].upper() + name[1:]
        for route in (table or {}).get("Routes", []):
            if route.get(member) == destination:
                found = {"routeTableId": known["routeTableId"], name: destination}
                found |= {"state": route.get("State"), "origin": route.get("Origin")}
                for target in self._targets:
                    key = self._rename.get(target) or target[0].upper() + target[1:]
                    found[target] = route.get(key)
                return found
        return None

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        targets = {name: new[name] for name in self._targets if new.get(name) and name in changed}
        place = {"routeTableId": new["routeTableId"], **dict([self._destination(new)])}
        aws.call("ec2", "replace_route", **arguments(aws, "ec2", "replace_route", {**place, **targets}, self._rename))

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        name, destination = self._destination(state)
        aws.call("ec2", "delete_route", RouteTableId=state["routeTableId"], **{name[0].upper() + name[1:]: destination})


def _hash(text: str) -> int:
    """Return Terraform's ``hashcode.String``: the CRC-32 of the text."""
    import zlib

    return zlib.crc32(text.encode())


class RouteTableAssociation(Kind):
    """aws_route_table_association: imported by ``<subnet>/<route table>``."""

    token = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    service = "ec2"
    gone = frozenset({"InvalidAssociationID.NotFound"})
    force_new = frozenset({"subnetId", "gatewayId"})
    handled = frozenset({"routeTableId", "subnetId", "gatewayId"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "ec2",
            "associate_route_table",
            RouteTableId=inputs["routeTableId"],
            SubnetId=inputs.get("subnetId"),
            GatewayId=inputs.get("gatewayId"),
        )
        return str(made["AssociationId"])

    def _find(self, aws: Aws, identifier: str, subnet: str | None) -> dict[str, Any] | None:
        """Return the association, or the one that its subnet has now.

        A replaced association has a new id, and the vendor keeps the first; a subnet has one association at most.
        """
        named = ("association.route-table-association-id", identifier)
        for name, value in (named, ("association.subnet-id", subnet)):
            filters = [{"Name": name, "Values": [value]}]
            table = find_one(aws, "ec2", "describe_route_tables", "RouteTables", (), Filters=filters) if value else None
            for association in (table or {}).get("Associations", []):
                if value in (association["RouteTableAssociationId"], association.get("SubnetId")):
                    return dict(association)
        return None

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        imported_subnet, is_import, _ = identifier.partition("/")
        found = self._find(aws, identifier, imported_subnet if is_import else known.get("subnetId"))
        if found is None:
            return None
        return {
            "routeTableId": found["RouteTableId"],
            "subnetId": found.get("SubnetId"),
            "gatewayId": found.get("GatewayId"),
        }

    def _live_id(self, aws: Aws, identifier: str, state: Props) -> str:
        found = self._find(aws, identifier, state.get("subnetId"))
        return str(found["RouteTableAssociationId"]) if found else identifier

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        live = self._live_id(aws, identifier, old)
        aws.call("ec2", "replace_route_table_association", AssociationId=live, RouteTableId=new["routeTableId"])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "disassociate_route_table", AssociationId=self._live_id(aws, identifier, state))


KINDS = (
    RouteTable(),
    Route(),
    RouteTableAssociation(),
)
