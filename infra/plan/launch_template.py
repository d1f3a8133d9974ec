"""The launch template of an instance group: everything about a machine that may change without the group changing.

What kops also leaves at EC2's defaults is left here too: shutdown behaviour and termination protection. Beyond that:

- No key pair, ever: there is no SSH.
- Metadata tags stay off. Their keys may hold no slash (EC2 User Guide, "Use instance tags in metadata"), which those of
  Kubernetes all do, and whatever runs on the host network could read the tags.
- ``ebsOptimized`` is left out. Every type since the c4 and m4 generation (2015) is EBS-optimised by default and cannot
  be otherwise; on the older ones it costs extra or, as for t2, stops the launch.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from infra.plan.images import image_reference
from infra.plan.naming import MEMBER_TAG, group_identity, group_resource_name
from infra.plan.tags import group_tags
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from infra.spec.processors import Architecture
from infra.spec.volumes import DataVolumeSpec, RootVolumeSpec

DEFAULT_MACHINE_TYPES: dict[Architecture, str] = {"amd64": "t3.medium", "arm64": "t4g.medium"}
"""kops's defaults for nodes."""

GP3_IOPS = 3000
GP3_THROUGHPUT = 125
"""What gp3 gives at no extra cost (EBS User Guide). Written out, as kops does: a value that was raised and then removed
from the spec must go back, and an input that is merely left out would not say so."""

MANAGED_TAG = "aws-node-termination-handler/managed"
"""Tag by which the AWS Node Termination Handler tells the machines it drains from others in the account."""


@dataclass(frozen=True)
class VolumePlan:
    """One EBS volume. Always encrypted, always deleted with the machine."""

    size_gi: int
    type: str
    iops: int | None
    throughput: int | None
    """MiB/s."""


@dataclass(frozen=True)
class DataVolumePlan:
    """A volume beside the root volume."""

    device: str
    volume: VolumePlan


@dataclass(frozen=True)
class TagSpecification:
    """Tags of one kind of resource that a launch makes."""

    resource_type: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class LaunchTemplatePlan:
    """A launch template. IMDSv2 is required with a hop limit of 1, so that pods on the pod network cannot reach it."""

    name: str
    image: str
    """Reference of the image, as :func:`infra.plan.images.plan_images` lists it."""
    instance_type: str | None
    """None where the Auto Scaling group's mixed instances policy names types."""
    user_data: str
    """Base64 of the plain text. Not compressed: a preview's reader can decode it with any tool."""
    root_volume: VolumePlan
    data_volumes: tuple[DataVolumePlan, ...]
    associate_public_ip: bool
    additional_security_groups: tuple[str, ...]
    detailed_monitoring: bool
    cpu_credits: str | None
    tenancy: str | None
    hibernation: bool
    """Whether machines can hibernate: only where a warm pool makes them."""
    hostname_type: str
    """``resource-name``: a host is called by its instance ID, as its node is. An IP name would come back with the
    address, on another machine."""
    tag_specifications: tuple[TagSpecification, ...]
    tags: Mapping[str, str]


def plan_launch_template(spec: EnvironmentSpec, group: InstanceGroupSpec, user_data: str) -> LaunchTemplatePlan:
    """Return the launch template of ``group``, whose machines boot with ``user_data`` (plain text)."""
    pool = None if group.retire else group.warm_pool
    return LaunchTemplatePlan(
        name=group_resource_name(spec, group),
        image=image_reference(group),
        instance_type=machine_types(group)[0] if group.mixed_instances_policy is None else None,
        user_data=base64.b64encode(user_data.encode()).decode("ascii"),
        root_volume=_volume(group.root_volume),
        data_volumes=tuple(DataVolumePlan(volume.device, _volume(volume)) for volume in group.volumes),
        associate_public_ip=subnet_kind(spec, group) == "public",
        additional_security_groups=group.additional_security_groups,
        detailed_monitoring=group.detailed_instance_monitoring,
        cpu_credits=group.cpu_credits,
        tenancy=group.tenancy if group.tenancy != "default" else None,
        hibernation=pool is not None and pool.state == "Hibernated",
        hostname_type="resource-name",
        tag_specifications=_tag_specifications(spec, group),
        tags=group_tags(spec, group),
    )


def subnet_kind(spec: EnvironmentSpec, group: InstanceGroupSpec) -> str:
    """Return ``private`` or ``public``: what the spec says, else public where the network has no NAT."""
    return group.subnets or ("public" if spec.network.nat == "none" else "private")


def machine_tags(spec: EnvironmentSpec, group: InstanceGroupSpec) -> dict[str, str]:
    """Return the tags of the group's instances.

    A member's machine carries the member's tag. Its own network interface and root volume do not, or it would take them
    for those of the member.
    """
    member = {MEMBER_TAG: group_identity(group)} if group.role == "ControlPlane" else {}
    return {**group_tags(spec, group), MANAGED_TAG: "", **member}


def machine_types(group: InstanceGroupSpec) -> tuple[str, ...]:
    """Return the instance types of a group by name, best first; none where they are chosen by their attributes."""
    if group.mixed_instances_policy is not None:
        return group.mixed_instances_policy.instances
    return (group.machine_type or DEFAULT_MACHINE_TYPES[group.architecture],)


def _volume(volume: RootVolumeSpec | DataVolumeSpec) -> VolumePlan:
    gp3 = volume.type == "gp3"
    return VolumePlan(
        size_gi=volume.size_gi,
        type=volume.type,
        iops=volume.iops or (GP3_IOPS if gp3 else None),
        throughput=volume.throughput or (GP3_THROUGHPUT if gp3 else None),
    )


def _tag_specifications(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[TagSpecification, ...]:
    tags = group_tags(spec, group)
    specifications = [
        TagSpecification("instance", machine_tags(spec, group)),
        TagSpecification("volume", tags),
        TagSpecification("network-interface", tags),
    ]
    mixed = group.mixed_instances_policy
    if mixed is not None and (mixed.on_demand_base, mixed.on_demand_above_base) == (0, 0):
        # An On-Demand launch makes no such request, and EC2 refuses to tag what a launch does not make; so the tag
        # is asked for only where every machine is Spot. Karpenter does the same.
        specifications.append(TagSpecification("spot-instances-request", tags))
    return tuple(specifications)
