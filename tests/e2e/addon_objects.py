"""Machines, nodes, pods and notices for the add-ons' programs, for tests to import."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from uuid import uuid4

from infra.plan.addons.addons import plan_addons
from infra.plan.addons.iam import plan_addon_roles
from infra.plan.addons.objects import AddonObject
from infra.plan.node.registration import ROLE_LABEL
from infra.plan.scaling import plan_hook
from infra.plan.tags import group_tags, resource_tags
from rehearsal.providers.kubernetes.api import ApiError
from tests.e2e.addon_cloud import ACCOUNT, Cloud
from tests.e2e.addon_pod import Cluster, settled
from tests.e2e.test_addons import apply
from tests.infra.samples import sample_spec

SPEC = sample_spec(accountId=ACCOUNT)
ADDONS = {plan.name: plan.objects for plan in plan_addons(SPEC)}
UNINITIALIZED = {"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule"}
POD = {"containers": [{"name": "it", "image": "it:1"}], "automountServiceAccountToken": False}
ACCOUNT_OF_PODS = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "default", "namespace": "default"},
}
"""What a controller makes too, a while after a cluster begins."""
RUNNABLE = ("DaemonSet", "Deployment", "StatefulSet")


def declare(cluster: Cluster, addon: str) -> AddonObject:
    """Put all of an add-on to the API server but what runs its program, which is returned."""
    for each in ADDONS[addon]:
        if each.kind not in RUNNABLE:
            apply(cluster.provider, each, settled(each.body, {}), dry=False)
    (workload,) = (each for each in ADDONS[addon] if each.kind in RUNNABLE)
    return workload


def machine(cloud: Cloud, zone: str, tags: dict[str, str] | None = None) -> dict[str, Any]:
    """Launch a machine, with the cluster's tags unless others are given."""
    ec2 = cloud.client("ec2")
    (subnet, *_) = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [zone]}])["Subnets"]
    tags = resource_tags(SPEC, f"machine-{zone}") if tags is None else tags
    tagged = [{"Key": key, "Value": value} for key, value in tags.items()]
    (image, *_) = ec2.describe_images(Owners=["amazon"])["Images"]
    made = ec2.run_instances(
        ImageId=image["ImageId"],
        InstanceType="m7i.large",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet["SubnetId"],
        SecurityGroupIds=[workers_group(ec2, subnet["VpcId"])],
        TagSpecifications=[{"ResourceType": "instance", "Tags": tagged}] if tagged else [],
    )
    instance: dict[str, Any] = made["Instances"][0]
    return instance


def workers_group(ec2: Any, vpc: str) -> str:
    """Return the workers' security group, which is made with the first machine."""
    name = f"nodes.{SPEC.cluster.name}"
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    if found:
        return str(found[0]["GroupId"])
    tagged = [{"Key": key, "Value": value} for key, value in resource_tags(SPEC, name).items()]
    made = ec2.create_security_group(
        GroupName=name,
        Description=name,
        VpcId=vpc,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tagged}],
    )
    return str(made["GroupId"])


def register(cluster: Cluster, instance: dict[str, Any]) -> str:
    """Make the Node of a machine as its kubelet does, which is told to wait for the cloud."""
    name: str = instance["InstanceId"]
    provided = {"providerID": f"aws:///{instance['Placement']['AvailabilityZone']}/{name}"}
    body = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, ROLE_LABEL: "Node"}},
        "spec": {**provided, "taints": [UNINITIALIZED]},
    }
    cluster.ask("POST", "/api/v1/nodes", body)
    status = {"allocatable": {"cpu": "2", "memory": "8Gi", "pods": "110"}}
    cluster.ask(
        "PATCH", f"/api/v1/nodes/{name}/status", {"status": status}, content_type="application/merge-patch+json"
    )
    return name


def node(cluster: Cluster, name: str) -> dict[str, Any] | None:
    try:
        return cluster.ask("GET", f"/api/v1/nodes/{name}")
    except ApiError as error:
        if error.status != 404:
            raise
        return None


def group_of(cloud: Cloud) -> dict[str, Any]:
    """Make the Auto Scaling group `nodes` with one machine, which is returned."""
    ec2, scaling = cloud.client("ec2"), cloud.client("autoscaling")
    (group,) = (each for each in SPEC.instance_groups if each.name == "nodes")
    (image, *_) = ec2.describe_images(Owners=["amazon"])["Images"]
    data = {"ImageId": image["ImageId"], "InstanceType": group.machine_type}
    ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)
    name = f"nodes.{SPEC.cluster.name}"
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=[SPEC.network.zones[0]],
        LaunchTemplate={"LaunchTemplateName": "nodes"},
        Tags=[
            {"Key": key, "Value": value, "PropagateAtLaunch": True, "ResourceId": name,
             "ResourceType": "auto-scaling-group"}
            for key, value in group_tags(SPEC, group).items()
        ],
    )  # fmt: skip
    (made,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    # moto is told of no resources: this is the one that the role's statement names.
    (allowed,) = (
        statement["Resource"]
        for role in plan_addon_roles(SPEC)
        if role.name == "node-termination-handler"
        for statement in json.loads(role.policy)["Statement"]
        if "autoscaling:CompleteLifecycleAction" in statement["Action"]
    )
    assert fnmatchcase(made["AutoScalingGroupARN"], allowed)
    (reservation,) = ec2.describe_instances(InstanceIds=[made["Instances"][0]["InstanceId"]])["Reservations"]
    instance: dict[str, Any] = reservation["Instances"][0]
    return instance


def event(kind: str, source: str, **detail: str) -> dict[str, Any]:
    """Return an event as EventBridge puts it into the queue."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": kind,
        "source": source,
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": SPEC.region,
        "resources": [],
        "detail": detail,
    }


def notice(instance: str) -> dict[str, Any]:
    """Return the notice of a lifecycle action (Auto Scaling User Guide, "EventBridge event reference")."""
    (group,) = (each for each in SPEC.instance_groups if each.name == "nodes")
    return event(
        "EC2 Instance-terminate Lifecycle Action",
        "aws.autoscaling",
        LifecycleActionToken="0befcbdb-6ecd-498a-9ff7-ae9b54447cd6",
        AutoScalingGroupName=f"nodes.{SPEC.cluster.name}",
        LifecycleHookName=plan_hook(group).name,
        EC2InstanceId=instance,
        LifecycleTransition=plan_hook(group).transition,
    )


def interruption(instance: str) -> dict[str, Any]:
    """Return the notice that EC2 takes a Spot machine back (EC2 User Guide, "Spot Instance interruption notices")."""
    detail = {"instance-id": instance, "instance-action": "terminate"}
    return event("EC2 Spot Instance Interruption Warning", "aws.ec2", **detail)


def gone(instance: str) -> dict[str, Any]:
    """Return the notice that a machine is being terminated, which EC2 gives of any of the account."""
    detail = {"instance-id": instance, "state": "shutting-down"}
    return event("EC2 Instance State-change Notification", "aws.ec2", **detail)


def pod(app: str, name: str) -> dict[str, Any]:
    metadata = {"name": app, "namespace": "default", "labels": {"app": app}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**POD, "nodeName": name}}


def daemon(app: str) -> dict[str, Any]:
    labels = {"app": app}
    template = {"metadata": {"labels": labels}, "spec": {**POD, "tolerations": [{"operator": "Exists"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": app, "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def pods_on(cluster: Cluster, name: str) -> dict[str, dict[str, Any]]:
    """Return the pods of a node by their app; those that are to go are let go, as their kubelet would."""
    found = cluster.ask("GET", "/api/v1/pods", query={"fieldSelector": f"spec.nodeName={name}"})["items"]
    for each in found:
        metadata = each["metadata"]
        if "deletionTimestamp" in metadata:
            path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
            cluster.ask("DELETE", path, query={"gracePeriodSeconds": "0"})
    return {each["metadata"]["labels"]["app"]: each for each in found}


def waiting(sqs: Any, queue: str) -> int:
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(names))["Attributes"]
    return sum(int(found[name]) for name in names)
