"""A component of ours under another name: with an alias nothing happens to what lives, without one it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.specs import small

pytestmark = pytest.mark.e2e

# The components that need no machine, so that no control plane has to start.
PROGRAM = """
import pulumi
import pulumi_aws as aws

from infra.components.network import Network
from infra.components.state_bucket import StateBucket
from infra.plan.environment import plan_environment
from infra.spec import from_mapping

plan = plan_environment(from_mapping(pulumi.Config("slipway").get_object("environment"), pulumi.get_stack()))
provider = aws.Provider("aws", region="eu-central-1")


def options(*old_names):
    aliases = [pulumi.Alias(name=name) for name in old_names]
    return pulumi.ResourceOptions(provider=provider, aliases=aliases)


{components}
"""
AT_FIRST = """
StateBucket("state", plan.state_bucket, opts=options())
Network("network", plan.network, opts=options())
"""
RENAMED_WITH_ALIASES = """
StateBucket("store", plan.state_bucket, opts=options("state"))
Network("vpc", plan.network, opts=options("network"))
"""
RENAMED = """
StateBucket("store", plan.state_bucket, opts=options())
Network("vpc", plan.network, opts=options())
"""


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    yield from rehearsed(home, "rename", small("rename"))


def test_01_up(env: Rehearsed) -> None:
    write(env, AT_FIRST)
    env.run("up", "--skip-preview").ok()
    assert len(vpcs(env)) == 1
    assert env.changes() == {}


def test_02_renamed_components_with_an_alias_change_nothing(env: Rehearsed) -> None:
    write(env, RENAMED_WITH_ALIASES)
    assert env.changes() == {}


def test_03_without_the_alias_the_preview_refuses_to_delete_what_is_protected(env: Rehearsed) -> None:
    write(env, RENAMED)
    refused = env.engine("preview", "--non-interactive")
    assert refused.status != 0
    assert "::state" in refused.output
    assert "protected" in refused.output


def test_04_an_update_under_the_new_names_keeps_every_thing(env: Rehearsed) -> None:
    kept = vpcs(env)
    write(env, RENAMED_WITH_ALIASES)
    env.run("up", "--skip-preview").ok()
    assert vpcs(env) == kept
    # The state has the new names now; the alias may go with a later release.
    write(env, RENAMED)
    assert env.changes() == {}


def write(env: Rehearsed, components: str) -> None:
    (env.project / "__main__.py").write_text(PROGRAM.format(components=components), encoding="utf-8")


def vpcs(env: Rehearsed) -> set[str]:
    found = env.client("ec2").describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["false"]}])["Vpcs"]
    return {vpc["VpcId"] for vpc in found}
