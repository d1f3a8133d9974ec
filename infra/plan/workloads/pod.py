"""The pod of a workload: containers, volumes, security, spread."""

from __future__ import annotations

from typing import Any

from infra.plan.workloads.folders import folder_volumes, mounts
from infra.plan.workloads.helpers import helper_containers
from infra.plan.workloads.objects import selector, versioned_labels
from infra.plan.workloads.probes import probes
from infra.plan.workloads.resources import container_resources
from infra.plan.workloads.sidecars import sidecar_containers
from infra.plan.workloads.variables import variables
from infra.spec import EnvironmentSpec
from infra.spec.labels import parse_taint
from infra.spec.workloads.scalars import cpu_millicores
from infra.spec.workloads.workload import WorkloadSpec

DRAIN_SECONDS = 5
"""How long a stopping pod keeps answering, while proxies and load balancers learn that it goes."""
_UNPRIVILEGED = 1024
"""The kernel's first port that anybody may listen on (``net.ipv4.ip_unprivileged_port_start``). A pod may lower its
own, under ``restricted`` too (Kubernetes, "Using sysctls in a Kubernetes Cluster", safe ones)."""


def qos_class(workload: WorkloadSpec) -> str:
    """Return the quality of service that Kubernetes will give the pods: who is evicted first under pressure."""
    asked = (workload.resources, *(helper.resources for helper in workload.helpers))
    limited = all(
        each.cpu_limit is not None and cpu_millicores(each.cpu_limit) == cpu_millicores(each.cpu) for each in asked
    )
    return "Guaranteed" if limited and not workload.sidecars else "Burstable"


def pod_template(spec: EnvironmentSpec, workload: WorkloadSpec, *, restart_policy: str | None = None) -> dict[str, Any]:
    """Return the pod template."""
    security = workload.security
    group = security.run_as_user if security.run_as_group is None else security.run_as_group
    pod: dict[str, Any] = {
        "serviceAccountName": workload.name,
        "automountServiceAccountToken": False,
        # Variables for every Service of the namespace: they slow shells down and break programs that read *_PORT.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": workload.stop_within_seconds,
        "securityContext": {
            "runAsNonRoot": security.run_as_user != 0,
            "runAsUser": security.run_as_user,
            "runAsGroup": group,
            "fsGroup": group,
            # Large volumes are walked once, not at each start.
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(spec, workload)],
    }
    low = [port.port for port in workload.ports if port.port < _UNPRIVILEGED]
    if low:
        # A capability would not do: without root, and without a program that may gain rights, nobody comes to have it.
        lowest = {"name": "net.ipv4.ip_unprivileged_port_start", "value": str(min(low))}
        pod["securityContext"]["sysctls"] = [lowest]
    volumes = folder_volumes(spec, workload)
    optional = {
        "initContainers": [
            *sidecar_containers(workload, _container_security(workload)),
            *helper_containers(spec, workload, _container_security(workload)),
        ],
        "volumes": volumes,
        "topologySpreadConstraints": _spread(spec, workload),
        "nodeSelector": dict(workload.node_selector),
        "tolerations": [_toleration(taint) for taint in workload.tolerations],
        "restartPolicy": restart_policy,
    }
    pod |= {key: value for key, value in optional.items() if value}
    meta: dict[str, Any] = {"labels": versioned_labels(spec, workload)}
    annotations = {**workload.annotations, "kubectl.kubernetes.io/default-container": workload.name}
    meta["annotations"] = annotations
    return {"metadata": meta, "spec": pod}


def _container_security(workload: WorkloadSpec) -> dict[str, Any]:
    capabilities: dict[str, Any] = {"drop": ["ALL"]}
    if workload.security.capabilities:
        capabilities["add"] = list(workload.security.capabilities)
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": workload.security.read_only_root_filesystem,
        "capabilities": capabilities,
    }


def _container(spec: EnvironmentSpec, workload: WorkloadSpec) -> dict[str, Any]:
    ports = [{"name": p.name, "containerPort": p.port, "protocol": p.protocol} for p in workload.ports]
    drains = workload.ports and workload.stop_within_seconds > 2 * DRAIN_SECONDS
    optional = {
        "command": list(workload.command),
        "args": list(workload.args),
        "ports": ports,
        "env": variables(spec, workload),
        "volumeMounts": mounts(workload),
        "lifecycle": {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}} if drains else None,
    }
    return {
        "name": workload.name,
        "image": workload.image,
        **{key: value for key, value in optional.items() if value},
        "resources": container_resources(workload.resources),
        **probes(workload),
        "securityContext": _container_security(workload),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _spread(spec: EnvironmentSpec, workload: WorkloadSpec) -> list[dict[str, Any]]:
    if workload.kind not in ("Deployment", "StatefulSet"):
        return []
    keys = (("topology.kubernetes.io/zone", workload.spread.zones), ("kubernetes.io/hostname", workload.spread.hosts))
    made = []
    for key, strength in keys:
        if strength == "none":
            continue
        constraint: dict[str, Any] = {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "DoNotSchedule" if strength == "required" else "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector(spec, workload.name)},
            # Nodes that a pod could not go to must not count as empty ones.
            "nodeTaintsPolicy": "Honor",
        }
        if workload.kind == "Deployment":
            # Spread each version by itself: the old one, going away, must not push the new one aside.
            constraint["matchLabelKeys"] = ["pod-template-hash"]
        made.append(constraint)
    return made


def _toleration(text: str) -> dict[str, str]:
    taint = parse_taint(text)
    value = {"operator": "Equal", "value": taint.value} if taint.value else {"operator": "Exists"}
    return {"key": taint.key, **value, "effect": taint.effect}
