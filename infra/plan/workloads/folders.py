"""Files and folders of a workload's containers: ConfigMaps, volumes, and where each is mounted."""

from __future__ import annotations

from typing import Any

from infra.plan.workloads.identity import token_volume
from infra.plan.workloads.objects import KubernetesObject, SecretReference, digest_of, metadata
from infra.plan.workloads.sidecars import sidecar_files, sidecar_mounts, sidecar_volumes
from infra.spec import EnvironmentSpec
from infra.spec.workloads.files import config_key
from infra.spec.workloads.folder_rules import TOKEN_FOLDER
from infra.spec.workloads.workload import WorkloadSpec

CONFIG_PATH, SECRETS_PATH = "/etc/config", "/etc/secrets"


def config_maps(spec: EnvironmentSpec, workload: WorkloadSpec) -> tuple[KubernetesObject, ...]:
    """Return the ConfigMaps. Each is named by its contents and never changes: other contents are another object,
    which old pods do not see, and whose name in the pod template starts new ones."""
    own = {config_key(name): text for name, text in workload.config.items()}
    files = {"config": own, "agents": sidecar_files(spec, workload)}
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


def mounts(workload: WorkloadSpec) -> list[dict[str, Any]]:
    """Return what the main container mounts."""
    made: list[dict[str, Any]] = []
    named, placed = _config_names(workload)
    if named:
        made.append({"name": "config", "mountPath": CONFIG_PATH, "readOnly": True})
    if workload.secrets:
        made.append({"name": "secrets", "mountPath": SECRETS_PATH, "readOnly": True})
    for claim in workload.claims:
        within = {} if claim.sub_path is None else {"subPath": claim.sub_path}
        made.append({"name": claim.name, "mountPath": claim.path, **within})
    made += [{"name": f"scratch-{i}", "mountPath": each.path} for i, each in enumerate(workload.scratch)]
    # A file that is mounted alone never follows its ConfigMap, which here never changes.
    made += [
        {"name": "config-files", "mountPath": path, "subPath": config_key(path), "readOnly": True} for path in placed
    ]
    if workload.aws:
        made.append({"name": "aws-token", "mountPath": TOKEN_FOLDER, "readOnly": True})
    return [*made, *sidecar_mounts(workload)]


def _config_names(workload: WorkloadSpec) -> tuple[list[str], list[str]]:
    """Return the configuration files that have names alone, and those with a place of their own."""
    placed = [name for name in workload.config if name.startswith("/")]
    return [name for name in workload.config if name not in placed], placed


def folder_volumes(spec: EnvironmentSpec, workload: WorkloadSpec) -> list[dict[str, Any]]:
    """Return the volumes of the pod."""
    volumes: list[dict[str, Any]] = []
    names = {each.logical_name.rpartition("-")[2]: each.name for each in config_maps(spec, workload)}
    volumes += _config_volumes(workload, names.get("config", ""))
    if "agents" in names:
        volumes.append({"name": "agents", "configMap": {"name": names["agents"]}})
    if workload.secrets:
        volumes.append({"name": "secrets", "projected": {"sources": _secret_sources(workload), "defaultMode": 0o440}})
    if workload.kind != "StatefulSet":
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


def _config_volumes(workload: WorkloadSpec, config_map: str) -> list[dict[str, Any]]:
    named, placed = _config_names(workload)
    made: list[dict[str, Any]] = []
    if named:
        items = {"items": [{"key": name, "path": name} for name in named]} if placed else {}
        made.append({"name": "config", "configMap": {"name": config_map, **items}})
    if placed:
        made.append({"name": "config-files", "configMap": {"name": config_map}})
    return made


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
