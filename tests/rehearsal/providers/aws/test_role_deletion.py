"""A role with policies that are not the program's: IAM refuses to delete it, but for one that takes them off first."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.providers.aws.lifecycle import Lifecycle
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.aws.types import KINDS
from tests.rehearsal.providers.aws.world import World, policy, trust


@pytest.fixture
def role(aws: Aws) -> Lifecycle:
    return Lifecycle(KINDS["aws:iam/role:Role"], aws)


def _inputs(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "assumeRolePolicy": trust("ec2"), **more}


def _burden(world: World, name: str, kind: str) -> None:
    if kind == "inline":
        world.aws.call("iam", "put_role_policy", RoleName=name, PolicyName="backdoor", PolicyDocument=policy("s3:Get*"))
    else:
        world.aws.call("iam", "attach_role_policy", RoleName=name, PolicyArn=world.managed_policy)


def _attached(world: World) -> int:
    answer = world.aws.call("iam", "get_policy", PolicyArn=world.managed_policy)
    return int(answer["Policy"]["AttachmentCount"])


@pytest.mark.parametrize("kind", ["inline", "managed"])
def test_a_policy_of_somebody_else_keeps_a_role(role: Lifecycle, world: World, kind: str) -> None:
    inputs = _inputs(f"kept-{kind}")
    identifier, state = role.create(inputs, preview=False)
    assert state["forceDetachPolicies"] is False
    _burden(world, identifier, kind)
    with pytest.raises(AwsError) as refused:
        role.delete(identifier, state)
    assert refused.value.code == "DeleteConflict"
    assert role.read(identifier, state, inputs) is not None


def test_a_role_that_is_forced_takes_its_policies_off_and_goes(role: Lifecycle, world: World) -> None:
    inputs = _inputs("forced", forceDetachPolicies=True)
    identifier, state = role.create(inputs, preview=False)
    attached = _attached(world)
    _burden(world, identifier, "inline")
    _burden(world, identifier, "managed")
    assert _attached(world) == attached + 1
    role.delete(identifier, state)
    assert role.read(identifier, state, inputs) is None
    # The policy itself is somebody else's, and stays.
    assert _attached(world) == attached


def test_a_role_made_without_it_is_forced_after_an_update(role: Lifecycle, world: World) -> None:
    old = _inputs("later")
    identifier, state = role.create(old, preview=False)
    _burden(world, identifier, "inline")
    new = {**old, "forceDetachPolicies": True}
    state = role.update(identifier, state, old, new, [], preview=False)
    # What only the provider knows is no drift: a refresh gives it as declared.
    assert role.read(identifier, state, new) == (state, new)
    role.delete(identifier, state)
    assert role.read(identifier, state, new) is None
