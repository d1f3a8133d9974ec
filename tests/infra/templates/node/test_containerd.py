"""containerd's configuration, judged by containerd."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.infra.plan.node.rendered import files_of, user_data
from tests.infra.templates.node.tools import needs

CRI = "io.containerd.grpc.v1.cri"


def config() -> str:
    return files_of(user_data())["/etc/containerd/config.toml"]


def cri(document: dict[str, Any]) -> dict[str, Any]:
    found = document["plugins"][CRI]
    assert isinstance(found, dict)
    return found


def test_the_whole_configuration() -> None:
    assert tomllib.loads(config()) == {
        "version": 2,
        "imports": ["/etc/containerd/conf.d/*.toml"],
        "plugins": {
            CRI: {
                "sandbox_image": "registry.k8s.io/pause:3.10.2",
                "cni": {"bin_dir": "/opt/cni/bin", "conf_dir": "/etc/cni/net.d"},
                "containerd": {
                    "default_runtime_name": "runc",
                    "runtimes": {"runc": {"runtime_type": "io.containerd.runc.v2", "options": {"SystemdCgroup": True}}},
                },
                "registry": {"config_path": "/etc/containerd/certs.d"},
            }
        },
    }


@needs("containerd", "containerd")
def test_containerd_reads_every_setting_where_it_looks_for_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(config())
    result = subprocess.run(
        ["containerd", "--config", str(path), "config", "dump"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    effective = cri(tomllib.loads(result.stdout))
    assert effective["sandbox_image"] == "registry.k8s.io/pause:3.10.2"
    assert effective["cni"]["bin_dir"] == "/opt/cni/bin"
    assert effective["registry"]["config_path"] == "/etc/containerd/certs.d"
    assert effective["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is True


@needs("containerd", "containerd")
@pytest.mark.parametrize("broken", ["version = 2\nplugins = 1\n", "version = \n"])
def test_containerd_refuses_what_it_cannot_read(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(broken)
    command = ["containerd", "--config", str(path), "config", "dump"]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
