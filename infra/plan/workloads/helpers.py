"""Containers that a team adds to its pods: what runs before the main one, and what runs beside it."""

from __future__ import annotations

from typing import Any

from infra.plan.workloads.folders import mounts
from infra.plan.workloads.resources import container_resources
from infra.plan.workloads.variables import variables
from infra.spec import EnvironmentSpec
from infra.spec.workloads.parts import HelperSpec
from infra.spec.workloads.workload import WorkloadSpec


def helper_containers(spec: EnvironmentSpec, workload: WorkloadSpec, security: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the containers of all helpers, in their order: each is done, or has started, before the next one starts.

    They have the variables and folders of the main container. In one pod a wall between containers would hold nothing:
    they share its network, its role and its secrets.
    """
    return [_helper(spec, workload, helper, security) for helper in workload.helpers]


def _helper(
    spec: EnvironmentSpec, workload: WorkloadSpec, helper: HelperSpec, security: dict[str, Any]
) -> dict[str, Any]:
    shared = [each for each in variables(spec, workload) if each["name"] not in helper.env]
    optional = {
        "command": list(helper.command),
        "args": list(helper.args),
        "env": [*shared, *({"name": name, "value": value} for name, value in helper.env.items())],
        "volumeMounts": mounts(workload),
        # An init container that is restarted always is a sidecar: it stops after the main container.
        "restartPolicy": "Always" if helper.runs == "beside" else None,
    }
    user = {} if helper.run_as_user is None else {"runAsUser": helper.run_as_user}
    return {
        "name": helper.name,
        "image": helper.image or workload.image,
        **{key: value for key, value in optional.items() if value},
        "resources": container_resources(helper.resources),
        "securityContext": {**security, **user},
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
