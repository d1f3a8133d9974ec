"""What the AWS stand-in is taught about the volumes of machines."""

from __future__ import annotations

import boto3
from moto import mock_aws

from rehearsal.moto.volumes import complete_volumes

GP3 = {"VolumeSize": 64, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250, "Encrypted": True}
IO2 = {"VolumeSize": 200, "VolumeType": "io2", "Iops": 8000, "Encrypted": True}


@mock_aws
def test_a_machines_volumes_have_the_operations_and_throughput_asked_for() -> None:
    complete_volumes()
    complete_volumes()
    ec2, scaling = (boto3.client(name, region_name="eu-central-1") for name in ("ec2", "autoscaling"))
    image = ec2.describe_images()["Images"][0]["ImageId"]
    mappings = [{"DeviceName": "/dev/xvda", "Ebs": GP3}, {"DeviceName": "/dev/sdf", "Ebs": IO2}]
    data = {"ImageId": image, "InstanceType": "m7i.large", "BlockDeviceMappings": mappings}
    ec2.create_launch_template(LaunchTemplateName="ledger", LaunchTemplateData=data)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="ledger",
        LaunchTemplate={"LaunchTemplateName": "ledger", "Version": "$Latest"},
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=["eu-central-1a"],
    )
    made = [(v["VolumeType"], v["Size"], v.get("Iops"), v.get("Throughput")) for v in ec2.describe_volumes()["Volumes"]]
    # moto gives a machine of a launch template a root volume besides.
    assert sorted(made, key=str) == [("gp2", 8, None, None), ("gp3", 64, 4000, 250), ("io2", 200, 8000, None)]
