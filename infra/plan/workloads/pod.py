"""The pod of a workload: containers, volumes, security, spread."""

from __future__ import annotations

from typing import Any

from infra.plan.workloads.identity import TOKEN_PATH, aws_variables, token_volume
from infra.plan.workloads.objects import (
    KubernetesObject,
    SecretReference,
    digest_of,
    metadata,
    selector,
    versioned_labels,
)
from infra.plan.workloads.probes import probes
from infra.plan.workloads.sidecars import sidecar_containers, sidecar_files, sidecar_mounts, sidecar_volumes
from infra.spec import EnvironmentSpec
from infra.spec.labels import parse_taint
from infra.spec.workloads.scalars import cpu_millicores
from infra.spec.workloads.workload import WorkloadSpec

CONFIG_PATH, SECRETS_PATH = "/etc/config", "/etc/secrets"
DRAIN_SECONDS = 5
"""How long a stopping pod keeps answering, while proxies and load balancers learn that it goes."""


def qos_class(workload: WorkloadSpec) -> str:
    """Return the quality of service that Kubernetes will give the pods: who is evicted first under pressure."""
    resources = workload.resources
    limited = resources.cpu_limit is not None and cpu_millicores(resources.cpu_limit) == cpu_millicores(resources.cpu)
    return "Guaranteed" if limited and not workload.sidecars else "Burstable"


def config_maps(spec: EnvironmentSpec, workload: WorkloadSpec) -> tuple[KubernetesObject, ...]:
    """Return the ConfigMaps. Each is named by its contents and never changes: other contents are another object,
    which old pods do not see, and whose name in the pod template starts new ones."""
    files = {"config": dict(workload.config), "agents": sidecar_files(spec, workload)}
    return tuple(
        KubernetesObject(
            "v1",
            "ConfigMap",
            f"{workload.name}-{purpose}",
            {
                "metadata": metadata(spec, workload, f"{workload.name}-{purpose}-{digest_of(data)}"),
                "data": data,
                "immutable": True,
            },
        )
        for purpose, data in files.items()
        if data
    )


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
    volumes = _volumes(spec, workload)
    optional = {
        "initContainers": sidecar_containers(workload, _container_security(workload)),
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
    resources = workload.resources
    disk = {"ephemeral-storage": resources.ephemeral_storage}
    limits = {"memory": resources.memory, **disk}
    if resources.cpu_limit is not None:
        limits["cpu"] = resources.cpu_limit
    ports = [{"name": p.name, "containerPort": p.port, "protocol": p.protocol} for p in workload.ports]
    drains = workload.ports and workload.stop_within_seconds > 2 * DRAIN_SECONDS
    optional = {
        "command": list(workload.command),
        "args": list(workload.args),
        "ports": ports,
        "env": _env(spec, workload),
        "volumeMounts": _mounts(workload),
        "lifecycle": {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}} if drains else None,
    }
    return {
        "name": workload.name,
        "image": workload.image,
        **{key: value for key, value in optional.items() if value},
        "resources": {"requests": {"cpu": resources.cpu, "memory": resources.memory, **disk}, "limits": limits},
        **probes(workload),
        "securityContext": _container_security(workload),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _env(spec: EnvironmentSpec, workload: WorkloadSpec) -> list[dict[str, Any]]:
    plain = [
        {"name": name, "value": value} for name, value in {**workload.env, **aws_variables(spec, workload)}.items()
    ]
    secret = [
        {
            "name": each.env,
            "valueFrom": {
                "secretKeyRef": {"name": each.existing or SecretReference(f"{workload.name}-secrets"), "key": each.name}
            },
        }
        for each in workload.secrets
        if each.env is not None
    ]
    return [*plain, *secret]


def _mounts(workload: WorkloadSpec) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = []
    if workload.config:
        mounts.append({"name": "config", "mountPath": CONFIG_PATH, "readOnly": True})
    if workload.secrets:
        mounts.append({"name": "secrets", "mountPath": SECRETS_PATH, "readOnly": True})
    mounts += [{"name": claim.name, "mountPath": claim.path} for claim in workload.claims]
    mounts += [{"name": f"scratch-{i}", "mountPath": each.path} for i, each in enumerate(workload.scratch)]
    if workload.aws:
        mounts.append({"name": "aws-token", "mountPath": TOKEN_PATH, "readOnly": True})
    return [*mounts, *sidecar_mounts(workload)]


def _volumes(spec: EnvironmentSpec, workload: WorkloadSpec) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = []
    names = {each.logical_name.rpartition("-")[2]: each.name for each in config_maps(spec, workload)}
    volumes += [{"name": purpose, "configMap": {"name": name}} for purpose, name in names.items()]
    if workload.secrets:
        volumes.append({"name": "secrets", "projected": {"sources": _secret_sources(workload), "defaultMode": 0o440}})
    if workload.kind == "Deployment":
        volumes += [
            {
                "name": claim.name,
                "persistentVolumeClaim": {"claimName": f"{workload.name}-{claim.name}"},
            }
            for claim in workload.claims
        ]
    for index, folder in enumerate(workload.scratch):
        place: dict[str, Any] = {"sizeLimit": f"{folder.size_mi}Mi"}
        if folder.medium == "memory":
            place["medium"] = "Memory"
        volumes.append({"name": f"scratch-{index}", "emptyDir": place})
    if workload.aws:
        volumes.append(token_volume())
    return [*volumes, *sidecar_volumes(workload)]


def _secret_sources(workload: WorkloadSpec) -> list[dict[str, Any]]:
    """Return what is mounted together as one folder: each secret is a file of its name."""
    sources: dict[str, list[str]] = {}
    for secret in workload.secrets:
        sources.setdefault(secret.existing or "", []).append(secret.name)
    return [
        {
            "secret": {
                "name": existing or SecretReference(f"{workload.name}-secrets"),
                "items": [{"key": key, "path": key} for key in keys],
            }
        }
        for existing, keys in sources.items()
    ]


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
