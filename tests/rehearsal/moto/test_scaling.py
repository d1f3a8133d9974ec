"""What the AWS stand-in is taught about Auto Scaling."""

from __future__ import annotations

import base64

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from rehearsal.moto.scaling import complete_groups


@mock_aws
def test_a_group_starts_machines_from_a_later_version_of_a_template_with_user_data() -> None:
    complete_groups()
    complete_groups()
    ec2, scaling = (boto3.client(name, region_name="eu-central-1") for name in ("ec2", "autoscaling"))
    image = ec2.describe_images()["Images"][0]["ImageId"]
    first, second = (
        {"ImageId": image, "InstanceType": "m7i.large", "UserData": base64.b64encode(text).decode()}
        for text in (b"first", b"second")
    )
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=first)["LaunchTemplate"]
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="nodes",
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "$Latest"},
        MinSize=1,
        MaxSize=3,
        AvailabilityZones=["eu-central-1a"],
    )
    ec2.create_launch_template_version(LaunchTemplateName="nodes", LaunchTemplateData=second)
    ec2.modify_launch_template(LaunchTemplateName="nodes", DefaultVersion="2")
    scaling.set_desired_capacity(AutoScalingGroupName="nodes", DesiredCapacity=2)
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    told = []
    for each in group["Instances"]:
        answer = ec2.describe_instance_attribute(InstanceId=each["InstanceId"], Attribute="userData")
        told.append(base64.b64decode(answer["UserData"]["Value"]))
    assert told == [b"first", b"second"]


@mock_aws
def test_an_update_that_names_no_policy_keeps_the_one_there_is() -> None:
    complete_groups()
    ec2, scaling = (boto3.client(name, region_name="eu-central-1") for name in ("ec2", "autoscaling"))
    image = ec2.describe_images()["Images"][0]["ImageId"]
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData={"ImageId": image})
    specification = {"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"], "Version": "$Latest"}
    overrides = [{"InstanceType": "m7i.large"}, {"InstanceType": "m7a.large"}]
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="nodes",
        MixedInstancesPolicy={
            "LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": overrides},
            "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 20},
        },
        MinSize=1,
        MaxSize=3,
        AvailabilityZones=["eu-central-1a"],
    )
    (before,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    scaling.update_auto_scaling_group(AutoScalingGroupName="nodes", MaxSize=9, DesiredCapacity=2)
    (after,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert after["MixedInstancesPolicy"] == before["MixedInstancesPolicy"]
    assert (after["MaxSize"], len(after["Instances"])) == (9, 2)
    scaling.update_auto_scaling_group(AutoScalingGroupName="nodes", LaunchTemplate=specification)
    (last,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert "MixedInstancesPolicy" not in last
    assert last["LaunchTemplate"]["LaunchTemplateId"] == specification["LaunchTemplateId"]
    policy = {"LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": overrides}}
    scaling.update_auto_scaling_group(AutoScalingGroupName="nodes", MixedInstancesPolicy=policy)
    (again,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert "MixedInstancesPolicy" in again
    assert "LaunchTemplate" not in again


@mock_aws
def test_a_group_with_an_unknown_target_group_is_refused_before_anything_is_made() -> None:
    complete_groups()
    ec2, scaling = (boto3.client(name, region_name="eu-central-1") for name in ("ec2", "autoscaling"))
    image = ec2.describe_images()["Images"][0]["ImageId"]
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData={"ImageId": image})
    unknown = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/legacy/0123456789abcdef"
    group = {
        "AutoScalingGroupName": "nodes",
        "LaunchTemplate": {"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"], "Version": "$Latest"},
        "MinSize": 1,
        "MaxSize": 1,
        "AvailabilityZones": ["eu-central-1a"],
    }
    with pytest.raises(ClientError, match=f"Target group not found: {unknown}"):
        scaling.create_auto_scaling_group(**group, TargetGroupARNs=[unknown])
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert ec2.describe_instances()["Reservations"] == []
    scaling.create_auto_scaling_group(**group)


@mock_aws
def test_metrics_come_beside_those_there_are_and_go_by_name() -> None:
    complete_groups()
    ec2, scaling = (boto3.client(name, region_name="eu-central-1") for name in ("ec2", "autoscaling"))
    image = ec2.describe_images()["Images"][0]["ImageId"]
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData={"ImageId": image})
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="nodes",
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"], "Version": "$Latest"},
        MinSize=0,
        MaxSize=3,
        AvailabilityZones=["eu-central-1a"],
    )

    def collected() -> list[str]:
        (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        return [each["Metric"] for each in group.get("EnabledMetrics", [])]

    which = {"AutoScalingGroupName": "nodes"}
    scaling.enable_metrics_collection(**which, Metrics=["GroupMinSize", "GroupMaxSize"], Granularity="1Minute")
    scaling.enable_metrics_collection(**which, Metrics=["GroupMaxSize", "WarmPoolTotalCapacity"], Granularity="1Minute")
    assert collected() == ["GroupMinSize", "GroupMaxSize", "WarmPoolTotalCapacity"]
    scaling.disable_metrics_collection(**which, Metrics=["WarmPoolTotalCapacity"])
    assert collected() == ["GroupMinSize", "GroupMaxSize"]
    scaling.disable_metrics_collection(**which)
    assert collected() == []


@mock_aws
def test_a_group_gives_up_a_target_group_that_somebody_has_deleted() -> None:
    complete_groups()
    ec2, scaling, elb = (boto3.client(name, region_name="eu-central-1") for name in ("ec2", "autoscaling", "elbv2"))
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ec2.create_launch_template(LaunchTemplateName="edge", LaunchTemplateData={"ImageId": image})
    kept, deleted = (
        elb.create_target_group(Name=name, Protocol="TCP", Port=port, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
        for name, port in (("kept", 80), ("deleted", 443))
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="edge",
        LaunchTemplate={"LaunchTemplateName": "edge", "Version": "$Latest"},
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=["eu-central-1a"],
        TargetGroupARNs=[kept, deleted],
    )
    elb.delete_target_group(TargetGroupArn=deleted)
    scaling.update_auto_scaling_group(AutoScalingGroupName="edge", MinSize=0, DesiredCapacity=0)
    (emptied,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (emptied["Instances"], emptied["TargetGroupARNs"]) == ([], [kept, deleted])
    scaling.detach_load_balancer_target_groups(AutoScalingGroupName="edge", TargetGroupARNs=[kept, deleted])
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["TargetGroupARNs"] == []
    with pytest.raises(ClientError, match=f"Target group not found: {deleted}"):
        scaling.attach_load_balancer_target_groups(AutoScalingGroupName="edge", TargetGroupARNs=[deleted])
