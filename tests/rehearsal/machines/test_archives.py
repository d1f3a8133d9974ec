from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rehearsal.machines.images import Image
from rehearsal.machines.lifecycle import Machines


@dataclass
class Group:
    name: str
    role: str


@dataclass
class Spec:
    instance_groups: tuple[Group, ...]


SPEC: Any = Spec((Group("control-plane-a", "ControlPlane"), Group("edge-a", "Edge"), Group("edge-b", "Edge")))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLIPWAY_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "machines" / "images"


def image(tmp_path: Path, name: str, *roles: str) -> Image:
    program = tmp_path / name
    program.write_bytes(name.encode())
    return Image(f"registry.example/{name}:1", {f"/{name}": program}, (f"/{name}",), roles=frozenset(roles))


def names(folder: str) -> list[str]:
    return sorted(path.name.rpartition("-")[0] for path in Path(folder).iterdir())


def test_each_role_has_a_folder_of_what_its_machines_run(cache: Path, tmp_path: Path) -> None:
    machines = Machines("here", tmp_path / "state")
    api, router = image(tmp_path, "api", "ControlPlane"), image(tmp_path, "router", "Edge")
    both = image(tmp_path, "pause", "ControlPlane", "Edge")
    folders = machines._archives(SPEC, [api, router, both])
    assert {name: names(folder) for name, folder in folders.items()} == {
        "": ["api-1", "pause-1", "router-1"],
        "control-plane-a": ["api-1", "pause-1"],
        "edge-a": ["pause-1", "router-1"],
        "edge-b": ["pause-1", "router-1"],
    }
    # What is no longer declared goes from the folders; the cache keeps it for a day.
    folders = machines._archives(SPEC, [api])
    assert names(folders["edge-a"]) == []
    assert names(str(cache)) == ["api-1", "pause-1", "router-1"]
    for archive in cache.iterdir():
        os.utime(archive, (0, 0))
    machines._archives(SPEC, [api])
    assert names(str(cache)) == ["api-1"]
