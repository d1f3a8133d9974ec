from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.plan.state_bucket import LifecycleRule, plan_state_bucket, rules_matching
from infra.plan.state_layout import (
    config_key,
    etcd_backup_prefix,
    igconfig_prefix,
    instance_group_key,
    manifests_prefix,
    pki_prefix,
    roll_lock_key,
)
from infra.plan.state_policies import bucket_policy, key_policy
from tests.infra.samples import sample_spec

SPEC = sample_spec()
PLAN = plan_state_bucket(SPEC)
NODES = SPEC.instance_groups[1]

keys = st.text(st.characters(codec="utf-8"), max_size=60)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)


def test_the_bucket_is_versioned_encrypted_and_closed() -> None:
    assert (PLAN.bucket, PLAN.account_id, PLAN.region, PLAN.environment) == (
        "acme-slipway-test",
        "111122223333",
        "eu-central-1",
        "test",
    )
    assert (PLAN.versioning, PLAN.sse_algorithm, PLAN.bucket_key) == ("Enabled", "aws:kms", True)
    assert (PLAN.block_public_access, PLAN.object_ownership) == (True, "BucketOwnerEnforced")
    assert PLAN.tags == {"team": "platform", "Name": "acme-slipway-test", "slipway/environment": "test"}


def test_the_key_is_the_environments_own_and_rotates() -> None:
    assert PLAN.key.alias == "alias/slipway-state-test"
    assert PLAN.key.description == "Slipway: state of environment test"
    assert PLAN.key.rotation is True
    assert PLAN.key.policy == key_policy("aws", "111122223333")
    assert PLAN.key.tags == {"team": "platform", "Name": "slipway-state-test", "slipway/environment": "test"}


def test_the_policy_names_the_key_it_is_given() -> None:
    assert PLAN.policy("arn:key") == bucket_policy("aws", "acme-slipway-test", "arn:key")
    china = dataclasses.replace(PLAN, region="cn-north-1")
    assert json.loads(china.policy("arn:key"))["Statement"][2]["Resource"] == "arn:aws-cn:s3:::acme-slipway-test/*"


@pytest.mark.parametrize("days", [90, 400])
def test_replaced_versions_of_named_prefixes_expire_late(days: int) -> None:
    plan = plan_state_bucket(sample_spec(state={"noncurrentVersionDays": days}))
    assert plan.lifecycle_rules == tuple(
        LifecycleRule(f"expire-replaced-{name}", prefix, days, 7, True)
        for name, prefix in [
            ("pulumi-stacks", ".pulumi/stacks/"),
            ("pulumi-history", ".pulumi/history/"),
            ("pulumi-locks", ".pulumi/locks/"),
            ("config", "test.example.com/config"),
            ("instancegroup", "test.example.com/instancegroup/"),
            ("igconfig", "test.example.com/igconfig/"),
            ("manifests", "test.example.com/manifests/"),
            ("locks", "test.example.com/locks/"),
        ]
    )


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        (".pulumi/stacks/slipway/test.json", "expire-replaced-pulumi-stacks"),
        (config_key(SPEC), "expire-replaced-config"),
        (instance_group_key(SPEC, NODES), "expire-replaced-instancegroup"),
        (igconfig_prefix(SPEC, NODES) + "nodeup.yaml", "expire-replaced-igconfig"),
        (manifests_prefix(SPEC) + "cni.yaml", "expire-replaced-manifests"),
        (roll_lock_key(SPEC), "expire-replaced-locks"),
    ],
)
def test_each_kind_of_record_has_its_rule(key: str, rule: str) -> None:
    assert [match.id for match in rules_matching(PLAN, key)] == [rule]


@given(name=st.lists(labels, min_size=1, max_size=3).map(".".join), rest=keys)
def test_no_rule_ever_matches_a_backup_or_a_ca(name: str, rest: str) -> None:
    spec = sample_spec(cluster={"name": name})
    plan = plan_state_bucket(spec)
    for folder in (etcd_backup_prefix(spec), f"{name}/backups/", ".pulumi/backups/", pki_prefix(spec)):
        assert rules_matching(plan, folder + rest) == ()


@given(rest=keys)
def test_no_rule_covers_the_whole_bucket(rest: str) -> None:
    assert all(rule.prefix for rule in PLAN.lifecycle_rules)
    assert rules_matching(PLAN, f"something-else/{rest}") == ()
