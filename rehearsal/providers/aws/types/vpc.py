"""VPC, DHCP options, subnets, internet gateway."""

from __future__ import annotations

from typing import Any

from rehearsal.providers.aws.kind import Kind, Props, find_one
from rehearsal.providers.aws.session import Aws
from rehearsal.providers.aws.types.ec2_base import Ec2Kind, retag


class Vpc(Ec2Kind):
    """aws_vpc."""

    token = "aws:ec2/vpc:Vpc"
    described_by = ("describe_vpcs", "Vpcs", "VpcIds")
    resource_type = "vpc"
    arn_type = "vpc"
    gone = frozenset({"InvalidVpcID.NotFound"})
    force_new = frozenset({"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"})
    defaults = {"enableDnsSupport": True, "enableDnsHostnames": False, "instanceTenancy": "default"}
    computed = frozenset({"cidrBlock"})
    handled = frozenset({"cidrBlock", "enableDnsHostnames", "enableDnsSupport", "instanceTenancy", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "ec2",
            "create_vpc",
            CidrBlock=inputs.get("cidrBlock"),
            InstanceTenancy=inputs["instanceTenancy"],
            TagSpecifications=self.tags_in(inputs),
        )
        return str(made["Vpc"]["VpcId"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        self._attributes(aws, identifier, inputs)

    def _attributes(self, aws: Aws, identifier: str, inputs: Props) -> None:
        for name, argument in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
            aws.call("ec2", "modify_vpc_attribute", VpcId=identifier, **{argument: {"Value": inputs[name]}})

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        identifier = item["VpcId"]

        def attribute(name: str) -> bool:
            answer = aws.call("ec2", "describe_vpc_attribute", VpcId=identifier, Attribute=name)
            return bool(answer[name[0].upper() + name[1:]]["Value"])

        inside = [{"Name": "vpc-id", "Values": [identifier]}]
        table = find_one(
            aws, "ec2", "describe_route_tables", "RouteTables", (),
            Filters=[*inside, {"Name": "association.main", "Values": ["true"]}],
        )  # fmt: skip
        group = find_one(
            aws, "ec2", "describe_security_groups", "SecurityGroups", (),
            Filters=[*inside, {"Name": "group-name", "Values": ["default"]}],
        )  # fmt: skip
        acl = find_one(
            aws, "ec2", "describe_network_acls", "NetworkAcls", (),
            Filters=[*inside, {"Name": "default", "Values": ["true"]}],
        )  # fmt: skip
        return {
            "cidrBlock": item["CidrBlock"],
            "instanceTenancy": item.get("InstanceTenancy", "default"),
            "dhcpOptionsId": item.get("DhcpOptionsId"),
            "enableDnsSupport": attribute("enableDnsSupport"),
            "enableDnsHostnames": attribute("enableDnsHostnames"),
            "mainRouteTableId": table and table["RouteTableId"],
            "defaultRouteTableId": table and table["RouteTableId"],
            "defaultSecurityGroupId": group and group["GroupId"],
            "defaultNetworkAclId": acl and acl["NetworkAclId"],
        }

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if "instanceTenancy" in changed:
            aws.call("ec2", "modify_vpc_tenancy", VpcId=identifier, InstanceTenancy=new["instanceTenancy"])
        self._attributes(aws, identifier, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "delete_vpc", VpcId=identifier)


class DhcpOptions(Ec2Kind):
    """aws_vpc_dhcp_options."""

    token = "aws:ec2/vpcDhcpOptions:VpcDhcpOptions"
    described_by = ("describe_dhcp_options", "DhcpOptions", "DhcpOptionsIds")
    resource_type = "dhcp-options"
    arn_type = "dhcp-options"
    gone = frozenset({"InvalidDhcpOptionID.NotFound", "InvalidDhcpOptionsID.NotFound"})
    _keys = {
        "domainName": "domain-name",
        "domainNameServers": "domain-name-servers",
        "ntpServers": "ntp-servers",
        "netbiosNameServers": "netbios-name-servers",
        "netbiosNodeType": "netbios-node-type",
    }
    force_new = frozenset({*_keys, "ipv6AddressPreferredLeaseTime"})
    handled = frozenset({*_keys, "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        configurations = [
            {"Key": key, "Values": inputs[name] if isinstance(inputs[name], list) else [inputs[name]]}
            for name, key in self._keys.items()
            if name in inputs
        ]
        made = aws.call(
            "ec2",
            "create_dhcp_options",
            DhcpConfigurations=configurations,
        )
        return str(made["DhcpOptions"]["DhcpOptionsId"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        # moto drops the tags of a creation here.
        retag(aws, identifier, {}, inputs.get("tags") or {})

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        values = {
            each["Key"]: [value["Value"] if isinstance(value, dict) else value for value in each["Values"]]
            for each in item["DhcpConfigurations"]
        }
        single = ("domainName", "netbiosNodeType")
        return {
            name: (values[key][0] if name in single else values[key]) if key in values else None
            for name, key in self._keys.items()
        }

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "delete_dhcp_options", DhcpOptionsId=identifier)


class DhcpOptionsAssociation(Kind):
    """aws_vpc_dhcp_options_association: its id is ``<options>-<vpc>``."""

    token = "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation"
    service = "ec2"
    force_new = frozenset({"vpcId"})
    gone = frozenset({"InvalidVpcID.NotFound"})
    handled = frozenset({"vpcId", "dhcpOptionsId"})

    def create(self, aws: Aws, inputs: Props) -> str:
        self._associate(aws, inputs["dhcpOptionsId"], inputs["vpcId"])
        return f"{inputs['dhcpOptionsId']}-{inputs['vpcId']}"

    def _associate(self, aws: Aws, options: str, vpc: str) -> None:
        aws.call("ec2", "associate_dhcp_options", DhcpOptionsId=options, VpcId=vpc)

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        vpc_id = known.get("vpcId") or "vpc-" + identifier.rpartition("-vpc-")[2]
        vpc = find_one(aws, "ec2", "describe_vpcs", "Vpcs", self.gone, VpcIds=[vpc_id])
        if vpc is None or vpc.get("DhcpOptionsId") in (None, "default"):
            return None
        return {"vpcId": vpc_id, "dhcpOptionsId": vpc["DhcpOptionsId"]}

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        self._associate(aws, new["dhcpOptionsId"], new["vpcId"])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        self._associate(aws, "default", state["vpcId"])


class Subnet(Ec2Kind):
    """aws_subnet."""

    token = "aws:ec2/subnet:Subnet"
    described_by = ("describe_subnets", "Subnets", "SubnetIds")
    resource_type = "subnet"
    arn_type = "subnet"
    gone = frozenset({"InvalidSubnetID.NotFound"})
    force_new = frozenset({"availabilityZone", "availabilityZoneId", "cidrBlock", "vpcId", "outpostArn", "ipv6Native"})
    defaults = {"mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False}
    computed = frozenset({"availabilityZone", "availabilityZoneId"})
    handled = frozenset(
        {
            "assignIpv6AddressOnCreation",
            "availabilityZone",
            "availabilityZoneId",
            "cidrBlock",
            "mapPublicIpOnLaunch",
            "tags",
            "vpcId",
        }
    )

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "ec2",
            "create_subnet",
            VpcId=inputs["vpcId"],
            CidrBlock=inputs.get("cidrBlock"),
            AvailabilityZone=inputs.get("availabilityZone"),
            AvailabilityZoneId=inputs.get("availabilityZoneId"),
            TagSpecifications=self.tags_in(inputs),
        )
        return str(made["Subnet"]["SubnetId"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        for name in ("mapPublicIpOnLaunch", "assignIpv6AddressOnCreation"):
            if inputs[name] != self.defaults[name]:
                self._attribute(aws, identifier, name, inputs[name])

    def _attribute(self, aws: Aws, identifier: str, name: str, value: bool) -> None:
        argument = {name[0].upper() + name[1:]: {"Value": value}}
        aws.call("ec2", "modify_subnet_attribute", SubnetId=identifier, **argument)

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        return {
            "vpcId": item["VpcId"],
            "cidrBlock": item["CidrBlock"],
            "availabilityZone": item["AvailabilityZone"],
            "availabilityZoneId": item["AvailabilityZoneId"],
            "mapPublicIpOnLaunch": item["MapPublicIpOnLaunch"],
            "assignIpv6AddressOnCreation": item.get("AssignIpv6AddressOnCreation", False),
        }

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        for name in sorted(changed):
            self._attribute(aws, identifier, name, new[name])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "delete_subnet", SubnetId=identifier)


class InternetGateway(Ec2Kind):
    """aws_internet_gateway."""

    token = "aws:ec2/internetGateway:InternetGateway"
    described_by = ("describe_internet_gateways", "InternetGateways", "InternetGatewayIds")
    resource_type = "internet-gateway"
    arn_type = "internet-gateway"
    gone = frozenset({"InvalidInternetGatewayID.NotFound"})
    computed = frozenset({"vpcId"})
    handled = frozenset({"vpcId", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call("ec2", "create_internet_gateway", TagSpecifications=self.tags_in(inputs))
        return str(made["InternetGateway"]["InternetGatewayId"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        if inputs.get("vpcId"):
            aws.call("ec2", "attach_internet_gateway", InternetGatewayId=identifier, VpcId=inputs["vpcId"])

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        attached = item.get("Attachments") or []
        return {"vpcId": attached[0]["VpcId"] if attached else None}

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if old.get("vpcId"):
            aws.call("ec2", "detach_internet_gateway", InternetGatewayId=identifier, VpcId=old["vpcId"])
        self.complete(aws, identifier, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        if state.get("vpcId"):
            aws.find(
                "ec2",
                "detach_internet_gateway",
                {"Gateway.NotAttached"},
                InternetGatewayId=identifier,
                VpcId=state["vpcId"],
            )
        aws.call("ec2", "delete_internet_gateway", InternetGatewayId=identifier)


KINDS = (Vpc(), DhcpOptions(), DhcpOptionsAssociation(), Subnet(), InternetGateway())
