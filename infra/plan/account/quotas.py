"""Whether an account's quotas leave room for an environment: what is over one fails half-way through an update.

Codes are those of Service Quotas; each quota is of one region. Room is judged for what an update makes at once: groups
at their least size. What autoscaling may add later is not held against the quota of vCPUs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.plan.account.facts import AccountFacts, MachineType, Quota
from infra.plan.environment import EnvironmentPlan
from infra.plan.launch_template import machine_types
from infra.spec import InstanceGroupSpec, Problem
from infra.spec.errors import Location

VPCS = "L-F678F1CE"
"""VPCs per Region, 5 at first (Amazon VPC quotas)."""

ADDRESSES = "L-0263D0A3"
"""EC2-VPC Elastic IPs, 5 at first (Amazon VPC quotas, "Elastic IP addresses per Region")."""

BALANCERS = "L-69A177A2"
"""Network Load Balancers per Region (Quotas for your Network Load Balancers)."""

VCPUS = "L-1216C47A"
"""Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs (EC2 User Guide, "On-Demand Instance
quotas")."""

SERVICES = {VPCS: "vpc", ADDRESSES: "ec2", BALANCERS: "elasticloadbalancing", VCPUS: "ec2"}
"""Code of a quota -> code of its service."""

NAMES = {VPCS: "VPCs", ADDRESSES: "Elastic IP addresses", BALANCERS: "Network Load Balancers", VCPUS: "vCPUs on demand"}

_STANDARD = re.compile(r"(a|c|d|h|i|im|is|m|r|t|z)[0-9].*")
"""Families that share the quota of standard instances; ``inf``, ``hpc``, ``mac`` and others have their own."""


@dataclass(frozen=True)
class Need:
    """How much of a quota an environment takes."""

    amount: int
    at: Location
    """What in the spec it comes from."""
    instead: str = ""
    """What else may be done than to have the quota raised."""


def is_standard(machine_type: str) -> bool:
    """Say whether an instance type counts against the quota :data:`VCPUS`."""
    return _STANDARD.match(machine_type) is not None


def needs(plan: EnvironmentPlan, types: Mapping[str, MachineType]) -> dict[str, Need]:
    """Return what an environment takes of each quota, by code; what it takes nothing of is left out."""
    groups = plan.spec.instance_groups
    balancers = len(plan.api.balancers) + (1 if plan.edge is not None else 0)
    every = {
        VPCS: Need(1 if plan.network.existing_vpc_id is None else 0, ("network",)),
        ADDRESSES: Need(
            sum(each.existing_address is None for each in plan.network.nat_gateways),
            ("network", "nat"),
            "take `nat: single` or `nat: none`",
        ),
        BALANCERS: Need(balancers, ("cluster", "api") if plan.edge is None else ("edge",)),
        VCPUS: Need(
            sum(_vcpus(group, types) for group in groups), ("instanceGroups",), "take smaller machines or fewer"
        ),
    }
    return {code: need for code, need in every.items() if need.amount}


def check_quotas(plan: EnvironmentPlan, facts: AccountFacts) -> Iterator[Problem]:
    """Yield the quotas that have no room for the environment. Of one that is not told nothing is said here."""
    for code, need in needs(plan, facts.machine_types).items():
        quota = facts.quotas[code]
        over = 0 if quota.allowed is None else quota.others + need.amount - quota.allowed
        if over > 0:
            problem = (
                f"needs {need.amount:,} {quota.name}, and of the {quota.allowed:,} that the account may have in "
                f"{plan.spec.region} others use {quota.others:,}"
            )
            yield Problem(need.at, problem, _way(plan, quota, need))


def _way(plan: EnvironmentPlan, quota: Quota, need: Need) -> str:
    raised = (
        f"ask AWS for more (`aws service-quotas request-service-quota-increase --region {plan.spec.region} "
        f"--service-code {quota.service} --quota-code {quota.code} --desired-value {quota.others + need.amount}`)"
    )
    return f"{raised}, or {need.instead}" if need.instead else raised


def _vcpus(group: InstanceGroupSpec, types: Mapping[str, MachineType]) -> int:
    """Return the vCPUs on demand that a group cannot do without: those of its smallest type, or of its least range."""
    machines = 0 if group.retire else max(group.min_size, group.desired_size or 0)
    mixed = group.mixed_instances_policy
    if mixed is not None:
        base = min(machines, mixed.on_demand_base)
        machines = base + math.ceil((machines - base) * mixed.on_demand_above_base / 100)
        if mixed.instance_requirements is not None:
            return machines * mixed.instance_requirements.cpu.min
    sizes = [types[name].vcpus if is_standard(name) else 0 for name in machine_types(group) if name in types]
    return machines * min(sizes, default=0)
