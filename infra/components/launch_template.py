"""The launch template of an instance group."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.plan.images import FoundImage
from infra.plan.launch_template import LaunchTemplatePlan, VolumePlan


def launch_template(
    name: str,
    plan: LaunchTemplatePlan,
    *,
    image: FoundImage,
    security_group_id: pulumi.Input[str],
    instance_profile: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> aws.ec2.LaunchTemplate:
    """Register the launch template ``plan`` describes.

    ``security_group_id`` is the security group of the group's role, ``instance_profile`` the name of its profile.
    """
    return aws.ec2.LaunchTemplate(
        name,
        name=plan.name,
        update_default_version=True,
        image_id=image.image_id,
        instance_type=plan.instance_type,
        user_data=plan.user_data,
        iam_instance_profile=aws.ec2.LaunchTemplateIamInstanceProfileArgs(name=instance_profile),
        metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
            http_endpoint="enabled",
            http_tokens="required",
            http_put_response_hop_limit=1,
            instance_metadata_tags="disabled",
        ),
        block_device_mappings=[
            _mapping(image.root_device_name, plan.root_volume),
            *(_mapping(data.device, data.volume) for data in plan.data_volumes),
        ],
        network_interfaces=[
            aws.ec2.LaunchTemplateNetworkInterfaceArgs(
                device_index=0,
                associate_public_ip_address=_word(plan.associate_public_ip),
                delete_on_termination=_word(True),
                security_groups=[security_group_id, *plan.additional_security_groups],
            )
        ],
        monitoring=aws.ec2.LaunchTemplateMonitoringArgs(enabled=plan.detailed_monitoring),
        credit_specification=aws.ec2.LaunchTemplateCreditSpecificationArgs(cpu_credits=plan.cpu_credits)
        if plan.cpu_credits
        else None,
        placement=aws.ec2.LaunchTemplatePlacementArgs(tenancy=plan.tenancy) if plan.tenancy else None,
        hibernation_options=aws.ec2.LaunchTemplateHibernationOptionsArgs(configured=True) if plan.hibernation else None,
        private_dns_name_options=aws.ec2.LaunchTemplatePrivateDnsNameOptionsArgs(
            hostname_type=plan.hostname_type, enable_resource_name_dns_a_record=True
        ),
        tag_specifications=[
            aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=each.resource_type, tags=each.tags)
            for each in plan.tag_specifications
        ],
        tags=plan.tags,
        opts=opts,
    )


def _mapping(device: pulumi.Input[str], volume: VolumePlan) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=device,
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_size=volume.size_gi,
            volume_type=volume.type,
            iops=volume.iops,
            throughput=volume.throughput,
            encrypted=_word(True),
            delete_on_termination=_word(True),
        ),
    )


def _word(value: bool) -> str:
    # The provider's schema has text here, since "not said" is a third value.
    return "true" if value else "false"
