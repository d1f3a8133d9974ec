"""Rendered user-data as tests look at it: its files, and how to lay them out below a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from infra.plan.node.document import document_files
from infra.plan.node.user_data import render_user_data
from infra.spec import EnvironmentSpec, InstanceGroupSpec
from tests.infra.samples import sample_spec

VOLUMES = [
    {"device": "/dev/sdf", "mountPath": "/var/lib/containerd", "sizeGi": 100},
    {"device": "/dev/sdg", "mountPath": "/srv/data", "sizeGi": 20},
]


def user_data(name: str = "nodes", spec: EnvironmentSpec | None = None) -> str:
    """The user-data of one group, of the sample environment unless another is given."""
    spec = spec or sample_spec()
    return render_user_data(spec, group_of(name, spec))


def cloud_config(text: str) -> dict[str, Any]:
    document = yaml.safe_load(text)
    assert isinstance(document, dict)
    return document


def files_of(text: str) -> dict[str, str]:
    return {entry["path"]: entry["content"] for entry in cloud_config(text)["write_files"]}


def kubelet_config(text: str) -> dict[str, Any]:
    config = yaml.safe_load(files_of(text)["/etc/kubernetes/kubelet.yaml"])
    assert isinstance(config, dict)
    return config


def group_of(name: str, spec: EnvironmentSpec) -> InstanceGroupSpec:
    return next(group for group in spec.instance_groups if group.name == name)


def fetched_files(name: str = "nodes", spec: EnvironmentSpec | None = None) -> dict[str, str]:
    """What a group's machines fetch at their first boot, by path."""
    spec = spec or sample_spec()
    return {file.path: file.content for file in document_files(spec, group_of(name, spec))}


def unpack_fetched(root: Path, name: str = "nodes", spec: EnvironmentSpec | None = None) -> None:
    """Write below `root` what the group's machines fetch."""
    spec = spec or sample_spec()
    for file in document_files(spec, group_of(name, spec)):
        path = root / file.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content)
        path.chmod(0o755 if file.executable else 0o644)


def unpack(text: str, root: Path) -> None:
    """Write the files below `root` as cloud-init would below `/`."""
    for entry in cloud_config(text)["write_files"]:
        path = root / entry["path"].lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(entry["content"])
        path.chmod(int(entry.get("permissions", "0644"), 8))
