"""Planned add-ons and ways into them, for tests to import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.plan.addons.addons import plan_addons
from infra.plan.addons.objects import AddonPlan
from infra.spec import EnvironmentSpec
from tests.infra.samples import sample_spec

WORKLOADS = ("DaemonSet", "Deployment")


def addons(spec: EnvironmentSpec | None = None) -> dict[str, AddonPlan]:
    """Return the add-ons of an environment by name."""
    return {plan.name: plan for plan in plan_addons(spec or sample_spec())}


def of_both_networks() -> list[AddonPlan]:
    """Return every add-on there is, those that both pod networks have once."""
    return list(
        {**addons(), **addons(sample_spec(cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"}))}.values()
    )


def body(plan: AddonPlan, kind: str, name: str) -> dict[str, Any]:
    """Return one manifest of an add-on."""
    (found,) = (each.body for each in plan.objects if (each.kind, each.name) == (kind, name))
    return dict(found)


def workloads(plan: AddonPlan) -> Iterator[dict[str, Any]]:
    """Yield the manifests that make pods."""
    yield from (dict(each.body) for each in plan.objects if each.kind in WORKLOADS)


def pod(workload: dict[str, Any]) -> dict[str, Any]:
    """Return the spec of a workload's pods."""
    spec: dict[str, Any] = workload["spec"]["template"]["spec"]
    return spec


def containers(workload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all containers of a workload's pods."""
    return [*pod(workload).get("initContainers", []), *pod(workload)["containers"]]


def container(workload: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one container of a workload's pods."""
    (found,) = (each for each in containers(workload) if each["name"] == name)
    return dict(found)


def environment(of: dict[str, Any]) -> dict[str, Any]:
    """Return the environment variables of a container that have a value."""
    return {variable["name"]: variable["value"] for variable in of.get("env", []) if "value" in variable}
