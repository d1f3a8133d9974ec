"""Policies that somebody put on the program's IAM roles: they are in no state, so no refresh can see them."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3

from infra.ops.errors import aws_errors
from infra.ops.preview.events import Run
from infra.ops.preview.permissions import ATTACHMENT

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"

INLINE, MANAGED = "inlinePolicies", "managedPolicyArns"
"""Properties of a role that hold its policies. A provider fills them in where the program leaves them out, and so tells
there what the program declares as resources, too (``resourceRoleRead`` of terraform-provider-aws)."""


@dataclass(frozen=True)
class BesidePolicy:
    """One policy that is on a role of the program and not of the program."""

    id: str
    """The name of an inline policy, the ARN of a managed one."""
    role: str
    """The role's name in IAM."""
    words: str
    """Which policy it is, and of which role."""
    remove: str
    """The command that takes it off the role."""


def find_policies(session: boto3.Session, run: Run) -> tuple[BesidePolicy, ...]:
    """Return the policies that are on the run's roles and not in its state, by role. Each role is asked for once.

    Raises:
        OpsError: AWS cannot be asked.
    """
    roles = roles_of(run)
    if not roles:
        return ()
    iam = session.client("iam")
    found: list[BesidePolicy] = []
    declared = _declared(run)
    with aws_errors("read the policies of the environment's roles"):
        for role, within in sorted(roles.items()):
            if INLINE not in within:
                names = set(_listed(iam, "list_role_policies", "PolicyNames", role)) - declared[role]
                found += [_inline(role, name) for name in sorted(names)]
            if MANAGED not in within:
                attached = _listed(iam, "list_attached_role_policies", "AttachedPolicies", role)
                arns = {str(each["PolicyArn"]) for each in attached} - declared[role]
                found += [_managed(role, arn) for arn in sorted(arns)]
    return tuple(found)


def roles_of(run: Run) -> dict[str, frozenset[str]]:
    """Return name in IAM -> what it declares within itself, of the roles that a refresh found.

    That is :data:`INLINE` or :data:`MANAGED`, for which a refresh tells every difference.
    """
    return {
        step.state.id: frozenset({INLINE, MANAGED} & (step.old or step.state).inputs.keys())
        for step in run.results
        if step.type == ROLE and step.op != "delete" and step.state.id
    }


def _declared(run: Run) -> defaultdict[str, set[str]]:
    """Return role -> names of inline policies and ARNs of managed ones that resources of the run put on it."""
    names = {ROLE_POLICY: "name", ATTACHMENT: "policyArn"}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for step in run.results:
        if step.type in names:
            found[str(step.state.inputs.get("role"))].add(str(step.state.inputs.get(names[step.type])))
    return found


def _listed(iam: Any, operation: str, listed: str, role: str) -> Iterator[Any]:
    for page in iam.get_paginator(operation).paginate(RoleName=role):
        yield from page[listed]


def _inline(role: str, name: str) -> BesidePolicy:
    command = ["aws", "iam", "delete-role-policy", "--role-name", role, "--policy-name", name]
    return BesidePolicy(name, role, f"inline policy {name} of role {role}", shlex.join(command))


def _managed(role: str, arn: str) -> BesidePolicy:
    command = ["aws", "iam", "detach-role-policy", "--role-name", role, "--policy-arn", arn]
    return BesidePolicy(arn, role, f"managed policy {arn} of role {role}", shlex.join(command))
