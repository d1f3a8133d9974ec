"""What is known of an instance: read from the AWS stand-in, and told to the machine by its metadata service."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any


@dataclass(frozen=True)
class Interface:
    """A network interface that is attached to an instance."""

    identity: str
    index: int
    mac: str
    address: IPv4Address
    subnet: str
    network: IPv4Network
    vpc: str
    vpc_network: IPv4Network
    groups: tuple[str, ...] = ()
    further: tuple[IPv4Address, ...] = ()
    """Its addresses besides the first."""
    prefixes: tuple[IPv4Network, ...] = ()
    """Its ranges of addresses."""

    @property
    def for_pods(self) -> Iterator[IPv4Address]:
        """All addresses but the first: those that a pod network gives to pods."""
        yield from self.further
        for prefix in self.prefixes:
            yield from prefix

    @property
    def router(self) -> IPv4Address:
        """The subnet's router (Amazon VPC User Guide, "Subnet CIDR blocks": the second address is reserved for it)."""
        return self.network.network_address + 1


@dataclass(frozen=True)
class Volume:
    """A data volume that is attached to an instance."""

    identity: str
    device: str
    size_gib: int


@dataclass(frozen=True)
class Instance:
    """A running instance. `group` is the Auto Scaling group's name, empty for an instance that belongs to none."""

    identity: str
    image: str
    machine_type: str
    memory_mib: int
    zone: str
    group: str
    role: str
    profile: str
    template: tuple[str, str]
    root_gib: int
    interfaces: tuple[Interface, ...]
    volumes: tuple[Volume, ...]

    @property
    def primary(self) -> Interface:
        """The interface it was launched with."""
        return self.interfaces[0]

    @property
    def region(self) -> str:
        """The region of its zone."""
        return self.zone[:-1]


DEFAULT_ROOT_GIB = 20
"""Size of a root volume whose launch template states none."""


class Account:
    """The AWS stand-in's view of instances, read through its API as anyone would."""

    def __init__(self, ec2: Any, iam: Any) -> None:
        self._ec2 = ec2
        self._iam = iam
        self._templates: dict[tuple[str, str], dict[str, Any]] = {}
        self._roles: dict[str, str] = {}
        self._memory: dict[str, int] = {}

    def instances(self) -> dict[str, Instance]:
        """Return the running instances by their identity."""
        networks = self._networks()
        found = {}
        for raw in self._running():
            interfaces = tuple(sorted(_interfaces(raw, networks), key=lambda each: each.index))
            if interfaces:
                found[raw["InstanceId"]] = self._instance(raw, interfaces)
        return found

    def user_data(self, instance: str) -> bytes:
        """Return an instance's user-data, decoded; empty when it has none."""
        answer = self._ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")
        return base64.b64decode(answer.get("UserData", {}).get("Value", ""))

    def release(self, instance: str) -> None:
        """Let go of what outlives an instance that is gone: EC2 detaches it, and moto leaves it attached."""
        attached = [{"Name": "attachment.instance-id", "Values": [instance]}]
        for interface in self._ec2.describe_network_interfaces(Filters=attached)["NetworkInterfaces"]:
            attachment = interface.get("Attachment") or {}
            if attachment.get("DeviceIndex"):
                self._ec2.detach_network_interface(AttachmentId=attachment["AttachmentId"], Force=True)
        for volume in self._ec2.describe_volumes(Filters=attached)["Volumes"]:
            if not any(each.get("DeleteOnTermination") for each in volume["Attachments"]):
                self._ec2.detach_volume(VolumeId=volume["VolumeId"], InstanceId=instance, Force=True)

    def _running(self) -> Iterator[Mapping[str, Any]]:
        states = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        for page in self._ec2.get_paginator("describe_instances").paginate(Filters=states):
            for reservation in page["Reservations"]:
                yield from reservation["Instances"]

    def _networks(self) -> dict[str, tuple[IPv4Network, IPv4Network]]:
        vpcs = {vpc["VpcId"]: IPv4Network(vpc["CidrBlock"]) for vpc in self._ec2.describe_vpcs()["Vpcs"]}
        return {
            subnet["SubnetId"]: (IPv4Network(subnet["CidrBlock"]), vpcs[subnet["VpcId"]])
            for subnet in self._ec2.describe_subnets()["Subnets"]
        }

    def _instance(self, raw: Mapping[str, Any], interfaces: tuple[Interface, ...]) -> Instance:
        tags = {tag["Key"]: tag["Value"] for tag in raw.get("Tags", ())}
        template = tags.get("aws:ec2launchtemplate:id", ""), tags.get("aws:ec2launchtemplate:version", "")
        data = self._template(template)
        profile = data.get("IamInstanceProfile", {})
        name = profile.get("Name") or profile.get("Arn", "").rpartition("/")[2]
        root = raw.get("RootDeviceName")
        return Instance(
            identity=raw["InstanceId"],
            image=raw["ImageId"],
            machine_type=raw["InstanceType"],
            memory_mib=self._memory_of(raw["InstanceType"]),
            zone=raw["Placement"]["AvailabilityZone"],
            group=tags.get("aws:autoscaling:groupName", ""),
            role=self._role(name) if name else "",
            profile=name,
            template=template,
            root_gib=_root_gib(data, str(root)),
            interfaces=interfaces,
            volumes=self._volumes(raw, data, str(root)),
        )

    def _template(self, template: tuple[str, str]) -> dict[str, Any]:
        if not template[0]:
            return {}
        if template not in self._templates:
            answer = self._ec2.describe_launch_template_versions(LaunchTemplateId=template[0], Versions=[template[1]])
            self._templates[template] = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        return self._templates[template]

    def _memory_of(self, machine_type: str) -> int:
        if machine_type not in self._memory:
            (described,) = self._ec2.describe_instance_types(InstanceTypes=[machine_type])["InstanceTypes"]
            self._memory[machine_type] = described["MemoryInfo"]["SizeInMiB"]
        return self._memory[machine_type]

    def _role(self, profile: str) -> str:
        if profile not in self._roles:
            roles = self._iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
            self._roles[profile] = roles[0]["RoleName"] if roles else ""
        return self._roles[profile]

    def _volumes(self, raw: Mapping[str, Any], data: Mapping[str, Any], root: str) -> tuple[Volume, ...]:
        # moto gives an instance a /dev/sda1 besides the root device that its image names.
        stated = {mapping["DeviceName"] for mapping in data.get("BlockDeviceMappings", ())}
        mappings = {
            mapping["Ebs"]["VolumeId"]: mapping["DeviceName"]
            for mapping in raw.get("BlockDeviceMappings", ())
            if mapping["DeviceName"] != root and (mapping["DeviceName"] != "/dev/sda1" or "/dev/sda1" in stated)
        }
        if not mappings:
            return ()
        volumes = self._ec2.describe_volumes(VolumeIds=list(mappings))["Volumes"]
        return tuple(Volume(each["VolumeId"], mappings[each["VolumeId"]], each["Size"]) for each in volumes)


def _interfaces(raw: Mapping[str, Any], networks: Mapping[str, tuple[IPv4Network, IPv4Network]]) -> Iterator[Interface]:
    for each in raw["NetworkInterfaces"]:
        network, vpc_network = networks[each["SubnetId"]]
        yield Interface(
            identity=each["NetworkInterfaceId"],
            index=int(each["Attachment"]["DeviceIndex"]),
            mac=each["MacAddress"],
            address=IPv4Address(each["PrivateIpAddress"]),
            subnet=each["SubnetId"],
            network=network,
            vpc=each["VpcId"],
            vpc_network=vpc_network,
            groups=tuple(group["GroupId"] for group in each.get("Groups", ())),
            further=tuple(
                IPv4Address(one["PrivateIpAddress"]) for one in each["PrivateIpAddresses"] if not one["Primary"]
            ),
            prefixes=tuple(IPv4Network(one["Ipv4Prefix"]) for one in each.get("Ipv4Prefixes", ())),
        )


def _root_gib(data: Mapping[str, Any], root: str) -> int:
    for mapping in data.get("BlockDeviceMappings", ()):
        if mapping["DeviceName"] == root and "VolumeSize" in mapping.get("Ebs", {}):
            return int(mapping["Ebs"]["VolumeSize"])
    return DEFAULT_ROOT_GIB
