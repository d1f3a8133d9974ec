from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.loaders import Loader

from infra.plan.iam import GroupIamPlan, plan_group_iam
from infra.plan.state_layout import config_key, etcd_backup_prefix, igconfig_prefix, manifests_prefix, pki_prefix
from infra.spec import EnvironmentSpec
from infra.spec.partition import partition_of
from tests.infra.plan.golden_files import golden
from tests.infra.plan.policy_linter import findings
from tests.infra.samples import group_mapping, sample_spec, with_group

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CONTROL_PLANE, NODES, EDGE = range(3)


def plan(group: int = NODES, spec: EnvironmentSpec | None = None) -> GroupIamPlan:
    spec = spec or sample_spec()
    return plan_group_iam(spec, spec.instance_groups[group])


def in_region(region: str) -> EnvironmentSpec:
    zone = f"{region}a"
    groups = [{"name": "cp", "role": "ControlPlane", "zones": [zone]}, group_mapping()]
    return sample_spec(region=region, network={"zones": [zone]}, instanceGroups=groups)


def objects(document: str, action: str) -> list[str]:
    statements = [s for s in json.loads(document)["Statement"] if action in s["Action"]]
    assert len(statements) == 1
    return [resource.removeprefix("arn:aws:s3:::acme-slipway-test/") for resource in statements[0]["Resource"]]


@pytest.mark.parametrize(("group", "name"), [(CONTROL_PLANE, "control-plane"), (NODES, "node"), (EDGE, "edge")])
def test_policies_are_the_golden_ones(group: int, name: str) -> None:
    assert json.loads(plan(group).state.policy(KEY)) == golden(f"role-policy-{name}")


def test_ec2_alone_hands_roles_out() -> None:
    for group in (CONTROL_PLANE, NODES, EDGE):
        assert json.loads(plan(group).trust_policy) == golden("trust-policy")


def partitions() -> list[Any]:
    return [
        (region, partition["partition"], partition["dnsSuffix"])
        for partition in Loader().load_data("endpoints")["partitions"]
        for region in sorted(partition["regions"])[:1]
        if partition["partition"] != "aws-eusc"  # its regions do not have the form the spec accepts
    ]


@pytest.mark.parametrize(("region", "partition", "suffix"), partitions())
def test_names_of_services_are_those_of_the_partition(region: str, partition: str, suffix: str) -> None:
    iam = plan(1, in_region(region))
    assert partition_of(region) == partition
    assert json.loads(iam.trust_policy)["Statement"][0]["Principal"] == {"Service": f"ec2.{suffix}"}
    assert iam.state.via_service == f"s3.{region}.{suffix}"
    assert iam.state.bucket_arn == f"arn:{partition}:s3:::acme-slipway-test"


def test_all_partitions_are_covered() -> None:
    assert {"aws", "aws-cn", "aws-us-gov"} <= {partition for _, partition, _ in partitions()}


@pytest.mark.parametrize("group", [CONTROL_PLANE, NODES, EDGE])
def test_a_linter_of_policies_finds_nothing(group: int) -> None:
    assert findings(plan(group).state.policy(KEY)) == []


def test_the_linter_does_find_what_is_wrong() -> None:
    document = plan().state.policy(KEY)
    assert findings(document.replace("kms:ViaService", "kms:ViaServices"))
    assert findings(document.replace("s3:GetObject", "s3:GetObjekt"))


def reaches(patterns: list[str], key: str) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in patterns)


def test_workers_read_their_own_groups_keys_and_no_other() -> None:
    spec = sample_spec(instanceGroups=[*map(dict, groups_with_lookalikes())])
    own = {group.name: f"{igconfig_prefix(spec, group)}nodeupconfig.yaml" for group in spec.instance_groups}
    for group in spec.instance_groups:
        readable = objects(plan_group_iam(spec, group).state.policy(KEY), "s3:GetObject")
        assert {name for name, key in own.items() if reaches(readable, key)} == {group.name}
        secrets = [
            f"{pki_prefix(spec)}private/ca.key",
            config_key(spec),
            f"{manifests_prefix(spec)}cni.yaml",
            f"{etcd_backup_prefix(spec)}main/1",
        ]
        assert [reaches(readable, key) for key in secrets] == [group.role == "ControlPlane"] * 4
        assert not reaches(readable, ".pulumi/stacks/slipway/test.json")


def groups_with_lookalikes() -> list[dict[str, Any]]:
    return [
        {"name": "control-plane-a", "role": "ControlPlane", "zones": ["eu-central-1a"]},
        group_mapping("nodes"),
        group_mapping("nodes-2"),
        group_mapping("node"),
        {"name": "edge", "role": "Edge"},
    ]


def test_the_control_plane_alone_writes_and_only_etcd_backups_and_its_own_note() -> None:
    spec = sample_spec()
    assert objects(plan(CONTROL_PLANE).state.policy(KEY), "s3:PutObject") == [
        f"{etcd_backup_prefix(spec)}*",
        "test.example.com/running/control-plane-a.json",
    ]
    for group in (NODES, EDGE):
        document = plan(group).state.policy(KEY)
        assert "Put" not in document
        assert "GenerateDataKey" not in document


def test_the_control_plane_hides_old_snapshots_and_deletes_no_version() -> None:
    policy = plan(CONTROL_PLANE).state.policy(KEY)
    assert objects(policy, "s3:DeleteObject") == [f"{etcd_backup_prefix(sample_spec())}*.db"]
    assert "DeleteObjectVersion" not in policy
    for group in (NODES, EDGE):
        assert "Delete" not in plan(group).state.policy(KEY)


def test_names_and_boundary() -> None:
    boundary = "arn:aws:iam::111122223333:policy/limit"
    iam = plan(NODES, sample_spec(cluster={"iam": {"permissionsBoundary": boundary}}))
    assert iam.permissions_boundary == boundary
    assert iam.name == "nodes.test.example.com"
    assert iam.policy_name == "read-own-state"
    assert iam.description == "Machines of one instance group of test.example.com"
    assert iam.tags["slipway/instance-group"] == "nodes"
    assert plan().permissions_boundary is None


def test_a_rename_moves_no_permission() -> None:
    before = plan(NODES)
    after = plan(NODES, with_group(name="nodes", renamedFrom="old"))
    assert after.name == "old.test.example.com"
    renamed = sample_spec(instanceGroups=[groups_with_lookalikes()[0], group_mapping("workers", renamedFrom="nodes")])
    moved = plan(1, renamed)
    assert (moved.name, moved.state, moved.trust_policy) == (before.name, before.state, before.trust_policy)
    assert moved.tags == {**before.tags, "slipway/instance-group": "workers"}


def test_documents_fit_iams_quota_with_the_longest_names() -> None:
    cluster = "a" * 50
    groups = [
        {"name": "control-plane", "role": "ControlPlane", "zones": ["eu-central-1a"]},
        group_mapping("nodes"),
    ]
    iam = plan(
        0,
        sample_spec(
            cluster={"name": cluster}, state={"bucket": "b" * 63, "issuerBucket": "acme-issuer"}, instanceGroups=groups
        ),
    )
    # 10,240 characters in all inline policies of a role (IAM quotas).
    assert len(iam.state.policy(KEY)) < 10_240
    assert len(iam.name) == 64
