from __future__ import annotations

import dataclasses
from typing import Any

import pulumi
import pytest

from infra.components.instance_group import InstanceGroup
from infra.plan.images import FoundImage
from infra.plan.instance_group import InstanceGroupPlan, plan_instance_group
from infra.spec import EnvironmentSpec
from infra.testing.recorder import Recorder, record
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec, with_group

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:autoscaling/group:Group"
HOOK = "aws:autoscaling/lifecycleHook:LifecycleHook"
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
SUBNETS = {kind: {zone: f"subnet-{kind}-{zone[-1]}" for zone in ZONES} for kind in ("private", "public")}
DEBIAN = FoundImage("ami-debian", "/dev/xvda", "x86_64")


def planned(spec: EnvironmentSpec, group: int = 1) -> InstanceGroupPlan:
    return plan_instance_group(spec, spec.instance_groups[group], user_data="#cloud-config\n")


def run(plan: InstanceGroupPlan, image: FoundImage = DEBIAN, **arguments: Any) -> Recorder:
    def program() -> None:
        InstanceGroup(
            plan.identity,
            plan,
            image=image,
            subnet_ids=SUBNETS,
            security_group_id="sg-role",
            state_key_arn=KEY,
            **arguments,
        )

    return record(program)


def build(**change: Any) -> tuple[Recorder, InstanceGroupPlan]:
    plan = planned(with_group(**change))
    return run(plan), plan


def tags_of(plan: InstanceGroupPlan) -> list[dict[str, Any]]:
    return [{"key": tag.key, "value": tag.value, "propagateAtLaunch": tag.propagate} for tag in plan.scaling.tags]


def test_the_launch_template_of_a_plain_group() -> None:
    recorder, plan = build()
    assert recorder.inputs(TEMPLATE, "nodes") == {
        "name": "nodes.test.example.com",
        "updateDefaultVersion": True,
        "imageId": "ami-debian",
        "instanceType": "m7i.large",
        "userData": "I2Nsb3VkLWNvbmZpZwo=",
        "iamInstanceProfile": {"name": "nodes.test.example.com"},
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
            "instanceMetadataTags": "disabled",
        },
        "blockDeviceMappings": [
            {
                "deviceName": "/dev/xvda",
                "ebs": {
                    "volumeSize": 64,
                    "volumeType": "gp3",
                    "iops": 3000,
                    "throughput": 125,
                    "encrypted": "true",
                    "deleteOnTermination": "true",
                },
            }
        ],
        "networkInterfaces": [
            {
                "deviceIndex": 0,
                "associatePublicIpAddress": "false",
                "deleteOnTermination": "true",
                "securityGroups": ["sg-role"],
            }
        ],
        "monitoring": {"enabled": False},
        "privateDnsNameOptions": {"hostnameType": "resource-name", "enableResourceNameDnsARecord": True},
        "tagSpecifications": [
            {"resourceType": each.resource_type, "tags": each.tags} for each in plan.launch_template.tag_specifications
        ],
        "tags": plan.launch_template.tags,
    }


def test_the_launch_template_with_every_option() -> None:
    recorder, _ = build(
        machineType="t3.large",
        cpuCredits="unlimited",
        tenancy="dedicated",
        detailedInstanceMonitoring=True,
        subnets="public",
        additionalSecurityGroups=["sg-0123456789abcdef0"],
        warmPool={"state": "Hibernated"},
        volumes=[{"device": "/dev/sdf", "mountPath": "/srv/data", "sizeGi": 500, "type": "st1"}],
    )
    inputs = recorder.inputs(TEMPLATE, "nodes")
    assert inputs["creditSpecification"] == {"cpuCredits": "unlimited"}
    assert inputs["placement"] == {"tenancy": "dedicated"}
    assert inputs["monitoring"] == {"enabled": True}
    assert inputs["hibernationOptions"] == {"configured": True}
    assert inputs["networkInterfaces"][0]["associatePublicIpAddress"] == "true"
    assert inputs["networkInterfaces"][0]["securityGroups"] == ["sg-role", "sg-0123456789abcdef0"]
    assert inputs["blockDeviceMappings"][1] == {
        "deviceName": "/dev/sdf",
        "ebs": {"volumeSize": 500, "volumeType": "st1", "encrypted": "true", "deleteOnTermination": "true"},
    }
    assert "keyName" not in inputs


def test_the_root_volume_is_the_images_own_device() -> None:
    recorder = run(planned(with_group()), FoundImage("ami-ubuntu", "/dev/sda1", "x86_64"))
    assert recorder.inputs(TEMPLATE, "nodes")["blockDeviceMappings"][0]["deviceName"] == "/dev/sda1"


def test_the_auto_scaling_group_of_a_plain_group() -> None:
    recorder, plan = build()
    assert recorder.inputs(GROUP, "nodes") == {
        "name": "nodes.test.example.com",
        "minSize": 2,
        "maxSize": 6,
        "vpcZoneIdentifiers": ["subnet-private-a", "subnet-private-b", "subnet-private-c"],
        "launchTemplate": {"id": "nodes-id", "version": "$Latest"},
        "capacityRebalance": False,
        "protectFromScaleIn": False,
        "suspendedProcesses": [],
        "targetGroupArns": [],
        "enabledMetrics": list(plan.scaling.metrics),
        "metricsGranularity": "1Minute",
        "healthCheckType": "EC2",
        "healthCheckGracePeriod": 300,
        "waitForCapacityTimeout": "0",
        "tags": tags_of(plan),
    }


def test_the_auto_scaling_group_with_every_option() -> None:
    arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/0123456789abcdef"
    plan = planned(
        with_group(
            desiredSize=3,
            zones=["eu-central-1b"],
            subnets="public",
            warmPool={"state": "Running", "minSize": 1, "maxSize": 4, "reuseOnScaleIn": True},
            maxInstanceLifetime="7d",
            instanceProtection=True,
            suspendProcesses=["AZRebalance"],
            targetGroups=[arn],
        )
    )
    inputs = run(plan, target_group_arns=["arn:own"]).inputs(GROUP, "nodes")
    assert inputs["desiredCapacity"] == 3
    assert inputs["vpcZoneIdentifiers"] == ["subnet-public-b"]
    assert inputs["warmPool"] == {
        "poolState": "Running",
        "minSize": 1,
        "maxGroupPreparedCapacity": 4,
        "instanceReusePolicy": {"reuseOnScaleIn": True},
    }
    assert inputs["maxInstanceLifetime"] == 604_800
    assert inputs["protectFromScaleIn"] is True
    assert inputs["suspendedProcesses"] == ["AZRebalance"]
    assert inputs["targetGroupArns"] == [arn, "arn:own"]


def test_mixed_instances_by_name() -> None:
    policy = {"instances": ["m7i.large", "m7a.large"], "onDemandBase": 1, "onDemandAboveBase": 0}
    recorder, _ = build(machineType=None, mixedInstancesPolicy=policy)
    inputs = recorder.inputs(GROUP, "nodes")
    assert "launchTemplate" not in inputs
    assert inputs["capacityRebalance"] is True
    assert inputs["mixedInstancesPolicy"] == {
        "launchTemplate": {
            "launchTemplateSpecification": {"launchTemplateId": "nodes-id", "version": "$Latest"},
            "overrides": [{"instanceType": "m7i.large"}, {"instanceType": "m7a.large"}],
        },
        "instancesDistribution": {
            "onDemandAllocationStrategy": "prioritized",
            "onDemandBaseCapacity": 1,
            "onDemandPercentageAboveBaseCapacity": 0,
            "spotAllocationStrategy": "price-capacity-optimized",
        },
    }
    assert "instanceType" not in recorder.inputs(TEMPLATE, "nodes")


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ({}, {}),
        ({"allowedInstanceTypes": ["m7*"]}, {"allowedInstanceTypes": ["m7*"]}),
        ({"excludedInstanceTypes": ["t*"]}, {"excludedInstanceTypes": ["t*"]}),
    ],
)
def test_mixed_instances_by_requirements(listed: dict[str, Any], expected: dict[str, Any]) -> None:
    needs = {"cpu": {"min": 2, "max": 8}, "memoryMi": {"min": 4096}, **listed}
    policy = {"instanceRequirements": needs, "spotAllocationStrategy": "lowest-price", "spotInstancePools": 3}
    recorder, _ = build(machineType=None, mixedInstancesPolicy=policy)
    mixed = recorder.inputs(GROUP, "nodes")["mixedInstancesPolicy"]
    assert mixed["launchTemplate"]["overrides"] == [
        {
            "instanceRequirements": {
                "vcpuCount": {"min": 2, "max": 8},
                "memoryMib": {"min": 4096},
                "cpuManufacturers": ["intel", "amd"],
                "instanceGenerations": ["current"],
                "burstablePerformance": "excluded",
                "localStorage": "included",
                **expected,
            }
        }
    ]
    assert mixed["instancesDistribution"]["spotInstancePools"] == 3


def test_a_role_of_its_own() -> None:
    recorder, plan = build()
    assert recorder.inputs(ROLE, "nodes") == {
        "name": "nodes.test.example.com",
        "description": plan.iam.description,
        "assumeRolePolicy": plan.iam.trust_policy,
        "forceDetachPolicies": True,
        "tags": plan.iam.tags,
    }
    assert recorder.inputs(POLICY, "nodes") == {
        "name": "read-own-state",
        "role": "nodes.test.example.com",
        "policy": plan.iam.state.policy(KEY),
    }
    assert recorder.inputs(PROFILE, "nodes") == {
        "name": "nodes.test.example.com",
        "role": "nodes.test.example.com",
        "tags": plan.iam.tags,
    }


def test_the_role_has_the_environments_boundary() -> None:
    boundary = "arn:aws:iam::111122223333:policy/limit"
    recorder = run(planned(sample_spec(cluster={"iam": {"permissionsBoundary": boundary}})))
    assert recorder.inputs(ROLE, "nodes")["permissionsBoundary"] == boundary


def test_the_drain_hook_leads_to_eventbridge_and_not_to_a_target() -> None:
    recorder, _ = build(drainTimeout="10m")
    assert recorder.inputs(HOOK, "nodes") == {
        "name": "nodes-drain",
        "autoscalingGroupName": "nodes.test.example.com",
        "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "heartbeatTimeout": 600,
        "defaultResult": "CONTINUE",
    }


def test_machines_start_after_what_they_need() -> None:
    plan = planned(with_group())

    def program() -> None:
        rule = pulumi.CustomResource("test:index:Rule", "rule", {})
        InstanceGroup(
            "nodes",
            plan,
            image=DEBIAN,
            subnet_ids=SUBNETS,
            security_group_id="sg-role",
            state_key_arn=KEY,
            after=[rule],
        )

    dependencies = {urn.rsplit("$", 1)[-1] for urn in record(program).options(GROUP, "nodes").dependencies}
    assert {f"{POLICY}::nodes", f"{TEMPLATE}::nodes"} <= dependencies
    assert any(urn.endswith("test:index:Rule::rule") for urn in dependencies)


@pytest.mark.parametrize("retire", [False, True])
def test_the_auto_scaling_group_alone_is_protected_until_retired(retire: bool) -> None:
    recorder, _ = build(retire=retire)
    protected = {token for token, name in recorder.resources if recorder.options(token, name).protect}
    assert protected == (set() if retire else {GROUP})
    inputs = recorder.inputs(GROUP, "nodes")
    sizes = (inputs["minSize"], inputs["maxSize"], inputs.get("desiredCapacity"))
    assert sizes == ((0, 0, 0) if retire else (2, 6, None))


def test_a_rename_keeps_every_logical_and_aws_name() -> None:
    before = run(planned(sample_spec()))
    renamed = [ENVIRONMENT["instanceGroups"][0], group_mapping("workers", renamedFrom="nodes")]
    after = run(planned(sample_spec(instanceGroups=renamed)))
    assert before.resources.keys() == after.resources.keys()
    assert {name for _, name in after.resources} == {"nodes"}
    changed = {
        (token, key)
        for (token, name), inputs in after.resources.items()
        for key in inputs.keys() | before.inputs(token, name).keys()
        if inputs.get(key) != before.inputs(token, name).get(key)
    }
    assert changed == {
        (ROLE, "tags"),
        (PROFILE, "tags"),
        (TEMPLATE, "tags"),
        (TEMPLATE, "tagSpecifications"),
        (GROUP, "tags"),
    }


def test_a_new_image_changes_the_launch_template_alone() -> None:
    plan = planned(with_group())
    before, after = run(plan), run(plan, dataclasses.replace(DEBIAN, image_id="ami-newer"))
    changed = {key for key in after.resources if after.resources[key] != before.resources[key]}
    assert changed == {(TEMPLATE, "nodes")}


def test_a_group_has_six_resources_all_its_own() -> None:
    recorder, _ = build()
    children = {key: recorder.requests[key].parent for key in recorder.resources if key[0].startswith("aws:")}
    assert set(children) == {(token, "nodes") for token in (TEMPLATE, GROUP, HOOK, ROLE, POLICY, PROFILE)}
    assert all(parent.endswith("slipway:index:InstanceGroup::nodes") for parent in children.values())


def test_what_others_get() -> None:
    def program() -> None:
        group = InstanceGroup(
            "nodes",
            planned(with_group()),
            image=DEBIAN,
            subnet_ids=SUBNETS,
            security_group_id="sg-role",
            state_key_arn=KEY,
        )
        pulumi.CustomResource(
            "test:index:User",
            "user",
            {
                "group": group.autoscaling_group_name,
                "template": group.launch_template_id,
                "role": group.role_name,
                "arn": group.role_arn,
            },
        )

    assert record(program).inputs("test:index:User", "user") == {
        "group": "nodes.test.example.com",
        "template": "nodes-id",
        "role": "nodes.test.example.com",
        "arn": "arn:aws:mock:::Role/nodes",
    }
