"""Rules that somebody added to the environment's security groups: they are in no state, so no refresh can see them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from infra.ops.aws import FILTER_VALUES, ec2_items
from infra.ops.errors import aws_errors
from infra.ops.preview.events import Run, State
from infra.ops.preview.openings import EGRESS, GROUP, INGRESS, rules_of

CONTROLLERS = "kubernetes.io/rule/"
"""How the descriptions begin of rules that the cloud controller manager keeps for load balancers of Services
(cloud-provider-aws, ``pkg/providers/v1/aws_loadbalancer.go``: ``NLBClientRuleDescription`` and its like)."""


@dataclass(frozen=True)
class Beside:
    """One rule that is in a group of the program and not of the program."""

    id: str
    group: str
    """The program's name of the security group."""
    words: str
    """What the rule lets through, as a sentence without a verb."""
    alarming: bool
    """Whether it lets the whole internet in."""
    remove: str
    """The command that takes it away."""


def find_beside(session: boto3.Session, run: Run) -> tuple[Beside, ...]:
    """Return the rules that are in the run's security groups and not in its state, the gravest first.

    Raises:
        OpsError: AWS cannot be asked.
    """
    groups = list(groups_of(run))
    ec2 = session.client("ec2")
    found: list[Mapping[str, Any]] = []
    with aws_errors("read the rules of the environment's security groups"):
        for start in range(0, len(groups), FILTER_VALUES):
            part = groups[start : start + FILTER_VALUES]
            found.extend(ec2_items(ec2, "describe_security_group_rules", "SecurityGroupRules", {"group-id": part}))
    return beside_of(run, found)


def beside_of(run: Run, rules: Iterable[Mapping[str, Any]]) -> tuple[Beside, ...]:
    """Return which of EC2's ``rules`` no resource of the run stands for, the gravest first.

    Groups that declare rules within themselves are left out: for those a refresh tells every difference.
    """
    names = groups_of(run)
    inline = {
        step.state.id for step in run.results if step.type == GROUP and {"ingress", "egress"} & step.state.inputs.keys()
    }
    declared = {step.state.id for step in run.results if step.type in (INGRESS, EGRESS)}
    beside = [
        _beside(rule, names)
        for rule in rules
        if rule["GroupId"] in names
        and rule["GroupId"] not in inline
        and rule["SecurityGroupRuleId"] not in declared
        and not str(rule.get("Description", "")).startswith(CONTROLLERS)
    ]
    return tuple(sorted(beside, key=lambda each: (not each.alarming, each.group, each.words, each.id)))


def groups_of(run: Run) -> dict[str, str]:
    """Return ID -> name of the security groups that a refresh found."""
    return {
        step.state.id: step.name for step in run.results if step.type == GROUP and step.op != "delete" and step.state.id
    }


def _beside(rule: Mapping[str, Any], names: Mapping[str, str]) -> Beside:
    referenced = rule.get("ReferencedGroupInfo", {}).get("GroupId")
    inputs = {
        "securityGroupId": rule["GroupId"],
        "ipProtocol": rule.get("IpProtocol"),
        "fromPort": rule.get("FromPort"),
        "toPort": rule.get("ToPort"),
        "cidrIpv4": rule.get("CidrIpv4"),
        "cidrIpv6": rule.get("CidrIpv6"),
        "prefixListId": rule.get("PrefixListId"),
        "referencedSecurityGroupId": referenced,
        "description": rule.get("Description"),
    }
    kind = EGRESS if rule["IsEgress"] else INGRESS
    identifier, group = rule["SecurityGroupRuleId"], rule["GroupId"]
    (told,) = rules_of(kind, identifier, State(inputs, {}), names)
    verb = f"revoke-security-group-{'egress' if rule['IsEgress'] else 'ingress'}"
    command = ["aws", "ec2", verb, "--group-id", group, "--security-group-rule-ids", identifier]
    return Beside(identifier, names[group], told.words(), told.inward and told.to_everyone, shlex.join(command))
