"""etcdctl, the real one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


class Etcdctl:
    """etcdctl against one member, as a member's own certificates allow."""

    def __init__(self, program: Path, pki: Path, port: int) -> None:
        client = pki / "apiserver-etcd-client"
        self.command = [
            str(program), f"--endpoints=https://127.0.0.1:{port}", f"--cacert={pki}/etcd/ca.crt",
            f"--cert={client}.crt", f"--key={client}.key", "--dial-timeout=30s", "--command-timeout=60s",
        ]  # fmt: skip

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run([*self.command, *arguments], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def members(self) -> list[dict[str, Any]]:
        return list(json.loads(self("member", "list", "--write-out=json"))["members"])
