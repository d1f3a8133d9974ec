"""Rendered user-data as tests look at it: its files, and how to lay them out below a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from infra.plan.node import render_user_data
from infra.spec import EnvironmentSpec
from tests.infra.samples import sample_spec

VOLUMES = [
    {"device": "/dev/sdf", "mountPath": "/var/lib/containerd", "sizeGi": 100},
    {"device": "/dev/sdg", "mountPath": "/srv/data", "sizeGi": 20},
]


def user_data(name: str = "nodes", spec: EnvironmentSpec | None = None) -> str:
    """The user-data of one group, of the sample environment unless another is given."""
    spec = spec or sample_spec()
    return render_user_data(spec, next(group for group in spec.instance_groups if group.name == name))


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


def unpack(text: str, root: Path) -> None:
    """Write the files below `root` as cloud-init would below `/`."""
    for entry in cloud_config(text)["write_files"]:
        path = root / entry["path"].lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(entry["content"])
        path.chmod(int(entry.get("permissions", "0644"), 8))
