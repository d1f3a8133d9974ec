"""The environment's intent, as kops keeps it: one object for the cluster and one for each instance group.

Every version of them stays in the bucket's history, so that what was wanted at any time can be read back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.plan.join import ApiAddress, join_document, member_join_document
from infra.plan.naming import group_identity
from infra.plan.node.document import JOIN_NAME, files_document, files_name
from infra.plan.node.yaml_text import yaml_text
from infra.plan.state_layout import config_key, igconfig_prefix, instance_group_key
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from infra.spec.workloads.workload import WorkloadSpec

API_VERSION = "slipway/v1"
CLUSTER_RECORD = "config"
"""Name of the record of the cluster as a whole."""


@dataclass(frozen=True)
class RecordPlan:
    """One object whose content is known before anything exists."""

    name: str
    """Logical name."""
    key: str
    content: str
    content_type: str
    group: str | None = None
    """Identity of the group whose machines read it when they boot; None where no machine does."""


@dataclass(frozen=True)
class JoinRecordPlan:
    """A group's ``join.json``, whose content is known once the load balancers and the token are."""

    name: str
    key: str
    is_member: bool
    group: str
    """Identity of the group whose machines read it when they boot."""

    def content(self, address: ApiAddress, authority: str, token: str) -> str:
        """Return the object's content. A member's holds no token, since it needs none."""
        return member_join_document(address) if self.is_member else join_document(address, authority, token)


@dataclass(frozen=True)
class RecordsPlan:
    """All records of an environment."""

    records: tuple[RecordPlan, ...]
    joins: tuple[JoinRecordPlan, ...]


def plan_records(spec: EnvironmentSpec) -> RecordsPlan:
    """Return the records. Objects of a group are called after the name it was created under, as everything of it is."""
    groups = spec.instance_groups
    return RecordsPlan(
        records=(
            RecordPlan(CLUSTER_RECORD, config_key(spec), yaml_text(_cluster(spec)), _YAML),
            *(
                RecordPlan(
                    f"instancegroup/{group_identity(group)}",
                    instance_group_key(spec, group),
                    yaml_text(_group(spec, group)),
                    _YAML,
                )
                for group in groups
            ),
            *(_files(spec, group) for group in groups),
        ),
        joins=tuple(
            JoinRecordPlan(
                f"{group_identity(group)}/{JOIN_NAME}",
                f"{igconfig_prefix(spec, group)}{JOIN_NAME}",
                group.role == "ControlPlane",
                group_identity(group),
            )
            for group in groups
        ),
    )


_YAML = "text/yaml"
"""The provider gives back the content of an object of type ``text/*``, and not of ``application/yaml`` (its
documentation of ``aws.s3.getObject``)."""


def _files(spec: EnvironmentSpec, group: InstanceGroupSpec) -> RecordPlan:
    document = files_document(spec, group)
    return RecordPlan(
        f"{group_identity(group)}/files.json",
        f"{igconfig_prefix(spec, group)}{files_name(document)}",
        document,
        "application/json",
        group_identity(group),
    )


def _cluster(spec: EnvironmentSpec) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "Cluster",
        "metadata": {"name": spec.cluster.name},
        # Groups have objects of their own: one that changes is then one changed object.
        "spec": {"environment": spec.name, **spec.model_dump(mode="json", by_alias=True, exclude={"instance_groups"})},
        "declared": {
            # The record of a group that is declared no more stays in the bucket.
            "instanceGroups": sorted(group_identity(group) for group in spec.instance_groups),
            # With the environment's overrides put in: what is above names them alone.
            "workloads": [_workload(each) for each in spec.declared_workloads],
        },
    }


def _workload(workload: WorkloadSpec) -> dict[str, Any]:
    written = workload.model_dump(mode="json", by_alias=True)
    return {"name": workload.name, "namespace": workload.namespace, **written}


def _group(spec: EnvironmentSpec, group: InstanceGroupSpec) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "InstanceGroup",
        "metadata": {"name": group.name, "labels": {"slipway/cluster": spec.cluster.name}},
        "spec": group.model_dump(mode="json", by_alias=True, exclude={"name"}),
    }
