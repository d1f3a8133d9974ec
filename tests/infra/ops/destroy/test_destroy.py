"""Finding and deleting what controllers made, and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import boto3
import pytest

from infra.ops.destroy.leftovers import Leftover, find_leftovers, managed
from infra.ops.destroy.plan import plan_destroy
from infra.ops.destroy.sweep import PATIENCE_SECONDS, StuckError, sweep
from infra.ops.errors import OpsError
from infra.ops.state.checkpoint import parse
from tests.infra.ops.cloud import Calls, client_error, spec
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.state.world import resource, state

pytestmark = pytest.mark.usefixtures("cloud")

OWNED = {"kubernetes.io/cluster/test.example.com": "owned"}
OTHER = {"kubernetes.io/cluster/other.example.com": "owned"}
SERVICE = {**OWNED, "kubernetes.io/service-name": "web/front"}
CSI = {"ebs.csi.aws.com/cluster": "true", "CSIVolumeName": "pvc-1"}


class FakeClock:
    def __init__(self) -> None:
        self.time = 0.0

    def seconds(self) -> float:
        return self.time

    def now(self) -> datetime:
        raise AssertionError("nobody asks")

    def wait(self, seconds: float) -> None:
        self.time += seconds


def tags(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def specification(kind: str, values: dict[str, str]) -> dict[str, Any]:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags(values)}]} if values else {}


class World:
    def __init__(self) -> None:
        self.session = boto3.Session(region_name="eu-central-1")
        self.ec2 = self.session.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        zones = [("10.0.0.0/24", "eu-central-1a"), ("10.0.1.0/24", "eu-central-1b")]
        self.subnets = [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
            for cidr, zone in zones
        ]

    def group(self, name: str, values: dict[str, str]) -> str:
        made = self.ec2.create_security_group(
            GroupName=name, Description=name, VpcId=self.vpc, **specification("security-group", values)
        )
        return str(made["GroupId"])

    def volume(self, values: dict[str, str]) -> str:
        made = self.ec2.create_volume(AvailabilityZone="eu-central-1a", Size=8, **specification("volume", values))
        return str(made["VolumeId"])

    def balancer(self, name: str, values: dict[str, str]) -> str:
        elb = self.session.client("elbv2")
        made = elb.create_load_balancer(Name=name, Subnets=self.subnets, Tags=tags(values))
        return str(made["LoadBalancers"][0]["LoadBalancerArn"])

    def target_group(self, name: str, values: dict[str, str]) -> str:
        made = self.session.client("elbv2").create_target_group(
            Name=name, Protocol="TCP", Port=80, VpcId=self.vpc, Tags=tags(values)
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def classic(self, name: str, values: dict[str, str]) -> None:
        listener = {"Protocol": "tcp", "LoadBalancerPort": 80, "InstanceProtocol": "tcp", "InstancePort": 80}
        self.session.client("elb").create_load_balancer(
            LoadBalancerName=name, Listeners=[listener], Subnets=self.subnets, Tags=tags(values)
        )

    def interface(self, values: dict[str, str]) -> str:
        made = self.ec2.create_network_interface(SubnetId=self.subnets[0], **specification("network-interface", values))
        return str(made["NetworkInterface"]["NetworkInterfaceId"])

    def machines(self, values: dict[str, str], count: int = 2) -> list[str]:
        """Return the machines of an Auto Scaling group."""
        scaling = self.session.client("autoscaling")
        image = self.ec2.describe_images()["Images"][0]["ImageId"]
        template = self.ec2.create_launch_template(
            LaunchTemplateName="nodes", LaunchTemplateData={"ImageId": image, "InstanceType": "m7i.large"}
        )["LaunchTemplate"]["LaunchTemplateId"]
        group = {"ResourceId": "nodes", "PropagateAtLaunch": True}
        scaling.create_auto_scaling_group(
            AutoScalingGroupName="nodes",
            LaunchTemplate={"LaunchTemplateId": template},
            MinSize=0,
            MaxSize=9,
            DesiredCapacity=count,
            VPCZoneIdentifier=self.subnets[0],
            Tags=[{**each, **group} for each in tags({**values, "Name": "nodes.test.example.com"})],
        )
        found = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
        return [str(each["InstanceId"]) for each in found]

    def take_out(self, machine: str) -> None:
        self.session.client("autoscaling").detach_instances(
            AutoScalingGroupName="nodes", InstanceIds=[machine], ShouldDecrementDesiredCapacity=False
        )

    def found(self, *known: str) -> list[Leftover]:
        return find_leftovers(self.session, spec(), frozenset(known))


@pytest.fixture
def world() -> World:
    return World()


def test_what_controllers_made_is_found_by_its_tags_in_the_order_of_deletion(world: World) -> None:
    lb, target = (
        world.balancer("k8s-web", SERVICE),
        world.target_group("k8s-web-t", {"elbv2.k8s.aws/cluster": "test.example.com"}),
    )
    world.classic("a1b2", SERVICE)
    interface = world.interface({"cluster.k8s.amazonaws.com/name": "test.example.com"})
    volume = world.volume({**OWNED, **CSI, "Name": "test-dynamic-pvc-1"})
    group = world.group("k8s-elb-a1b2", OWNED)
    assert [(each.kind, each.id, each.made_for) for each in world.found()] == [
        ("load balancer", lb, "service web/front"),
        ("target group", target, ""),
        ("classic load balancer", "a1b2", "service web/front"),
        ("network interface", interface, ""),
        ("volume", volume, "pvc-1"),
        ("security group", group, ""),
    ]
    assert str(world.found()[4]) == f"volume test-dynamic-pvc-1 8 GiB ({volume}), made for pvc-1"
    assert str(world.found()[2]) == "classic load balancer (a1b2), made for service web/front"


def test_a_machine_that_was_taken_out_of_its_group_is_found_and_ended(world: World) -> None:
    """It would go with no group, hold the subnets, and run on where nobody knows of it."""
    machine, *_ = world.machines(OWNED, 60)
    assert world.found() == []
    world.take_out(machine)
    assert [str(each) for each in world.found()] == [
        f"machine nodes.test.example.com, in no Auto Scaling group ({machine})"
    ]
    for _ in range(2):
        sweep(world.session, [Leftover("machine", machine, "m", "")], FakeClock(), lambda _: None)
    assert world.found() == []
    (state_,) = world.ec2.describe_instance_status(InstanceIds=[machine], IncludeAllInstances=True)["InstanceStatuses"]
    assert state_["InstanceState"]["Name"] == "terminated"


def test_of_another_cluster_nothing_is_found(world: World) -> None:
    shared = {"kubernetes.io/cluster/test.example.com": "shared"}
    for number, values in enumerate((OTHER, shared, {"elbv2.k8s.aws/cluster": "other"})):
        world.balancer(f"lb{number}", values)
        world.classic(f"classic{number}", values)
        world.interface(values)
        world.volume({**values, **CSI})
        world.group(f"group{number}", values)
    world.take_out(world.machines(OTHER)[0])
    assert world.found() == []


def test_disks_and_interfaces_of_machines_and_what_the_state_knows_are_no_leftovers(world: World) -> None:
    world.volume(OWNED)
    group, lb = world.group("nodes", OWNED), world.balancer("api", OWNED)
    assert {each.id for each in world.found()} == {group, lb}
    known = resource("nodes", id=group), resource("api", id="other", outputs={"arn": lb})
    assert world.found(*managed(parse(state(*known)))) == []


def test_many_load_balancers_are_asked_for_their_tags_in_parts(world: World) -> None:
    made = {world.balancer(f"lb{number}", OWNED) for number in range(21)}
    assert {each.id for each in world.found()} == made


def test_everything_found_is_deleted(world: World) -> None:
    world.balancer("k8s-web", SERVICE)
    world.classic("a1b2", SERVICE)
    world.target_group("t", OWNED)
    world.interface(OWNED)
    world.volume({**OWNED, **CSI})
    world.group("g", OWNED)
    told: list[str] = []
    sweep(world.session, world.found(), FakeClock(), told.append)
    assert [line.split(" (")[0] for line in told] == [
        "deleted: load balancer k8s-web",
        "deleted: target group t",
        "deleted: classic load balancer",
        "deleted: network interface ",
        "deleted: volume 8 GiB",
        "deleted: security group g",
    ]
    assert world.found() == []
    sweep(world.session, [], FakeClock(), told.append)


def test_what_is_gone_already_is_well(world: World) -> None:
    world.volume({**OWNED, **CSI})
    world.group("g", OWNED)
    world.interface(OWNED)
    found = world.found()
    sweep(world.session, found, FakeClock(), lambda _: None)
    sweep(world.session, found, FakeClock(), lambda _: None)


def test_rules_of_other_groups_that_name_a_group_are_taken_out_first(world: World) -> None:
    made, nodes = world.group("k8s-elb", OWNED), world.group("nodes", {})
    third = world.group("third", {})
    pairs = [{"GroupId": made}, {"GroupId": third}]
    rule = {"IpProtocol": "tcp", "FromPort": 30000, "ToPort": 32767, "UserIdGroupPairs": pairs}
    world.ec2.authorize_security_group_ingress(GroupId=nodes, IpPermissions=[rule])
    sweep(world.session, world.found(), FakeClock(), lambda _: None)
    (left,) = world.ec2.describe_security_groups(GroupIds=[nodes])["SecurityGroups"]
    assert [pair["GroupId"] for each in left["IpPermissions"] for pair in each["UserIdGroupPairs"]] == [third]


@pytest.mark.parametrize("code", ["DependencyViolation", "VolumeInUse", "InvalidNetworkInterface.InUse"])
def test_what_is_in_use_is_tried_again_with_progress(world: World, code: str) -> None:
    world.group("g", OWNED)
    calls = Calls(spec())
    left = [client_error(code, "DeleteSecurityGroup", "has a dependent object")] * 2

    def busy(_: int, name: str) -> None:
        if name == "ec2.DeleteSecurityGroup" and left:
            raise left.pop()

    calls._before = busy
    told: list[str] = []
    clock = FakeClock()
    sweep(calls.session, world.found(), clock, told.append)
    assert [line.split(":")[0] for line in told] == ["waiting for 1 in use", "waiting for 1 in use", "deleted"]
    assert (clock.time, world.found()) == (20, [])


def test_what_stays_in_use_is_named_with_what_aws_said(world: World) -> None:
    world.group("g", OWNED)
    calls = Calls(spec())
    calls.fail_on("ec2.DeleteSecurityGroup", client_error("DependencyViolation", "X", "has a dependent object"))
    clock = FakeClock()
    with pytest.raises(StuckError, match=r"security group g .*: has a dependent object"):
        sweep(calls.session, world.found(), clock, lambda _: None)
    assert PATIENCE_SECONDS < clock.time <= PATIENCE_SECONDS + 20


def test_a_refusal_ends_it(world: World) -> None:
    world.volume({**OWNED, **CSI})
    calls = Calls(spec())
    calls.fail_on("ec2.DeleteVolume", client_error("UnauthorizedOperation"))
    with pytest.raises(OpsError, match="not allowed to delete volume"):
        sweep(calls.session, world.found(), FakeClock(), lambda _: None)


def test_the_plan_keeps_volumes_and_names_what_is_protected_or_stays() -> None:
    volume, lb = Leftover("volume", "vol-1", "v", ""), Leftover("load balancer", "arn", "lb", "")
    key, inside = ("aws:s3/bucketObjectv2:BucketObjectv2", "kubernetes:core/v1:ConfigMap")
    resources = (
        resource("a"),
        resource("b", protect=True),
        resource("c", retainOnDelete=True),
        *(resource(name, key, retainOnDelete=True) for name in ("ca.key", "sa.key")),
        resource("config", key),
        resource("d", inside, deletedWith=resource("a")["urn"]),
        resource("e", inside, deletedWith=resource("a")["urn"], retainOnDelete=True),
        resource("etcd", "aws:ebs/volume:Volume", inputs={"finalSnapshot": True}),
        resource("scratch", "aws:ebs/volume:Volume", inputs={"finalSnapshot": False}),
    )
    checkpoint = parse(state(*resources))
    plan = plan_destroy(checkpoint, [lb, volume], delete_volumes=False)
    assert (plan.swept, plan.kept_volumes) == ((lb,), (volume,))
    assert (plan.resources, plan.in_cluster, plan.objects) == (6, 1, 2)
    assert [urn.rpartition("::")[2] for urn in plan.snapshots] == ["etcd"]
    assert [urn.rpartition("::")[2] for urn in (*plan.protected, *plan.retained)] == ["b", "c", "e"]
    plan = plan_destroy(checkpoint, [lb, volume], delete_volumes=True)
    assert (plan.swept, plan.kept_volumes) == ((lb, volume), ())
