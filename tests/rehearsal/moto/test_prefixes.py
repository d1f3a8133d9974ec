from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.ec2.models.subnets import Subnet

from rehearsal.moto.addresses import end_interfaces_with_machines, keep_reserved_addresses
from rehearsal.moto.prefixes import complete_interfaces


@pytest.fixture
def ec2() -> Iterator[Any]:
    before = Subnet._subnet_ip_generator
    keep_reserved_addresses()
    end_interfaces_with_machines()
    complete_interfaces()
    with mock_aws():
        yield boto3.client("ec2", region_name="eu-central-1")
    Subnet._subnet_ip_generator = before  # type: ignore[method-assign]


def subnet(ec2: Any, cidr: str = "10.0.1.0/26") -> str:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"])


def held(ec2: Any, interface: str) -> list[str]:
    (found,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    return [each["Ipv4Prefix"] for each in found.get("Ipv4Prefixes", ())]


def test_interfaces_get_ranges_that_nobody_else_has(ec2: Any) -> None:
    within = subnet(ec2)
    made = ec2.create_network_interface(SubnetId=within, Ipv4PrefixCount=1)["NetworkInterface"]
    one = made["NetworkInterfaceId"]
    assert [each["Ipv4Prefix"] for each in made["Ipv4Prefixes"]] == ["10.0.1.32/28"]  # the last has a kept address
    other = ec2.create_network_interface(SubnetId=within)["NetworkInterface"]
    assert (made["PrivateIpAddress"], other["PrivateIpAddress"]) == ("10.0.1.4", "10.0.1.5")
    answer = ec2.assign_private_ip_addresses(NetworkInterfaceId=one, Ipv4PrefixCount=1)
    assert answer["AssignedIpv4Prefixes"] == [{"Ipv4Prefix": "10.0.1.16/28"}]
    assert held(ec2, one) == ["10.0.1.32/28", "10.0.1.16/28"]
    with pytest.raises(ClientError, match="InsufficientCidrBlocks"):
        ec2.assign_private_ip_addresses(NetworkInterfaceId=one, Ipv4PrefixCount=1)
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=one, Ipv4Prefixes=["10.0.1.32/28"])
    assert held(ec2, one) == ["10.0.1.16/28"]
    assert held(ec2, other["NetworkInterfaceId"]) == []


def test_no_machine_gets_an_address_of_a_range(ec2: Any) -> None:
    within = subnet(ec2)
    ec2.create_network_interface(SubnetId=within, Ipv4PrefixCount=1)
    launched = ec2.run_instances(ImageId="ami-12345678", MinCount=30, MaxCount=30, SubnetId=within)["Instances"]
    assert [each for each in launched if IPv4Address(each["PrivateIpAddress"]) in IPv4Network("10.0.1.32/28")] == []


@pytest.mark.parametrize(("told", "left"), [(True, 0), (False, 1), (None, 1)])
def test_an_interface_ends_with_its_machine_where_that_was_asked_for(ec2: Any, told: bool | None, left: int) -> None:
    within = subnet(ec2)
    (machine,) = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=within)["Instances"]
    interface = ec2.create_network_interface(SubnetId=within)["NetworkInterface"]["NetworkInterfaceId"]
    attachment = ec2.attach_network_interface(
        NetworkInterfaceId=interface, InstanceId=machine["InstanceId"], DeviceIndex=1
    )["AttachmentId"]
    if told is not None:
        ec2.modify_network_interface_attribute(
            NetworkInterfaceId=interface, Attachment={"AttachmentId": attachment, "DeleteOnTermination": told}
        )
    ec2.terminate_instances(InstanceIds=[machine["InstanceId"]])
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == left
