"""Which changes need a new object instead of an update.

The table is the vendor's `forceNew` (pulumi-kubernetes, `provider/pkg/provider/diff.go`) for the versions
that the API still serves. What the API server refuses beyond it is its error at preview or update, as with
the vendor's plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

Path = tuple[str | int, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_CONTAINER: Final = _words(
    "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext "
    "stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
)
_POD: Final = _words(
    "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork "
    "hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName "
    "readinessGates restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName "
    "shareProcessNamespace subdomain terminationGracePeriodSeconds volumes"
)
_VOLUME_SOURCES: Final = _words(
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs "
    "hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume"
)

IDENTITY: Final = ("apiVersion", "kind", "metadata.name", "metadata.namespace")
FORCE_NEW: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("apps/v1", "DaemonSet"): ("spec.selector",),
    ("apps/v1", "Deployment"): ("spec.selector",),
    ("apps/v1", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch/v1", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io/v1", "StorageClass"): ("parameters", "provisioner"),
    ("v1", "PersistentVolume"): tuple(f"spec.{source}" for source in _VOLUME_SOURCES),
    ("v1", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeName",
    ),
    ("v1", "Pod"): (
        *(f"spec.{field}" for field in _POD),
        *(f"spec.{group}.{field}" for group in ("containers", "initContainers") for field in _CONTAINER),
    ),
    ("v1", "ResourceQuota"): ("spec.scopes",),
    ("v1", "Secret"): ("type",),
    ("v1", "Service"): ("spec.clusterIP",),
}


def force_new(
    fields: Mapping[str, Any], *, config_maps_mutable: bool = False, secrets_mutable: bool = False
) -> tuple[str, ...]:
    """Return the paths (list indices left out) whose change replaces this object.

    The vendor treats ConfigMaps and Secrets as immutable unless told otherwise: a changed one gets a new
    name, and with it the pods that mount it start anew.
    """
    identity = (str(fields.get("apiVersion")), str(fields.get("kind")))
    paths = IDENTITY + FORCE_NEW.get(identity, ())
    immutable = fields.get("immutable") is True
    if identity == ("v1", "Secret") and (immutable or not secrets_mutable):
        paths += ("data", "stringData")
    if identity == ("v1", "ConfigMap") and (immutable or not config_maps_mutable):
        paths += ("data", "binaryData")
    return paths


def replaces(path: Path, force_new_paths: Iterable[str], value: Any = None) -> bool:
    """Tell whether a change at `path` replaces the object.

    It does at or below a path of the table; and above one when `value`, what was added or taken away there,
    reaches it: adding a whole `spec` adds `spec.selector` too.
    """
    names = [part for part in path if isinstance(part, str)]
    for text in force_new_paths:
        wanted = text.split(".")
        if names[: len(wanted)] == wanted:
            return True
        if wanted[: len(names)] == names and _reaches(value, wanted[len(names) :]):
            return True
    return False


def _reaches(value: Any, path: list[str]) -> bool:
    if isinstance(value, list):
        return any(_reaches(item, path) for item in value)
    if not path:
        return True
    return isinstance(value, Mapping) and path[0] in value and _reaches(value[path[0]], path[1:])
