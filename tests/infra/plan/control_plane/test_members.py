from __future__ import annotations

import ipaddress
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from infra.plan.control_plane.files import member_files
from infra.plan.control_plane.members import MemberPlan, control_plane_groups, initial_cluster, plan_members
from infra.plan.subnets import plan_subnets
from infra.spec import EnvironmentSpec
from tests.infra.samples import pod_network, sample_spec

CLUSTER = {"name": "test.example.com", "kubernetesVersion": "1.37.2"}
ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")


def cluster_of(zones: list[str], **change: Any) -> EnvironmentSpec:
    groups = [{"name": f"cp-{n}", "role": "ControlPlane", "zones": [zone]} for n, zone in enumerate(zones)]
    return sample_spec(instanceGroups=groups, **change)


def test_a_member() -> None:
    (member,) = plan_members(sample_spec())
    assert member == MemberPlan(
        name="control-plane-a",
        zone="eu-central-1a",
        subnet_kind="private",
        address="10.20.32.10",
        volume_name="etcd.control-plane-a.test.example.com",
        volume_size_gi=20,
        volume_type="gp3",
        volume_iops=3000,
        volume_throughput=125,
        interface_tags=member.interface_tags,
        volume_tags=member.volume_tags,
    )
    for tags in (member.interface_tags, member.volume_tags):
        assert tags["slipway/member"] == "control-plane-a"
        assert tags["KubernetesCluster"] == "test.example.com"
    assert member.volume_tags["Name"] == member.volume_name


def test_io2_has_no_throughput_of_its_own() -> None:
    (member,) = plan_members(sample_spec(cluster={"controlPlane": {"etcd": {"volumeType": "io2", "iops": 5000}}}))
    assert (member.volume_iops, member.volume_throughput) == (5000, None)


def test_the_vpc_cni_takes_no_members_address_for_pods() -> None:
    tag = "node.k8s.amazonaws.com/no_manage"
    (member,) = plan_members(sample_spec(cluster={**CLUSTER, **pod_network("amazonVpc")}))
    assert member.interface_tags[tag] == "true"
    assert tag not in member.volume_tags
    (member,) = plan_members(sample_spec(cluster={**CLUSTER, **pod_network("cilium")}))
    assert tag not in member.interface_tags


def test_members_of_one_zone_follow_each_other() -> None:
    members = plan_members(cluster_of([ZONES[0], ZONES[1], ZONES[0], ZONES[2], ZONES[0]]))
    assert [member.address for member in members] == [
        "10.20.32.10", "10.20.64.10", "10.20.32.11", "10.20.96.10", "10.20.32.12",
    ]  # fmt: skip


def test_members_added_behind_others_move_none() -> None:
    three = plan_members(cluster_of([*ZONES]))
    five = plan_members(cluster_of([*ZONES, ZONES[0], ZONES[1]]))
    assert five[:3] == three


def test_the_order_of_the_file_says_nothing_about_which_member_is_the_first() -> None:
    zones = list(ZONES)
    spec = cluster_of(zones)
    turned = spec.model_copy(update={"instance_groups": spec.instance_groups[::-1]})
    assert control_plane_groups(turned) == control_plane_groups(spec)
    assert [group.name for group in control_plane_groups(turned)] == ["cp-0", "cp-1", "cp-2"]


def test_a_new_zone_moves_no_address() -> None:
    two = plan_members(cluster_of([ZONES[0]], network={"zones": [ZONES[0]]}))
    three = plan_members(cluster_of([ZONES[0]], network={"zones": [ZONES[2], ZONES[0]]}))
    assert two == three


def test_a_renamed_group_keeps_its_member() -> None:
    spec = sample_spec()
    groups = [{"name": "cp", "renamedFrom": "control-plane-a", "role": "ControlPlane", "zones": [ZONES[0]]}]
    assert plan_members(sample_spec(instanceGroups=groups)) == plan_members(spec)


def test_without_nat_members_live_where_the_internet_is() -> None:
    (member,) = plan_members(sample_spec(network={"nat": "none"}))
    assert (member.subnet_kind, member.address) == ("public", "10.20.0.10")


def test_every_member_is_told_the_same_membership() -> None:
    members = plan_members(cluster_of([*ZONES]))
    assert initial_cluster(members) == (
        "cp-0=https://10.20.32.10:2380,cp-1=https://10.20.64.10:2380,cp-2=https://10.20.96.10:2380"
    )


def test_every_member_knows_its_subnet() -> None:
    spec = cluster_of([*ZONES])
    facts = [
        json.loads({file.path: file.content for file in member_files(spec, group)}["/etc/slipway/member.json"])
        for group in spec.instance_groups
    ]
    assert (facts[1]["prefixLength"], facts[1]["gateway"], facts[1]["pods"]) == (19, "10.20.64.1", "100.96.0.0/11")


def test_a_member_leads_to_pods_itself_where_they_have_no_addresses_of_the_vpc() -> None:
    spec = sample_spec(cluster=pod_network("amazonVpc"))
    (group,) = (group for group in spec.instance_groups if group.role == "ControlPlane")
    facts = json.loads({file.path: file.content for file in member_files(spec, group)}["/etc/slipway/member.json"])
    assert facts["pods"] is None


@given(
    prefix=st.integers(16, 22),
    zones=st.lists(st.sampled_from(ZONES), min_size=5, max_size=5),
    nat=st.sampled_from(["none", "single"]),
)
def test_addresses_are_distinct_and_inside_the_zones_subnet(prefix: int, zones: list[str], nat: str) -> None:
    spec = cluster_of(zones, network={"cidr": f"10.0.0.0/{prefix}", "nat": nat})
    members = plan_members(spec)
    blocks = {block.zone: block for block in plan_subnets(spec.network.cidr, spec.network.zones)}
    assert len({member.address for member in members}) == 5
    for member in members:
        block = blocks[member.zone]
        subnet = ipaddress.IPv4Network(block.public if nat == "none" else block.private)
        assert ipaddress.IPv4Address(member.address) in list(subnet.hosts())[3:]
