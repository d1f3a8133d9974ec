"""The whole life of an environment on the real engine. The tests are steps: each goes on from the one before it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.left import nothing_left, vpcs
from tests.e2e.specs import REGION, small, with_group, without_group

pytestmark = pytest.mark.e2e

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
GROUP = "aws:autoscaling/group:Group"
ROUTE = "aws:ec2/route:Route"


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    yield from rehearsed(home, "life", small("life"))


def test_01_up_creates_what_the_spec_says(env: Rehearsed) -> None:
    env.run("up").ok()
    groups = env.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    sizes = {g["AutoScalingGroupName"]: (g["MinSize"], g["MaxSize"], len(g["Instances"])) for g in groups}
    assert sizes == {"control-plane-a.life.example.com": (1, 1, 1), "nodes.life.example.com": (1, 3, 1)}
    assert len(vpcs(env)) == 1
    templates = env.client("ec2").describe_launch_templates()["LaunchTemplates"]
    assert {t["LaunchTemplateName"] for t in templates} == set(sizes)


def test_02_the_state_bucket_is_as_bootstrap_left_it(env: Rehearsed) -> None:
    s3 = env.client("s3")
    bucket = env.spec["state"]["bucket"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert ".pulumi/stacks/slipway/life.json" in keys


def test_03_a_second_up_changes_nothing_and_breaks_no_policy(env: Rehearsed, policy_pack: Path) -> None:
    assert env.changes() == {}
    checked = ("--skip-preview", "--expect-no-changes", f"--policy-pack={policy_pack}")
    assert "slipway@" in env.engine("up", "--yes", *checked).ok().output


def test_04_a_refresh_of_what_nobody_touched_changes_nothing(env: Rehearsed) -> None:
    env.engine("refresh", "--yes", "--skip-preview", "--expect-no-changes").ok()
    assert env.changes() == {}


def test_04_a_plain_preview_in_its_shell_leaves_the_committed_file_as_it_is(env: Rehearsed) -> None:
    committed = env.project / "stacks" / "Pulumi.life.yaml"
    before = committed.read_bytes()
    exports = [line for line in env.run("env").ok().output.splitlines() if line.startswith("export ")]
    plain = "pulumi preview --non-interactive --expect-no-changes"
    done = subprocess.run(
        ["/bin/bash", "-c", "\n".join([*exports, plain])], cwd=env.project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert committed.read_bytes() == before


def test_05_another_machine_type_changes_that_launch_template_and_nothing_else(env: Rehearsed) -> None:
    env.declare(with_group(env.spec, "nodes", machineType="m7i.xlarge"))
    # What the group is wanted to be is written down, too, as kops does.
    assert env.changes() == {"update": {f"{TEMPLATE} nodes", f"{OBJECT} instancegroup/nodes"}}
    env.run("up", "--skip-preview").ok()
    latest = env.client("ec2").describe_launch_template_versions(
        LaunchTemplateName="nodes.life.example.com", Versions=["$Latest"]
    )["LaunchTemplateVersions"][0]
    assert (latest["VersionNumber"], latest["DefaultVersion"]) == (2, True)
    assert latest["LaunchTemplateData"]["InstanceType"] == "m7i.xlarge"
    assert env.changes() == {}


def test_05_another_range_of_pods_is_refused_before_anything_is_touched(env: Rehearsed) -> None:
    before = env.spec
    env.declare({**before, "cluster": {**before["cluster"], "podCidr": "10.128.0.0/14"}})
    refused = env.run("up")
    assert refused.status != 0
    assert "'10.128.0.0/14' cannot follow on 100.96.0.0/11, which the cluster was made with" in " ".join(
        refused.output.split()
    )
    env.declare(before)
    assert env.changes() == {}


def test_06_drift_made_by_hand_is_found_and_mended(env: Rehearsed) -> None:
    autoscaling = env.client("autoscaling")
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="nodes.life.example.com", MaxSize=9)
    env.client("ec2").delete_tags(Resources=vpcs(env), Tags=[{"Key": "slipway/environment"}])
    shown = env.engine("refresh", "--yes", "--skip-preview", "--diff").ok().output
    assert "maxSize" in shown
    assert "slipway/environment" in shown
    assert env.changes() == {"update": {f"{GROUP} nodes", "aws:ec2/vpc:Vpc network"}}
    env.run("up", "--skip-preview").ok()
    (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["nodes.life.example.com"])[
        "AutoScalingGroups"
    ]
    assert group["MaxSize"] == 3
    assert env.changes() == {}


def test_07_what_was_deleted_by_hand_is_made_again(env: Rehearsed) -> None:
    env.client("autoscaling").delete_lifecycle_hook(
        AutoScalingGroupName="nodes.life.example.com",
        LifecycleHookName=env.client("autoscaling").describe_lifecycle_hooks(
            AutoScalingGroupName="nodes.life.example.com"
        )["LifecycleHooks"][0]["LifecycleHookName"],
    )
    # The ways out of the subnets that a member, machines and load balancers stand in: none of them is touched.
    ec2 = env.client("ec2")
    for table in ec2.describe_route_tables()["RouteTables"]:
        if any(route.get("DestinationCidrBlock") == "0.0.0.0/0" for route in table["Routes"]):
            ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
    env.engine("refresh", "--yes", "--skip-preview").ok()
    routes = ("public-internet", f"private-{REGION}a-nat", f"private-{REGION}b-nat")
    made_again = {"aws:autoscaling/lifecycleHook:LifecycleHook nodes", *(f"{ROUTE} {name}" for name in routes)}
    assert env.changes() == {"create": made_again}
    env.run("up", "--skip-preview").ok()
    assert env.changes() == {}


def test_08_a_group_renamed_without_a_word_is_refused_and_loses_nothing(env: Rehearsed) -> None:
    before = env.spec
    env.declare(with_group(before, "nodes", name="workers"))
    refused = env.run("up")
    assert refused.status != 0
    assert "protect" in refused.output
    assert "nodes" in refused.output
    groups = env.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert "nodes.life.example.com" in {group["AutoScalingGroupName"] for group in groups}
    env.declare(before)


def test_09_a_group_renamed_with_renamed_from_keeps_its_machines(env: Rehearsed) -> None:
    machines = env.client("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]
    env.declare(with_group(env.spec, "nodes", name="workers", renamedFrom="nodes"))
    changes = env.changes()
    assert set(changes) == {"update"}
    assert {each.rsplit(" ", 1)[1] for each in changes["update"]} == {"nodes", "instancegroup/nodes"}
    env.run("up", "--skip-preview").ok()
    after = env.client("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]
    assert {m["InstanceId"] for m in after} == {m["InstanceId"] for m in machines}


def test_10_a_retired_group_can_be_removed(env: Rehearsed) -> None:
    env.declare(with_group(env.spec, "workers", retire=True))
    env.run("up", "--skip-preview").ok()
    (group,) = env.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["nodes.life.example.com"])[
        "AutoScalingGroups"
    ]
    assert (group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) == (0, 0, 0)
    env.declare(without_group(env.spec, "workers"))
    changes = env.changes()
    # What is declared is written down in the cluster's record.
    assert (set(changes), changes["update"]) == ({"delete", "update"}, {f"{OBJECT} config"})
    env.run("up", "--skip-preview").ok()
    assert env.changes() == {}


def test_11_destroy_leaves_the_state_bucket_and_its_key_and_nothing_else(env: Rehearsed) -> None:
    env.run("destroy", "--yes").ok()
    nothing_left(env)
