"""Members of the control plane: a fixed address and a volume each, which outlive the machine that holds them."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from infra.plan.launch_template import GP3_THROUGHPUT, subnet_kind
from infra.plan.naming import MEMBER_TAG, group_identity
from infra.plan.subnets import ZoneBlocks, zone_blocks
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec, InstanceGroupSpec

FIRST_POSITION = 10
"""Position in its zone's subnet of the first member's address. AWS keeps the first four and the last to itself (VPC
User Guide, "Subnet sizing"); the smallest subnet of a zone that Slipway makes is a /28."""

VOLUME_DEVICE = "/dev/sdp"
"""Name under which a member attaches its volume: the last that EC2 recommends for EBS (EC2 User Guide, "Device names
for volumes"), so that it is in nobody's way."""

NOT_FOR_PODS_TAG = "node.k8s.amazonaws.com/no_manage"
"""Tag of an interface that the VPC CNI leaves alone (``eniNoManageTagKey`` in its ``pkg/ipamd/ipamd.go``)."""

ETCD_MOUNT = "/var/lib/etcd"
PEER_PORT = 2380
CLIENT_PORT = 2379


@dataclass(frozen=True)
class MemberPlan:
    """One member."""

    name: str
    """Identity of its instance group, name of its etcd member."""
    zone: str
    subnet_kind: str
    address: str
    """Private IPv4 address. Fixed by the plan, so that etcd's membership is known before anything exists."""
    volume_name: str
    volume_size_gi: int
    volume_type: str
    volume_iops: int
    volume_throughput: int | None
    """MiB/s: what gp3 has at no extra cost, written out as kops does, so that another is found; None for io2."""
    interface_tags: Mapping[str, str]
    volume_tags: Mapping[str, str]

    @property
    def peer_url(self) -> str:
        """Where the other members of etcd find it."""
        return f"https://{self.address}:{PEER_PORT}"


def control_plane_groups(spec: EnvironmentSpec) -> tuple[InstanceGroupSpec, ...]:
    """Return the control plane's groups in the order of their names, whatever order the file has them in.

    The first one stays the first: a member that is added has a name behind those of the others.
    """
    groups = (group for group in spec.instance_groups if group.role == "ControlPlane")
    return tuple(sorted(groups, key=group_identity))


def plan_members(spec: EnvironmentSpec) -> tuple[MemberPlan, ...]:
    """Return the members in the order of their names.

    The addresses of a zone's members follow each other from :data:`FIRST_POSITION`: a member whose name comes behind
    those of the others moves no address, and one whose name comes before them would move addresses, which the
    protection of the interfaces refuses.
    """
    blocks = {block.zone: block for block in zone_blocks(spec.network)}
    taken: Counter[str] = Counter()
    members = []
    for group in control_plane_groups(spec):
        zone = (group.zones or spec.network.zones)[0]
        kind = subnet_kind(spec, group)
        members.append(_member(spec, group, zone, kind, str(_address(blocks[zone], kind, taken[zone]))))
        taken[zone] += 1
    return tuple(members)


def initial_cluster(members: tuple[MemberPlan, ...]) -> str:
    """Return etcd's ``--initial-cluster``: every member with its peer URL, the same text on each of them."""
    return ",".join(f"{member.name}={member.peer_url}" for member in members)


def _address(blocks: ZoneBlocks, kind: str, position: int) -> ipaddress.IPv4Address:
    first = blocks.members_from.get(kind)
    if first is not None:
        return ipaddress.IPv4Address(first) + position
    return ipaddress.IPv4Network(blocks.of(kind))[FIRST_POSITION + position]


def _member(spec: EnvironmentSpec, group: InstanceGroupSpec, zone: str, kind: str, address: str) -> MemberPlan:
    identity = group_identity(group)
    etcd = spec.cluster.control_plane.etcd
    volume = f"etcd.{identity}.{spec.cluster.name}"
    tag = {MEMBER_TAG: identity}
    # It would give pods further addresses of the interface, which outlives their machine and has to keep its one.
    alone = {NOT_FOR_PODS_TAG: "true"} if spec.cluster.cni == "amazonVpc" else {}
    return MemberPlan(
        name=identity,
        zone=zone,
        subnet_kind=kind,
        address=address,
        volume_name=volume,
        volume_size_gi=etcd.volume_size_gi,
        volume_type=etcd.volume_type,
        volume_iops=etcd.iops,
        volume_throughput=GP3_THROUGHPUT if etcd.volume_type == "gp3" else None,
        interface_tags=resource_tags(spec, f"{identity}.{spec.cluster.name}", {**tag, **alone}),
        volume_tags=resource_tags(spec, volume, tag),
    )
