"""Golden documents of a scenario: what the program registers, in the form in which a reader judges a change of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from infra.plan.control_plane.kubeadm import kubeadm_documents
from infra.plan.environment import EnvironmentPlan, plan_environment
from infra.spec import EnvironmentSpec, load
from infra.testing.recorder import Recorder
from tests.infra.programs import declared

SCENARIOS = Path(__file__).parent
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULES = {
    "in": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "out": "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
}
ROLE, ROLE_POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
TEMPLATE, SCALING_GROUP = "aws:ec2/launchTemplate:LaunchTemplate", "aws:autoscaling/group:Group"


@dataclass(frozen=True)
class Scenario:
    """An environment, its plan, and what the program registers for it."""

    name: str
    spec: EnvironmentSpec
    plan: EnvironmentPlan
    recorder: Recorder


def scenarios() -> list[str]:
    """Return the names of all scenarios."""
    return sorted(path.parent.name for path in SCENARIOS.glob("*/Pulumi.*.yaml"))


def stack_file(name: str) -> Path:
    """Return the stack file of a scenario."""
    return SCENARIOS / name / f"Pulumi.{name}.yaml"


@cache
def scenario(name: str) -> Scenario:
    """Return a scenario, run once."""
    spec = load(stack_file(name), name)
    return Scenario(name, spec, plan_environment(spec), declared(spec))


def resources(it: Scenario) -> str:
    """Return every resource below the component that it belongs to: type, name, and whether it is protected."""
    below: dict[str, list[tuple[str, str]]] = {}
    for (token, name), request in it.recorder.requests.items():
        parent = request.parent.rpartition("::")[2] if request.parent else ""
        kind = request.parent.split("::")[2].split("$")[-1] if request.parent else ""
        below.setdefault("" if kind in ("", "pulumi:pulumi:Stack") else f"{kind}::{parent}", []).append((token, name))

    def lines(parent: str, depth: int) -> Iterator[str]:
        for token, name in sorted(below.get(parent, ())):
            if token != "pulumi:pulumi:Stack":
                protect = "  protect" if it.recorder.requests[token, name].protect else ""
                yield f"{'  ' * depth}{token}  {name}{protect}"
                yield from lines(f"{token}::{name}", depth + 1)

    return "\n".join(lines("", 0)) + "\n"


def security_rules(it: Scenario) -> str:
    """Return every rule of a security group, one a line: who, whom, what, why."""
    known = {f"{name}-id": name for name in it.recorder.names(SECURITY_GROUP)}
    rows = []
    for direction, token in RULES.items():
        for name in it.recorder.names(token):
            rule = it.recorder.inputs(token, name)
            owner = known[rule["securityGroupId"]]
            other = known.get(rule.get("referencedSecurityGroupId", ""), rule.get("cidrIpv4"))
            assert other is not None, rule
            who, whom = (owner, other) if direction == "out" else (other, owner)
            rows.append((direction, who, whom, _traffic(rule), rule["description"]))
    return "".join(f"{d:<4}{who:<18} -> {whom:<18} {what:<14} {why}\n" for d, who, whom, what, why in sorted(rows))


def _traffic(rule: Mapping[str, Any]) -> str:
    protocol = rule["ipProtocol"]
    if protocol == "-1":
        return "all"
    first, last = int(rule["fromPort"]), int(rule["toPort"])
    if protocol == "icmp":
        return f"icmp {first}/{last}"
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"


def iam(it: Scenario) -> str:
    """Return trust, boundary and policy of every role, by its AWS name."""
    documents = {}
    for name in it.recorder.names(ROLE):
        role = it.recorder.inputs(ROLE, name)
        documents[role["name"]] = {
            "boundary": role.get("permissionsBoundary"),
            "trust": json.loads(role["assumeRolePolicy"])["Statement"],
            "policy": json.loads(it.recorder.inputs(ROLE_POLICY, name)["policy"])["Statement"],
        }
    return _json(documents)


def groups(it: Scenario) -> str:
    """Return Auto Scaling group and launch template of each instance group, user-data and tags aside."""
    documents = {}
    for name in sorted(it.recorder.names(SCALING_GROUP)):
        template = it.recorder.inputs(TEMPLATE, name)
        documents[name] = {
            "autoScalingGroup": _without(it.recorder.inputs(SCALING_GROUP, name), "tags"),
            "launchTemplate": _without(template, "tags", "tagSpecifications", "userData"),
        }
    return _json(documents)


def kubeadm(it: Scenario) -> str:
    """Return kubeadm's configuration of the first member."""
    return kubeadm_documents(it.spec, it.plan.members[0], it.plan.members)


def user_data(it: Scenario) -> str:
    """Return the user-data of the first group of workers."""
    worker = next(group.identity for group in it.plan.groups if group.role == "Node")
    return base64.b64decode(it.recorder.inputs(TEMPLATE, worker)["userData"]).decode()


DOCUMENTS: Mapping[str, Callable[[Scenario], str]] = {
    "resources.txt": resources,
    "security-rules.txt": security_rules,
    "iam.json": iam,
    "groups.json": groups,
    "kubeadm.yaml": kubeadm,
    "worker-user-data.yaml": user_data,
}
"""File -> what makes its content."""


def environment_of(name: str) -> dict[str, Any]:
    """Return the environment of a scenario as its file has it, to vary."""
    document = yaml.safe_load(stack_file(name).read_text(encoding="utf-8"))
    environment = document["config"]["slipway:environment"]
    assert isinstance(environment, dict)
    return environment


def _without(inputs: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key not in keys}


def _json(value: object) -> str:
    return json.dumps(_whole(value), indent=1, sort_keys=True) + "\n"


def _whole(value: Any) -> Any:
    """Return a value with whole numbers as such: on the wire every number is a float."""
    if isinstance(value, Mapping):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
