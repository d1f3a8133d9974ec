"""Network interfaces and volumes: what outlives an instance."""

from __future__ import annotations

from typing import Any

from rehearsal.providers.aws.kind import Props
from rehearsal.providers.aws.naming import tag_list
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.aws.types.ec2_base import Ec2Kind


class NetworkInterface(Ec2Kind):
    """aws_network_interface, unattached: instances attach it by themselves."""

    token = "aws:ec2/networkInterface:NetworkInterface"
    described_by = ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceIds")
    resource_type = "network-interface"
    arn_type = "network-interface"
    gone = frozenset({"InvalidNetworkInterfaceID.NotFound"})
    force_new = frozenset({"subnetId", "interfaceType"})
    defaults = {"description": None, "sourceDestCheck": True}
    computed = frozenset({"interfaceType", "privateIp", "privateIps", "privateIpsCount", "securityGroups"})
    sets = frozenset({"privateIps", "securityGroups"})
    handled = frozenset({"description", "privateIp", "privateIps", "securityGroups", "sourceDestCheck", "subnetId"}) | {
        "tags"
    }

    def create(self, aws: Aws, inputs: Props) -> str:
        addresses = inputs.get("privateIps") or ([inputs["privateIp"]] if inputs.get("privateIp") else [])
        made = aws.call(
            "ec2",
            "create_network_interface",
            SubnetId=inputs["subnetId"],
            Description=inputs.get("description"),
            Groups=inputs.get("securityGroups"),
            PrivateIpAddresses=[{"PrivateIpAddress": ip, "Primary": not at} for at, ip in enumerate(addresses)] or None,
            TagSpecifications=self.tags_in(inputs),
        )
        return str(made["NetworkInterface"]["NetworkInterfaceId"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        if not inputs["sourceDestCheck"]:
            self._attribute(aws, identifier, SourceDestCheck={"Value": False})

    def _attribute(self, aws: Aws, identifier: str, **attribute: Any) -> None:
        aws.call("ec2", "modify_network_interface_attribute", NetworkInterfaceId=identifier, **attribute)

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        state = super().read(aws, identifier, known)
        item = self.item(aws, identifier) if state is not None else None
        if state is None or item is None:
            return None
        state["tags"] = {tag["Key"]: tag["Value"] for tag in item.get("TagSet") or []}
        return state

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        addresses = [each["PrivateIpAddress"] for each in item.get("PrivateIpAddresses") or []]
        return {
            "description": item.get("Description") or None,
            "interfaceType": item.get("InterfaceType"),
            "macAddress": item.get("MacAddress"),
            "privateDnsName": item.get("PrivateDnsName"),
            "privateIp": item.get("PrivateIpAddress"),
            "privateIps": addresses,
            "securityGroups": [group["GroupId"] for group in item.get("Groups") or []],
            "sourceDestCheck": item.get("SourceDestCheck", True),
            "subnetId": item["SubnetId"],
        }

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if changed & {"privateIp", "privateIps"}:
            raise AwsError("Unsupported", "the stand-in cannot change the addresses of a network interface in place")
        if "sourceDestCheck" in changed:
            self._attribute(aws, identifier, SourceDestCheck={"Value": new["sourceDestCheck"]})
        if "description" in changed:
            self._attribute(aws, identifier, Description={"Value": new.get("description") or ""})
        if "securityGroups" in changed:
            self._attribute(aws, identifier, Groups=new["securityGroups"])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        item = self.item(aws, identifier)
        attached = (item or {}).get("Attachment")
        if attached and attached.get("AttachmentId"):
            aws.call("ec2", "detach_network_interface", AttachmentId=attached["AttachmentId"], Force=True)
        aws.call("ec2", "delete_network_interface", NetworkInterfaceId=identifier)


class Volume(Ec2Kind):
    """aws_ebs_volume."""

    token = "aws:ebs/volume:Volume"
    described_by = ("describe_volumes", "Volumes", "VolumeIds")
    resource_type = "volume"
    arn_type = "volume"
    gone = frozenset({"InvalidVolume.NotFound"})
    force_new = frozenset(
        {"availabilityZone", "encrypted", "kmsKeyId", "multiAttachEnabled", "snapshotId", "outpostArn"}
    )
    defaults = {"finalSnapshot": False, "multiAttachEnabled": False}
    computed = frozenset({"encrypted", "iops", "kmsKeyId", "size", "snapshotId", "throughput", "type"})
    handled = frozenset(
        {"availabilityZone", "encrypted", "finalSnapshot", "iops", "kmsKeyId", "multiAttachEnabled", "size"}
        | {"snapshotId", "tags", "throughput", "type"}
    )

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "ec2",
            "create_volume",
            AvailabilityZone=inputs["availabilityZone"],
            Encrypted=inputs.get("encrypted"),
            Iops=inputs.get("iops"),
            KmsKeyId=inputs.get("kmsKeyId"),
            MultiAttachEnabled=inputs["multiAttachEnabled"] or None,
            Size=inputs.get("size"),
            SnapshotId=inputs.get("snapshotId"),
            Throughput=inputs.get("throughput"),
            VolumeType=inputs.get("type"),
            TagSpecifications=self.tags_in(inputs),
        )
        return str(made["VolumeId"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        state = super().read(aws, identifier, known)
        if state is not None:
            # moto tells nothing of these two where they were not given; then they stay as declared.
            for name in ("iops", "throughput"):
                if state[name] is None:
                    del state[name]
        return state

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        return {
            "availabilityZone": item["AvailabilityZone"],
            "createTime": item["CreateTime"].isoformat(),
            "encrypted": item["Encrypted"],
            "iops": item.get("Iops"),
            "kmsKeyId": item.get("KmsKeyId") or None,
            "multiAttachEnabled": bool(item.get("MultiAttachEnabled")),
            "size": item["Size"],
            "snapshotId": item.get("SnapshotId") or None,
            "throughput": item.get("Throughput"),
            "type": item["VolumeType"],
        }

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        members = {"iops": "Iops", "size": "Size", "throughput": "Throughput", "type": "VolumeType"}
        given = {member: new.get(name) for name, member in members.items() if name in changed}
        if given:
            aws.call("ec2", "modify_volume", VolumeId=identifier, **given)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        if state.get("finalSnapshot"):
            tags = tag_list(state.get("tags"))
            aws.call(
                "ec2",
                "create_snapshot",
                VolumeId=identifier,
                Description=f"Before the deletion of {identifier}",
                TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}] if tags else None,
            )
        aws.call("ec2", "delete_volume", VolumeId=identifier)


KINDS = (
    NetworkInterface(),
    Volume(),
)
