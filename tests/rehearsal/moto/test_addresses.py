from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.ec2.models import ec2_backends
from moto.ec2.models.subnets import Subnet

from rehearsal.moto.addresses import end_interfaces_with_machines, free_addresses_of_gateways, keep_reserved_addresses


@pytest.fixture
def kept() -> Iterator[None]:
    before = Subnet._subnet_ip_generator
    keep_reserved_addresses()
    with mock_aws():
        yield
    Subnet._subnet_ip_generator = before  # type: ignore[method-assign]


def subnets(ec2: Any, count: int) -> list[str]:
    """Make a network and return the IDs of so many subnets in it: 10.0.1.0/24, 10.0.2.0/24 ..."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone="eu-central-1a")
        for number in range(1, count + 1)
    )
    return [each["Subnet"]["SubnetId"] for each in made]


@pytest.mark.usefixtures("kept")
def test_an_instance_never_gets_the_address_of_an_interface() -> None:
    ec2 = boto3.client("ec2", region_name="eu-central-1")
    one, other = subnets(ec2, 2)
    ec2.create_network_interface(SubnetId=one, PrivateIpAddress="10.0.1.5")

    def launched(subnet: str) -> list[str]:
        made = ec2.run_instances(ImageId="ami-12345678", MinCount=3, MaxCount=3, SubnetId=subnet)
        return [each["PrivateIpAddress"] for each in made["Instances"]]

    assert launched(one) == ["10.0.1.4", "10.0.1.6", "10.0.1.7"]
    assert launched(other) == ["10.0.2.4", "10.0.2.5", "10.0.2.6"]


@pytest.mark.usefixtures("kept")
def test_reserved_addresses_stay_reserved_after_a_snapshot() -> None:
    ec2 = boto3.client("ec2", region_name="eu-central-1")
    (subnet,) = subnets(ec2, 1)

    def launched() -> str:
        made = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=subnet)
        return str(made["Instances"][0]["PrivateIpAddress"])

    assert launched() == "10.0.1.4"
    (backend,) = (account["eu-central-1"] for account in ec2_backends.values() if "eu-central-1" in account)
    known = backend.subnets["eu-central-1a"][subnet]
    # What reading a snapshot does: the iterator begins again.
    Subnet._base_avail_ip_iterator.cache_clear()
    assert {str(each) for each in known.aws_reserved_ips} == {"10.0.1.1", "10.0.1.2", "10.0.1.3"}
    assert launched() == "10.0.1.5"


@mock_aws
def test_the_address_of_a_deleted_nat_gateway_serves_the_next_one() -> None:
    free_addresses_of_gateways()
    ec2 = boto3.client("ec2", region_name="eu-central-1")
    (subnet,) = subnets(ec2, 1)
    mine, other = (ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2))

    def gateway(address: str) -> str:
        made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
        return str(made["NatGateway"]["NatGatewayId"])

    first = gateway(mine)
    gateway(other)
    ec2.delete_nat_gateway(NatGatewayId=first)
    associated = {each["AllocationId"]: "AssociationId" in each for each in ec2.describe_addresses()["Addresses"]}
    assert associated == {mine: False, other: True}
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 1
    gateway(mine)


@mock_aws
def test_the_interface_of_a_machine_goes_with_it_and_one_that_was_attached_stays() -> None:
    end_interfaces_with_machines()
    ec2 = boto3.client("ec2", region_name="eu-central-1")
    (subnet,) = subnets(ec2, 1)
    kept = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    own = [{"DeviceIndex": 0, "SubnetId": subnet}]
    (machine,) = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, NetworkInterfaces=own)["Instances"]
    ec2.attach_network_interface(NetworkInterfaceId=kept, InstanceId=machine["InstanceId"], DeviceIndex=1)
    ec2.terminate_instances(InstanceIds=[machine["InstanceId"]])
    left = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert [each["NetworkInterfaceId"] for each in left] == [kept]
