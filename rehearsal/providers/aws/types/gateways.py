"""Addresses, NAT gateways, endpoints, flow logs."""

from __future__ import annotations

from typing import Any

from rehearsal.providers.aws.kind import Props, find_one
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.aws.types.ec2_base import Ec2Kind


class Eip(Ec2Kind):
    """aws_eip: allocated only; the types that use an address associate it themselves."""

    token = "aws:ec2/eip:Eip"
    described_by = ("describe_addresses", "Addresses", "AllocationIds")
    resource_type = "elastic-ip"
    arn_type = "elastic-ip"
    gone = frozenset({"InvalidAllocationID.NotFound"})
    force_new = frozenset({"domain", "address", "networkBorderGroup", "publicIpv4Pool"})
    computed = frozenset({"domain", "networkBorderGroup", "publicIpv4Pool", "instance", "networkInterface"})
    handled = frozenset({"domain", "address", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "ec2",
            "allocate_address",
            Domain=inputs.get("domain", "vpc"),
            Address=inputs.get("address"),
            TagSpecifications=self.tags_in(inputs),
        )
        return str(made["AllocationId"])

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        return {
            "domain": item["Domain"],
            "allocationId": item["AllocationId"],
            "associationId": item.get("AssociationId"),
            "publicIp": item["PublicIp"],
            "publicDns": f"ec2-{item['PublicIp'].replace('.', '-')}.{aws.region}.compute.amazonaws.com",
            "privateIp": item.get("PrivateIpAddress"),
            "networkInterface": item.get("NetworkInterfaceId"),
            "instance": item.get("InstanceId"),
        }

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "release_address", AllocationId=identifier)


class NatGateway(Ec2Kind):
    """aws_nat_gateway."""

    token = "aws:ec2/natGateway:NatGateway"
    described_by = ("describe_nat_gateways", "NatGateways", "NatGatewayIds")
    resource_type = "natgateway"
    gone = frozenset({"NatGatewayNotFound", "InvalidNatGatewayID.NotFound"})
    force_new = frozenset({"allocationId", "connectivityType", "privateIp", "subnetId", "vpcId", "availabilityMode"})
    defaults = {"connectivityType": "public"}
    computed = frozenset({"privateIp", "vpcId", "availabilityMode"})
    handled = frozenset({"allocationId", "connectivityType", "privateIp", "subnetId", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "ec2",
            "create_nat_gateway",
            SubnetId=inputs.get("subnetId"),
            AllocationId=inputs.get("allocationId"),
            ConnectivityType=inputs["connectivityType"],
            PrivateIpAddress=inputs.get("privateIp"),
            TagSpecifications=self.tags_in(inputs),
        )
        return str(made["NatGateway"]["NatGatewayId"])

    def item(self, aws: Aws, identifier: str) -> dict[str, Any] | None:
        found = super().item(aws, identifier)
        return None if found is None or found["State"] in ("deleted", "deleting") else found

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        address = (item.get("NatGatewayAddresses") or [{}])[0]
        return {
            "subnetId": item["SubnetId"],
            "vpcId": item.get("VpcId"),
            "allocationId": address.get("AllocationId"),
            "connectivityType": item.get("ConnectivityType", "public"),
            "networkInterfaceId": address.get("NetworkInterfaceId"),
            "privateIp": address.get("PrivateIp"),
            "publicIp": address.get("PublicIp"),
        }

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "delete_nat_gateway", NatGatewayId=identifier)


class VpcEndpoint(Ec2Kind):
    """aws_vpc_endpoint."""

    token = "aws:ec2/vpcEndpoint:VpcEndpoint"
    described_by = ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointIds")
    resource_type = "vpc-endpoint"
    arn_type = "vpc-endpoint"
    gone = frozenset({"InvalidVpcEndpointId.NotFound"})
    force_new = frozenset({"serviceName", "vpcEndpointType", "vpcId", "serviceRegion"})
    defaults = {"vpcEndpointType": "Gateway"}
    computed = frozenset(
        {"policy", "privateDnsEnabled", "routeTableIds", "securityGroupIds", "subnetIds", "ipAddressType", "dnsOptions"}
    )
    sets = frozenset({"routeTableIds", "subnetIds", "securityGroupIds"})
    documents = frozenset({"policy"})
    handled = frozenset(
        {"policy", "privateDnsEnabled", "routeTableIds", "securityGroupIds", "serviceName", "subnetIds", "tags"}
        | {"vpcEndpointType", "vpcId"}
    )

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "ec2",
            "create_vpc_endpoint",
            VpcId=inputs["vpcId"],
            ServiceName=inputs.get("serviceName"),
            VpcEndpointType=inputs["vpcEndpointType"],
            RouteTableIds=inputs.get("routeTableIds"),
            SubnetIds=inputs.get("subnetIds"),
            SecurityGroupIds=inputs.get("securityGroupIds"),
            PolicyDocument=inputs.get("policy"),
            PrivateDnsEnabled=inputs.get("privateDnsEnabled"),
            TagSpecifications=self.tags_in(inputs),
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def item(self, aws: Aws, identifier: str) -> dict[str, Any] | None:
        found = super().item(aws, identifier)
        return None if found is None or found["State"].lower() in ("deleted", "deleting") else found

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        prefix = find_one(
            aws, "ec2", "describe_prefix_lists", "PrefixLists", ("InvalidPrefixListId.NotFound",),
            Filters=[{"Name": "prefix-list-name", "Values": [item["ServiceName"]]}],
        )  # fmt: skip
        return {
            "vpcId": item["VpcId"],
            "serviceName": item["ServiceName"],
            "vpcEndpointType": item["VpcEndpointType"],
            "routeTableIds": item.get("RouteTableIds") or [],
            "subnetIds": item.get("SubnetIds") or [],
            "securityGroupIds": [group["GroupId"] for group in item.get("Groups") or []],
            "policy": item.get("PolicyDocument"),
            "privateDnsEnabled": item.get("PrivateDnsEnabled"),
            "state": item["State"].lower(),
            "prefixListId": prefix and prefix["PrefixListId"],
            "cidrBlocks": prefix and prefix.get("Cidrs"),
            "networkInterfaceIds": item.get("NetworkInterfaceIds") or [],
        }

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        request: Props = {}
        for name, member in (
            ("routeTableIds", "RouteTableIds"),
            ("subnetIds", "SubnetIds"),
            ("securityGroupIds", "SecurityGroupIds"),
        ):
            if name in changed:
                before, after = set(old.get(name) or []), set(new.get(name) or [])
                request[f"Add{member}"] = sorted(after - before) or None
                request[f"Remove{member}"] = sorted(before - after) or None
        if "policy" in changed:
            request |= {"PolicyDocument": new.get("policy"), "ResetPolicy": None if new.get("policy") else True}
        if "privateDnsEnabled" in changed:
            request["PrivateDnsEnabled"] = new.get("privateDnsEnabled")
        aws.call("ec2", "modify_vpc_endpoint", VpcEndpointId=identifier, **request)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        item = self.item(aws, identifier)
        if item is None:
            return
        try:
            aws.call("ec2", "delete_vpc_endpoints", VpcEndpointIds=[identifier])
        except AwsError as error:
            if error.code != "InvalidRoute.NotFound":
                raise
            # moto makes no route for a table that an endpoint got later, and misses it here.
            tables = item["RouteTableIds"]
            aws.call("ec2", "modify_vpc_endpoint", VpcEndpointId=identifier, RemoveRouteTableIds=tables)
            aws.call("ec2", "delete_vpc_endpoints", VpcEndpointIds=[identifier])


class FlowLog(Ec2Kind):
    """aws_flow_log."""

    token = "aws:ec2/flowLog:FlowLog"
    described_by = ("describe_flow_logs", "FlowLogs", "FlowLogIds")
    resource_type = "vpc-flow-log"
    arn_type = "vpc-flow-log"
    gone = frozenset({"InvalidFlowLogId.NotFound"})
    _watched = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"}
    force_new = frozenset(
        {*_watched, "trafficType", "logDestination", "logDestinationType", "iamRoleArn", "logFormat",
         "maxAggregationInterval", "destinationOptions", "deliverCrossAccountRole"}
    )  # fmt: skip
    defaults = {"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600}
    computed = frozenset({"logFormat", "logDestination"})
    handled = frozenset(
        {*_watched, "trafficType", "logDestination", "logDestinationType", "iamRoleArn", "logFormat", "tags"}
        | {"maxAggregationInterval"}
    )

    def create(self, aws: Aws, inputs: Props) -> str:
        watched = next(name for name in self._watched if inputs.get(name))
        made = aws.call(
            "ec2",
            "create_flow_logs",
            ResourceIds=[inputs[watched]],
            ResourceType=self._watched[watched],
            TrafficType=inputs.get("trafficType"),
            LogDestinationType=inputs["logDestinationType"],
            LogDestination=inputs.get("logDestination"),
            LogFormat=inputs.get("logFormat"),
            DeliverLogsPermissionArn=inputs.get("iamRoleArn"),
            MaxAggregationInterval=inputs["maxAggregationInterval"],
            TagSpecifications=self.tags_in(inputs),
        )
        for failed in made.get("Unsuccessful", []):
            raise AwsError(failed["Error"]["Code"], f"ec2: {failed['Error']['Message']}")
        return str(made["FlowLogIds"][0])

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        kind = {"vpc": "vpcId", "subnet": "subnetId", "eni": "eniId"}[item["ResourceId"].split("-")[0]]
        return {
            kind: item["ResourceId"],
            "trafficType": item.get("TrafficType"),
            "logDestinationType": item.get("LogDestinationType", "cloud-watch-logs"),
            # moto keeps the ARN of a CloudWatch group as its name alone; then the declared one stands.
            **({"logDestination": item["LogDestination"]} if item.get("LogDestination") else {}),
            "iamRoleArn": item.get("DeliverLogsPermissionArn"),
            "logFormat": item.get("LogFormat"),
            "maxAggregationInterval": item.get("MaxAggregationInterval", 600),
        }

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "delete_flow_logs", FlowLogIds=[identifier])


KINDS = (
    Eip(),
    NatGateway(),
    VpcEndpoint(),
    FlowLog(),
)
