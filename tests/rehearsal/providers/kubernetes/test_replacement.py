from __future__ import annotations

from typing import Any

import pytest

from rehearsal.providers.kubernetes.replacement import Path, force_new, replaces


def of(api_version: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, **fields}


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        (of("v1", "Pod"), ("metadata", "name"), True),
        (of("v1", "Pod"), ("metadata", "namespace"), True),
        (of("v1", "Pod"), ("metadata", "labels", "a"), False),
        (of("v1", "Pod"), ("kind",), True),
        (of("v1", "Pod"), ("apiVersion",), True),
        (of("v1", "Pod"), ("spec", "containers", 0, "image"), True),
        (of("v1", "Pod"), ("spec", "containers", 1, "env", 0, "value"), True),
        (of("v1", "Pod"), ("spec", "initContainers", 0, "command"), True),
        (of("v1", "Pod"), ("spec", "containers", 0, "name"), False),
        (of("v1", "Pod"), ("spec", "volumes", 0), True),
        (of("v1", "Pod"), ("spec", "tolerations", 0), False),
        (of("apps/v1", "Deployment"), ("spec", "selector", "matchLabels", "app"), True),
        (of("apps/v1", "Deployment"), ("spec", "template", "spec", "containers", 0, "image"), False),
        (of("apps/v1", "Deployment"), ("spec", "replicas"), False),
        (of("apps/v1", "DaemonSet"), ("spec", "selector"), True),
        (of("apps/v1", "StatefulSet"), ("spec", "volumeClaimTemplates", 0, "spec"), True),
        (of("apps/v1", "StatefulSet"), ("spec", "serviceName"), True),
        (of("apps/v1", "StatefulSet"), ("spec", "replicas"), False),
        (of("batch/v1", "Job"), ("spec", "template", "spec"), True),
        (of("batch/v1", "Job"), ("spec", "backoffLimit"), False),
        (of("batch/v1", "CronJob"), ("spec", "jobTemplate", "spec", "template"), False),
        (of("v1", "Service"), ("spec", "clusterIP"), True),
        (of("v1", "Service"), ("spec", "clusterIPs"), False),
        (of("v1", "Service"), ("spec", "type"), False),
        (of("v1", "PersistentVolumeClaim"), ("spec", "accessModes", 0), True),
        (of("v1", "PersistentVolumeClaim"), ("spec", "storageClassName"), True),
        (of("v1", "PersistentVolumeClaim"), ("spec", "resources", "requests", "storage"), False),
        (of("v1", "PersistentVolume"), ("spec", "csi", "volumeHandle"), True),
        (of("v1", "PersistentVolume"), ("spec", "capacity", "storage"), False),
        (of("v1", "ResourceQuota"), ("spec", "scopes"), True),
        (of("v1", "ResourceQuota"), ("spec", "hard", "pods"), False),
        (of("storage.k8s.io/v1", "StorageClass"), ("provisioner",), True),
        (of("storage.k8s.io/v1", "StorageClass"), ("parameters", "type"), True),
        (of("storage.k8s.io/v1", "StorageClass"), ("allowVolumeExpansion",), False),
        (of("rbac.authorization.k8s.io/v1", "RoleBinding"), ("roleRef", "name"), True),
        (of("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"), ("roleRef",), True),
        (of("rbac.authorization.k8s.io/v1", "RoleBinding"), ("subjects", 0), False),
        (of("rbac.authorization.k8s.io/v1", "Role"), ("rules", 0), False),
        (of("v1", "Secret"), ("type",), True),
        (of("v1", "Secret"), ("data", "k"), True),
        (of("v1", "ConfigMap"), ("data", "k"), True),
        (of("v1", "ConfigMap"), ("binaryData", "k"), True),
        (of("v1", "ConfigMap"), ("immutable",), False),
        (of("slipway.test/v1", "Deployment"), ("spec", "selector"), False),
    ],
)
def test_table(fields: dict[str, Any], path: Path, expected: bool) -> None:
    assert replaces(path, force_new(fields)) is expected


@pytest.mark.parametrize(
    ("fields", "switches", "expected"),
    [
        (of("v1", "ConfigMap"), {"config_maps_mutable": True}, False),
        (of("v1", "ConfigMap", immutable=True), {"config_maps_mutable": True}, True),
        (of("v1", "ConfigMap"), {"secrets_mutable": True}, True),
        (of("v1", "Secret"), {"secrets_mutable": True}, False),
        (of("v1", "Secret", immutable=True), {"secrets_mutable": True}, True),
        (of("v1", "Secret"), {"config_maps_mutable": True}, True),
    ],
)
def test_mutable_data(fields: dict[str, Any], switches: dict[str, bool], expected: bool) -> None:
    assert replaces(("data", "k"), force_new(fields, **switches)) is expected


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("spec",), {"selector": {"matchLabels": {}}, "replicas": 1}, True),
        (("spec",), {"replicas": 1}, False),
        (("spec",), None, False),
        (("metadata",), {"name": "n"}, True),
        (("metadata",), {"labels": {}}, False),
    ],
)
def test_a_change_above_the_path_counts_when_it_reaches_it(path: Path, value: Any, expected: bool) -> None:
    assert replaces(path, force_new(of("apps/v1", "Deployment")), value) is expected


def test_a_list_is_looked_into() -> None:
    paths = force_new(of("v1", "Pod"))
    assert replaces(("spec", "containers", 0), paths, {"name": "a", "image": "b"}) is True
    assert replaces(("spec", "containers", 0), paths, {"name": "a"}) is False
    assert replaces(("spec", "containers"), paths, [{"name": "a"}, {"image": "b"}]) is True
