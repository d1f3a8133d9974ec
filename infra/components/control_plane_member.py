"""What of a control-plane member outlives its machine."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.plan.control_plane.members import MemberPlan


class ControlPlaneMember(pulumi.ComponentResource):
    """Maps a :class:`MemberPlan` to a network interface and an encrypted volume.

    Both are protected. A volume that is deleted all the same, with the whole cluster, leaves a snapshot behind.
    """

    def __init__(
        self,
        name: str,
        plan: MemberPlan,
        *,
        subnet_ids: Mapping[str, Mapping[str, pulumi.Input[str]]],
        security_group_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:ControlPlaneMember", name, None, opts)
        keep = pulumi.ResourceOptions(parent=self, protect=True)
        interface = aws.ec2.NetworkInterface(
            name,
            description=f"Address of control-plane member {plan.name}",
            subnet_id=subnet_ids[plan.subnet_kind][plan.zone],
            private_ips=[plan.address],
            security_groups=[security_group_id],
            tags=plan.interface_tags,
            # The provider would exchange the address in place, which EC2 refuses of a primary one, in the middle of an
            # update that has told all members of the new one. As a replacement the protection stops it in the preview.
            opts=pulumi.ResourceOptions.merge(keep, pulumi.ResourceOptions(replace_on_changes=["privateIps"])),
        )
        volume = aws.ebs.Volume(
            name,
            availability_zone=plan.zone,
            size=plan.volume_size_gi,
            type=plan.volume_type,
            iops=plan.volume_iops,
            throughput=plan.volume_throughput,
            encrypted=True,
            final_snapshot=True,
            tags=plan.volume_tags,
            opts=keep,
        )
        self.resources: list[pulumi.Resource] = [interface, volume]
        """What the member's machine looks for when it boots."""
        self.volume_id: pulumi.Output[str] = volume.id
        self.interface_id: pulumi.Output[str] = interface.id
        self.register_outputs({"volumeId": self.volume_id, "interfaceId": self.interface_id})
