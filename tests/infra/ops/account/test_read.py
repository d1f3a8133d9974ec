"""What is asked of an account (moto), and what becomes of the answers."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infra.ops.account.machines import machine_types, zones
from infra.ops.account.named import named
from infra.ops.account.quotas import quotas
from infra.ops.account.read import account_facts
from infra.ops.aws import session_for
from infra.ops.errors import RefusedError
from infra.plan.account.check import check_account
from infra.plan.account.facts import Address, Named, TargetGroup
from infra.plan.account.named import References
from infra.plan.account.quotas import ADDRESSES, BALANCERS, VCPUS, VPCS
from infra.plan.environment import plan_environment
from infra.plan.tags import resource_tags
from tests.infra.ops.cloud import spec

pytestmark = pytest.mark.usefixtures("cloud")

NOBODYS = {
    "security_groups": "sg-0123456789abcdef0",
    "target_groups": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/none/0123456789abcdef",
    "certificates": "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    "hosted_zones": "Z0123456789ABCDEFGHIJ",
    "policies": "arn:aws:iam::123456789012:policy/none",
    "addresses": "eipalloc-0123456789abcdef0",
}


@pytest.fixture
def session() -> boto3.Session:
    return session_for(spec())


def tags(own: bool) -> list[dict[str, str]]:
    made = resource_tags(spec(), "x") if own else {"Name": "x", "KubernetesCluster": "other.example.com"}
    return [{"Key": key, "Value": value} for key, value in made.items()]


def vpc(session: boto3.Session, *, own: bool) -> str:
    described = [{"ResourceType": "vpc", "Tags": tags(own)}]
    made = session.client("ec2").create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=described)
    return str(made["Vpc"]["VpcId"])


def test_zones_of_the_region_with_their_states(session: boto3.Session) -> None:
    assert zones(session) == dict.fromkeys(["eu-central-1a", "eu-central-1b", "eu-central-1c"], "available")


def test_local_zones_are_none_of_the_regions(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = session.client("ec2")
    monkeypatch.setattr(session, "client", lambda _: ec2)
    listed = [
        {"ZoneName": "eu-central-1a", "State": "impaired", "ZoneType": "availability-zone"},
        {"ZoneName": "eu-central-1-ham-1a", "State": "available", "ZoneType": "local-zone"},
    ]
    with Stubber(ec2) as stubbed:
        stubbed.add_response("describe_availability_zones", {"AvailabilityZones": listed}, {})
        assert zones(session) == {"eu-central-1a": "impaired"}


def test_instance_types_with_where_they_are_offered(session: boto3.Session) -> None:
    found = machine_types(session, ("m7g.large", "m9z.large", "t3.medium"))
    assert found.keys() == {"m7g.large", "t3.medium"}
    assert found["m7g.large"].architectures == {"arm64"}
    assert found["m7g.large"].vcpus == 2
    assert found["t3.medium"].zones == {"eu-central-1a", "eu-central-1b", "eu-central-1c"}


def test_of_types_that_the_region_lacks_nothing_is_described(session: boto3.Session) -> None:
    assert machine_types(session, ("m9z.large",)) == {}


def wanted(**change: str) -> References:
    return References(**{kind: {("here",): change[kind]} if kind in change else {} for kind in NOBODYS})  # type: ignore[arg-type]


def test_what_is_named_and_not_there_is_left_out(session: boto3.Session) -> None:
    assert named(session, spec(), wanted(**NOBODYS)) == Named(None, {}, {}, {}, {}, frozenset(), {})


def test_an_address_is_free_until_somebody_else_has_it(session: boto3.Session) -> None:
    ec2 = session.client("ec2")
    made = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(3)]
    place = {"CidrBlock": "10.20.0.0/24", "AvailabilityZone": f"{spec().region}b"}
    subnet = ec2.create_subnet(VpcId=vpc(session, own=True), **place)["Subnet"]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.associate_address(AllocationId=made[1], NetworkInterfaceId=interface)
    described = [{"ResourceType": "natgateway", "Tags": tags(own=True)}]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=made[2], TagSpecifications=described)
    named_there = References({}, {}, {}, {}, {}, {("here", index): each for index, each in enumerate(made)})
    assert named(session, spec(), named_there).addresses == {
        made[0]: Address(),
        made[1]: Address(interface=interface),
        made[2]: Address(gateway=f"{spec().region}b"),
    }
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGateway"]["NatGatewayId"])
    assert named(session, spec(), named_there).addresses[made[2]].gateway == ""


def test_what_is_named_and_there_is_found(session: boto3.Session) -> None:
    own, other = vpc(session, own=True), vpc(session, own=False)
    group = session.client("ec2").create_security_group(GroupName="x", Description="x", VpcId=other)["GroupId"]
    made: dict[str, Any] = {"Name": "web", "Protocol": "TCP", "Port": 80, "TargetType": "ip", "VpcId": own}
    target = session.client("elbv2").create_target_group(**made)["TargetGroups"][0]["TargetGroupArn"]
    acm = session.client("acm")
    names = ["*.example.com", "example.com"]
    certificate = acm.request_certificate(DomainName=names[0], SubjectAlternativeNames=names)["CertificateArn"]
    zone = session.client("route53").create_hosted_zone(Name="example.com", CallerReference="x")["HostedZone"]["Id"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    policy = session.client("iam").create_policy(PolicyName="x", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    zone = zone.removeprefix("/hostedzone/")
    found = named(
        session,
        spec(),
        wanted(
            security_groups=group, target_groups=target, certificates=certificate, hosted_zones=zone, policies=policy
        ),
    )
    assert (found.vpc, found.security_groups, found.hosted_zones) == (own, {group: other}, {zone: "example.com"})
    assert found.target_groups == {target: TargetGroup(own, "ip")}
    assert found.policies == {policy}
    assert found.certificates[certificate].names == ("*.example.com", "example.com")
    assert (
        found.certificates[certificate].status
        == acm.describe_certificate(CertificateArn=certificate)["Certificate"]["Status"]
    )


def test_an_answer_that_is_no_absence_stops_the_check(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    iam = session.client("iam")
    make = session.client
    monkeypatch.setattr(session, "client", lambda name: iam if name == "iam" else make(name))
    with Stubber(iam) as stubbed:
        stubbed.add_client_error("get_policy", "AccessDenied", "not you", 403)
        with pytest.raises(
            RefusedError, match="not allowed to look up what the spec names of its account: AccessDenied"
        ):
            named(session, spec(), wanted(policies=NOBODYS["policies"]))


def test_quotas_count_what_others_use(session: boto3.Session) -> None:
    ec2, elb = session.client("ec2"), session.client("elbv2")
    before = {code: quota.others for code, quota in quotas(session, spec()).items()}
    for own in (True, False):
        network = vpc(session, own=own)
        ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags(own)}])
        subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.20.0.0/24")["Subnet"]["SubnetId"]
        for kind in ("network", "application"):
            elb.create_load_balancer(Name=f"{kind}-{own}", Subnets=[subnet], Type=kind, Tags=tags(own))
        for size, spot in (("m7i.large", False), ("m7i.xlarge", True), ("g5.xlarge", False)):
            market = {"InstanceMarketOptions": {"MarketType": "spot"}} if spot else {}
            described = [{"ResourceType": "instance", "Tags": tags(own)}]
            image = "ami-12c6146b"
            ec2.run_instances(ImageId=image, InstanceType=size, MinCount=1, MaxCount=1, SubnetId=subnet,
                              TagSpecifications=described, **market)  # fmt: skip
    found = quotas(session, spec())
    more = {code: quota.others - before[code] for code, quota in found.items()}
    assert more[VPCS] == more[ADDRESSES] == more[BALANCERS] == 1
    assert more[VCPUS] == 2  # of one m7i.large: neither Spot nor a family with a quota of its own
    assert (found[VPCS].allowed, found[VPCS].service, found[VPCS].name) == (5, "vpc", "VPCs")
    # moto knows the quotas of VPC alone.
    assert [found[code].allowed for code in (ADDRESSES, BALANCERS, VCPUS)] == [None, None, None]


def test_a_whole_environment_is_held_to_its_account(session: boto3.Session) -> None:
    plan = plan_environment(spec())
    facts = account_facts(session, plan)
    check_account(plan, facts)
    assert facts.machine_types.keys() == {"m7i.large", "t3.medium"}
    assert facts.quotas[VPCS].others == 1  # the default VPC
