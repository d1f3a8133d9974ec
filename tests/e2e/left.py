"""What a destroyed environment leaves in AWS, as seen through boto3."""

from __future__ import annotations

from collections.abc import Sequence

from tests.e2e.conftest import Rehearsed


def vpcs(env: Rehearsed) -> list[str]:
    """Return the IDs of the VPCs that the environment made; every account has a default one beside."""
    found = env.client("ec2").describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["false"]}])
    return [vpc["VpcId"] for vpc in found["Vpcs"]]


def nothing_left(env: Rehearsed, *, existing: Sequence[str] = ()) -> None:
    """Fail the test where more is left than the state bucket and its key, and the VPCs that were there before."""
    ec2 = env.client("ec2")
    assert (found := vpcs(env)) == list(existing), found
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert ec2.describe_nat_gateways(Filter=[{"Name": "state", "Values": ["available"]}])["NatGateways"] == []
    assert ec2.describe_addresses()["Addresses"] == []
    assert [v for v in ec2.describe_vpc_endpoints()["VpcEndpoints"] if v["State"] != "deleted"] == []
    running = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    assert ec2.describe_instances(Filters=running)["Reservations"] == []
    assert env.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
    iam = env.client("iam")
    assert iam.list_roles()["Roles"] == []
    assert iam.list_instance_profiles()["InstanceProfiles"] == []
    assert "QueueUrls" not in env.client("sqs").list_queues()
    assert env.client("events").list_rules()["Rules"] == []
    assert env.client("logs").describe_log_groups()["logGroups"] == []
    assert [b["Name"] for b in env.client("s3").list_buckets()["Buckets"]] == [env.spec["state"]["bucket"]]
    aliases = [a["AliasName"] for a in env.client("kms").list_aliases()["Aliases"]]
    assert [a for a in aliases if not a.startswith("alias/aws/")] == [f"alias/slipway-state-{env.name}"]
