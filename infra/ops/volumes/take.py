"""Taking a snapshot of a claim's volume."""

from __future__ import annotations

from typing import Any

from infra.ops.errors import OpsError, aws_errors
from infra.ops.volumes.view import Claim
from infra.plan.tags import CLAIM_NAME_TAG, CLAIM_NAMESPACE_TAG, resource_tags
from infra.spec import EnvironmentSpec


def take_snapshot(ec2: Any, spec: EnvironmentSpec, claim: Claim) -> str:
    """Begin a snapshot of a claim's volume and return its ID; EC2 copies the data as they are at this moment.

    Raises:
        OpsError: the claim has no EBS volume, or AWS refuses.
    """
    if claim.disk is None or not claim.disk.handle:
        raise OpsError(
            f"the claim {claim.key} has no EBS volume",
            claim.phase if claim.disk is None else claim.storage_class,
            "name one that slipway volumes list shows with a volume",
        )
    name = f"{claim.key.namespace}-{claim.key.name}.{spec.cluster.name}"
    told = {CLAIM_NAMESPACE_TAG: claim.key.namespace, CLAIM_NAME_TAG: claim.key.name}
    tags = [{"Key": key, "Value": value} for key, value in resource_tags(spec, name, told).items()]
    with aws_errors(f"take a snapshot of {claim.disk.handle}"):
        made = ec2.create_snapshot(
            VolumeId=claim.disk.handle,
            Description=f"{claim.key} of {spec.cluster.name}, by slipway volumes snapshot",
            TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}],
        )
    return str(made["SnapshotId"])
