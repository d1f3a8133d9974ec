"""AWS tags. Each resource gets them written out: a provider's default tags do not reach ASG machines and volumes."""

from __future__ import annotations

from collections.abc import Mapping

from infra.plan.naming import group_identity
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from infra.spec.labels import AUTOSCALER_HINTS

CLUSTER_TAG = "KubernetesCluster"
"""Tag by which AWS is asked for what is a cluster's; kops's and the AWS cloud provider's."""

CLAIM_NAMESPACE_TAG = "kubernetes.io/created-for/pvc/namespace"
CLAIM_NAME_TAG = "kubernetes.io/created-for/pvc/name"
"""Tags by which the EBS CSI driver says which claim a volume was made for (its ``--extra-create-metadata``)."""


def resource_tags(spec: EnvironmentSpec, name: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the tags of a resource called ``name``.

    ``KubernetesCluster`` and ``kubernetes.io/cluster/<name>`` are what kops sets and what the AWS cloud provider finds
    the cluster's subnets and security groups by.
    """
    return {
        **spec.tags,
        "Name": name,
        CLUSTER_TAG: spec.cluster.name,
        f"kubernetes.io/cluster/{spec.cluster.name}": "owned",
        "slipway/environment": spec.name,
        **(extra or {}),
    }


def tag_pairs(spec: EnvironmentSpec) -> str:
    """Return the environment's tags as ``key=value,...``, which controllers in the cluster take for what they make.

    Keys end at the first ``=`` there, so a tag whose key has one is left out. Commas are in no tag that the spec takes.
    """
    tags = {**spec.tags, "slipway/environment": spec.name}
    return ",".join(f"{key}={value}" for key, value in sorted(tags.items()) if "=" not in key)


def state_tags(spec: EnvironmentSpec, name: str) -> dict[str, str]:
    """Return the tags of the state bucket and its key, which belong to the environment but outlive the cluster."""
    return {**spec.tags, "Name": name, "slipway/environment": spec.name}


def group_tags(spec: EnvironmentSpec, group: InstanceGroupSpec) -> dict[str, str]:
    """Return the tags of an instance group's machines, volumes and network interfaces.

    Not those that the cluster-autoscaler alone reads, of the group: their change would roll machines for nothing.
    """
    labels = {key: value for key, value in group.cloud_labels.items() if not key.startswith(AUTOSCALER_HINTS)}
    own = {
        "slipway/instance-group": group.name,
        "slipway/role": group.role,
    }
    return resource_tags(spec, f"{group_identity(group)}.{spec.cluster.name}", {**labels, **own})
