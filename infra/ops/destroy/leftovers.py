"""What controllers in the cluster, or a roll, left in AWS: no program knows it, and it keeps the network from going.

It is found by the tags its makers set:

- ``kubernetes.io/cluster/<name>`` = ``owned``: the AWS cloud provider (``pkg/providers/v1/tags.go``), on load balancers
  and their security groups;
- ``elbv2.k8s.aws/cluster`` = ``<name>``: the AWS Load Balancer Controller (its docs, "Annotations": resource tags);
- ``CSIVolumeName``, ``ebs.csi.aws.com/cluster``: the EBS CSI driver (``pkg/cloud/cloud.go``), on volumes and snapshots;
- ``cluster.k8s.amazonaws.com/name``: the VPC CNI, on network interfaces.

A machine that a roll, or somebody, took out of its Auto Scaling group does not go with the group. It is found by the
first tag, too, as kops does (``findDetachedInstances`` in ``upup/pkg/fi/cloudup/awsup``).

The program's own resources carry the first too, as do the disks and interfaces of its machines. So what the state knows
is no leftover, a volume is one only with a tag of the CSI driver, and an interface only when nothing uses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import boto3

from infra.ops.aws import ec2_items, elb_tags
from infra.ops.errors import aws_errors
from infra.ops.state.checkpoint import Checkpoint
from infra.plan.tags import CLAIM_NAME_TAG, CLAIM_NAMESPACE_TAG
from infra.spec import EnvironmentSpec

Kind = Literal[
    "machine", "load balancer", "classic load balancer", "target group", "network interface", "volume", "security group"
]


_IDS_AT_ONCE = 50
"""Instances that Auto Scaling tells of in one call (API Reference, "DescribeAutoScalingInstances")."""


@dataclass(frozen=True)
class Leftover:
    """One thing that a controller made."""

    kind: Kind
    id: str
    """By which it is deleted: an ARN, a name or an ID."""
    name: str
    """By which an operator knows it."""
    made_for: str
    """What in the cluster it was made for; empty where no tag says it."""

    def __str__(self) -> str:
        """Return it for a line of a list."""
        named = "" if self.name == self.id else f" {self.name}"
        return f"{self.kind}{named} ({self.id}){f', made for {self.made_for}' if self.made_for else ''}"


def managed(state: Checkpoint) -> frozenset[str]:
    """Return the IDs and ARNs of everything that a state knows, which is the engine's to delete."""
    found = set()
    for resource in state.resources:
        outputs = resource.get("outputs") or {}
        found |= {str(value) for value in (resource.get("id"), outputs.get("arn"), outputs.get("name")) if value}
    return frozenset(found)


def find_leftovers(session: boto3.Session, spec: EnvironmentSpec, known: frozenset[str]) -> list[Leftover]:
    """Return the leftovers in the order in which they can be deleted.

    Raises:
        OpsError: AWS cannot be asked.
    """
    cluster = spec.cluster.name
    with aws_errors(f"look for what controllers of {cluster} made"):
        ec2 = session.client("ec2")
        found = [
            *_machines(ec2, session.client("autoscaling"), cluster),
            *_balancers(session.client("elbv2"), cluster),
            *_classic(session.client("elb"), cluster),
            *_interfaces(ec2, cluster),
            *_volumes(ec2, cluster),
            *_groups(ec2, cluster),
        ]
    return [each for each in found if each.id not in known]


def _is_of(tags: Mapping[str, str], cluster: str) -> bool:
    return (
        tags.get(f"kubernetes.io/cluster/{cluster}") == "owned"
        or tags.get("elbv2.k8s.aws/cluster") == cluster
        or tags.get("cluster.k8s.amazonaws.com/name") == cluster
    )


def _made_for(tags: Mapping[str, str]) -> str:
    service = tags.get("kubernetes.io/service-name") or tags.get("service.k8s.aws/stack")
    ingress = tags.get("ingress.k8s.aws/stack")
    claim = tags.get(CLAIM_NAME_TAG)
    if service:
        return f"service {service}"
    if ingress:
        return f"ingress {ingress}"
    if claim:
        return f"volume claim {tags.get(CLAIM_NAMESPACE_TAG, '')}/{claim}"
    return tags.get("CSIVolumeName", "")


def _mapping(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def _machines(ec2: Any, scaling: Any, cluster: str) -> Iterator[Leftover]:
    filters = {
        f"tag:kubernetes.io/cluster/{cluster}": ["owned"],
        "instance-state-name": ["pending", "running", "stopping", "stopped"],
    }
    reservations = ec2_items(ec2, "describe_instances", "Reservations", filters)
    names = {
        each["InstanceId"]: _mapping(each["Tags"]).get("Name", "")
        for reservation in reservations
        for each in reservation["Instances"]
    }
    grouped: set[str] = set()
    for start in range(0, len(names), _IDS_AT_ONCE):
        ids = list(names)[start : start + _IDS_AT_ONCE]
        found = scaling.describe_auto_scaling_instances(InstanceIds=ids)["AutoScalingInstances"]
        grouped |= {each["InstanceId"] for each in found}
    for identity, name in names.items():
        if identity not in grouped:
            yield Leftover("machine", identity, f"{name}, in no Auto Scaling group".removeprefix(", "), "")


def _balancers(elb: Any, cluster: str) -> Iterator[Leftover]:
    for kind, operation, listed, id_, name in (
        ("load balancer", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn", "LoadBalancerName"),
        ("target group", "describe_target_groups", "TargetGroups", "TargetGroupArn", "TargetGroupName"),
    ):
        pages = elb.get_paginator(operation).paginate()
        names = {each[id_]: each[name] for page in pages for each in page[listed]}
        for described in elb_tags(elb, "ResourceArns", names):
            tags, arn = _mapping(described["Tags"]), described["ResourceArn"]
            if _is_of(tags, cluster):
                yield Leftover(kind, arn, names[arn], _made_for(tags))  # type: ignore[arg-type]


def _classic(elb: Any, cluster: str) -> Iterator[Leftover]:
    pages = elb.get_paginator("describe_load_balancers").paginate()
    names = [each["LoadBalancerName"] for page in pages for each in page["LoadBalancerDescriptions"]]
    for described in elb_tags(elb, "LoadBalancerNames", names):
        tags, name = _mapping(described["Tags"]), described["LoadBalancerName"]
        if _is_of(tags, cluster):
            yield Leftover("classic load balancer", name, name, _made_for(tags))


def _tagged(
    ec2: Any, operation: str, listed: str, id_: str, cluster: str, filters: dict[str, list[str]]
) -> list[Mapping[str, Any]]:
    """Return what carries a tag that names the cluster, each once."""
    found: dict[str, Mapping[str, Any]] = {}
    for key, value in (
        (f"kubernetes.io/cluster/{cluster}", "owned"),
        ("elbv2.k8s.aws/cluster", cluster),
        ("cluster.k8s.amazonaws.com/name", cluster),
    ):
        found |= {each[id_]: each for each in ec2_items(ec2, operation, listed, {f"tag:{key}": [value], **filters})}
    return list(found.values())


def _interfaces(ec2: Any, cluster: str) -> Iterator[Leftover]:
    found = _tagged(
        ec2,
        "describe_network_interfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        cluster,
        {"status": ["available"]},
    )
    for each in found:
        yield Leftover("network interface", each["NetworkInterfaceId"], each.get("Description", ""), "")


def _volumes(ec2: Any, cluster: str) -> Iterator[Leftover]:
    for each in _tagged(ec2, "describe_volumes", "Volumes", "VolumeId", cluster, {}):
        tags = _mapping(each.get("Tags", ()))
        if "CSIVolumeName" in tags or "ebs.csi.aws.com/cluster" in tags or CLAIM_NAME_TAG in tags:
            name = f"{tags.get('Name', '')} {each['Size']} GiB".strip()
            yield Leftover("volume", each["VolumeId"], name, _made_for(tags))


def _groups(ec2: Any, cluster: str) -> Iterator[Leftover]:
    for each in _tagged(ec2, "describe_security_groups", "SecurityGroups", "GroupId", cluster, {}):
        yield Leftover("security group", each["GroupId"], each["GroupName"], _made_for(_mapping(each.get("Tags", ()))))
