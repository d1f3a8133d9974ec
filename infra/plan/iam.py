"""IAM of an instance group: a role of its own, so that its machines read its own keys of the state bucket and no other.

kops has one role for all nodes and another for all control planes. Here each group has its own, and what a stolen
worker can read is one group's configuration. What the cluster's own controllers need of AWS (load balancers, volumes,
scaling) is no concern of the machines: it belongs to the roles of those controllers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.plan.control_plane.encryption import encryption_context, reads_kms
from infra.plan.naming import MEMBER_TAG, group_identity, group_resource_name
from infra.plan.policy_document import policy_document
from infra.plan.state_layout import (
    config_key,
    etcd_backup_prefix,
    igconfig_prefix,
    manifests_prefix,
    pki_prefix,
    running_key,
)
from infra.plan.tags import group_tags
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from infra.spec.mirrors import ecr_caches
from infra.spec.partition import partition_of

ROLE_POLICY_NAME = "read-own-state"

_DNS_SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-us-gov": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
"""Partition -> DNS suffix of its services, as botocore's ``partitions.json`` has them; the EC2 service's principal and
the names in ``kms:ViaService`` end so."""

Statement = dict[str, Any]

PULL_ACTIONS = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
"""What pulling an image takes (ECR User Guide, "Repository policy examples")."""


@dataclass(frozen=True)
class StateAccess:
    """What of the state bucket a group's machines may touch."""

    bucket_arn: str
    readable: tuple[str, ...]
    """Keys, and prefixes with a ``*`` behind them."""
    writable: tuple[str, ...]
    own_statements: tuple[Statement, ...]
    """What the machines may do beside the state bucket."""
    via_service: str
    """The service through which alone the key may be used: S3 in the environment's region."""
    wrapping: Mapping[str, str] | None = None
    """The encryption context with which the key may be used without S3 between, by a member that has Secrets' keys
    wrapped by KMS."""

    def policy(self, key_arn: str) -> str:
        """Return the inline role policy as JSON, given the ARN of the key that encrypts the state.

        The bucket has an S3 Bucket Key, so the encryption context S3 gives KMS is the bucket's ARN and not the
        object's (S3 User Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys"). It ties the key's use to
        this bucket; which objects may be read is said by the S3 statements.
        """
        statements: list[Statement] = [
            {
                "Sid": "ListOwnKeys",
                "Effect": "Allow",
                "Action": "s3:ListBucket",
                "Resource": self.bucket_arn,
                "Condition": {"StringLike": {"s3:prefix": list(self.readable)}},
            },
            {
                "Sid": "ReadOwnKeys",
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": [f"{self.bucket_arn}/{key}" for key in self.readable],
            },
        ]
        key_use = ["kms:Decrypt"]
        if self.writable:
            # A multipart upload, which a large snapshot is, both encrypts and decrypts (S3 User Guide).
            key_use.append("kms:GenerateDataKey")
            statements.append(
                {
                    "Sid": "WriteOwnKeys",
                    "Effect": "Allow",
                    "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
                    "Resource": [f"{self.bucket_arn}/{key}" for key in self.writable],
                }
            )
        statements.append(
            {
                "Sid": "UseStateKeyThroughBucket",
                "Effect": "Allow",
                "Action": key_use,
                "Resource": key_arn,
                "Condition": {
                    "StringEquals": {
                        "kms:EncryptionContext:aws:s3:arn": self.bucket_arn,
                        "kms:ViaService": self.via_service,
                    }
                },
            }
        )
        if self.wrapping is not None:
            context = {f"kms:EncryptionContext:{key}": value for key, value in self.wrapping.items()}
            statements.append(
                {
                    "Sid": "WrapKeysOfSecrets",
                    "Effect": "Allow",
                    "Action": ["kms:Decrypt", "kms:Encrypt"],
                    "Resource": key_arn,
                    "Condition": {"StringEquals": context},
                }
            )
        return policy_document([*statements, *self.own_statements])


@dataclass(frozen=True)
class GroupIamPlan:
    """Role, inline policy and instance profile of one group."""

    name: str
    """Name of the role and of the instance profile."""
    description: str
    trust_policy: str
    """JSON: EC2 alone may hand the role out."""
    policy_name: str
    state: StateAccess
    permissions_boundary: str | None
    tags: Mapping[str, str]


def dns_suffix(region: str) -> str:
    """Return the DNS suffix of AWS services in a region."""
    return _DNS_SUFFIXES[partition_of(region)]


def plan_group_iam(spec: EnvironmentSpec, group: InstanceGroupSpec) -> GroupIamPlan:
    """Return the IAM of one group."""
    suffix = dns_suffix(spec.region)
    trust: Statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"ec2.{suffix}"},
        "Action": "sts:AssumeRole",
    }
    return GroupIamPlan(
        name=group_resource_name(spec, group),
        description=f"Machines of one instance group of {spec.cluster.name}",
        trust_policy=policy_document([trust]),
        policy_name=ROLE_POLICY_NAME,
        state=StateAccess(
            bucket_arn=f"arn:{partition_of(spec.region)}:s3:::{spec.state.bucket}",
            readable=_readable(spec, group),
            writable=_writable(spec, group),
            own_statements=(
                *pull_statements(spec),
                *(_member_statements(spec, group) if group.role == "ControlPlane" else ()),
            ),
            via_service=f"s3.{spec.region}.{suffix}",
            wrapping=encryption_context(spec) if group.role == "ControlPlane" and reads_kms(spec) else None,
        ),
        permissions_boundary=spec.cluster.iam.permissions_boundary,
        tags=group_tags(spec, group),
    )


_ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<repository>[^:@]+)"
)


def pull_statements(spec: EnvironmentSpec) -> tuple[Statement, ...]:
    """Return the right to pull images from Amazon ECR: the account's own in the region, and those that workloads name.

    kops lets every machine pull from, describe and list every registry that lets it (``addECRPermissions`` in
    ``pkg/model/iam/iam_builder.go``).
    """
    partition = partition_of(spec.region)
    own = f"arn:{partition}:ecr:{spec.region}:{spec.account_id}:repository/*"
    images = (image for workload in spec.declared_workloads for _, image in workload.images)
    named = {
        f"arn:{partition}:ecr:{found['region']}:{found['account']}:repository/{found['repository']}"
        for found in map(_ECR_IMAGE.match, images)
        if found and (found["region"], found["account"]) != (spec.region, spec.account_id)
    }
    return (
        # Has no permissions for single resources (Service Authorization Reference, ECR).
        {"Sid": "LogInToRegistries", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {
            "Sid": "PullImages",
            "Effect": "Allow",
            "Action": list(PULL_ACTIONS),
            "Resource": [own, *sorted(named)],
        },
        *_cache_statements(spec),
    )


def _cache_statements(spec: EnvironmentSpec) -> Iterator[Statement]:
    """Yield the right to have a pull-through cache fetch what it lacks (ECR User Guide, "IAM permissions required to
    sync an upstream registry")."""
    arn = f"arn:{partition_of(spec.region)}:ecr:{spec.region}:{spec.account_id}:repository"
    prefixes = {cache.prefix for cache in ecr_caches(spec.cluster.registry_mirrors).values()}
    if prefixes:
        yield {
            "Sid": "FillCaches",
            "Effect": "Allow",
            "Action": ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
            "Resource": [f"{arn}/{prefix}/*" for prefix in sorted(prefixes)],
        }


def _member_statements(spec: EnvironmentSpec, group: InstanceGroupSpec) -> Iterator[Statement]:
    """Yield what a member needs to take over its own address and volume: of all in the account, these two alone.

    kops gives control planes ``ec2:AttachVolume`` on whatever carries the cluster's tag; here the member's own tag must
    match, too, on what is attached and on the machine that it is attached to.
    """
    partition, cluster = partition_of(spec.region), spec.cluster.name
    arn = f"arn:{partition}:ec2:{spec.region}:{spec.account_id}"
    own = {"aws:ResourceTag/KubernetesCluster": cluster, f"aws:ResourceTag/{MEMBER_TAG}": group_identity(group)}
    # Retention hides old snapshots behind delete markers. No version can be deleted, nor a control file be hidden.
    yield {
        "Sid": "HideOldSnapshots",
        "Effect": "Allow",
        "Action": "s3:DeleteObject",
        "Resource": [f"arn:{partition}:s3:::{spec.state.bucket}/{etcd_backup_prefix(spec)}*.db"],
    }
    # Describing has no permissions for single resources (Service Authorization Reference, EC2).
    yield {
        "Sid": "FindOwnMember",
        "Effect": "Allow",
        "Action": ["ec2:DescribeNetworkInterfaces", "ec2:DescribeVolumes"],
        "Resource": "*",
    }
    for sid, action, kind in (
        ("TakeOwnAddress", "ec2:AttachNetworkInterface", "network-interface"),
        ("TakeOwnVolume", "ec2:AttachVolume", "volume"),
    ):
        yield {
            "Sid": sid,
            "Effect": "Allow",
            "Action": action,
            "Resource": [f"{arn}:{kind}/*", f"{arn}:instance/*"],
            "Condition": {"StringEquals": own},
        }


def _writable(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[str, ...]:
    if group.role != "ControlPlane":
        return ()
    return (f"{etcd_backup_prefix(spec)}*", running_key(spec, group_identity(group)))


def _readable(spec: EnvironmentSpec, group: InstanceGroupSpec) -> tuple[str, ...]:
    own = f"{igconfig_prefix(spec, group)}*"
    if group.role != "ControlPlane":
        return (own,)
    return (
        own,
        config_key(spec),
        f"{pki_prefix(spec)}*",
        f"{manifests_prefix(spec)}*",
        f"{etcd_backup_prefix(spec)}*",
    )
