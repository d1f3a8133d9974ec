"""The program that backs etcd up, imported from its template, with a member of etcd for it that runs here."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

PATH = Path(__file__).resolve().parents[4] / "infra" / "templates" / "control_plane" / "etcd_backup.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("etcd_backup", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class PlainEtcd:
    """etcd without TLS, as processes of this machine instead of containers."""

    def __init__(self, programs: Path, endpoint: str) -> None:
        self.programs = programs
        self.endpoint = endpoint
        self.alive = True

    def running(self) -> list[str]:
        return ["etcd"] if self.alive else []

    def ctl(self, *arguments: str) -> str:
        return self._run("etcdctl", f"--endpoints={self.endpoint}", *arguments)

    def status(self, snapshot: Path) -> dict[str, Any]:
        return dict(json.loads(self._run("etcdutl", "snapshot", "status", str(snapshot), "--write-out=json")))

    def apart(self, _folder: Path, program: str, *arguments: str) -> str:
        return self._run(program, *arguments)

    def _run(self, program: str, *arguments: str) -> str:
        command = [str(self.programs / program), *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
