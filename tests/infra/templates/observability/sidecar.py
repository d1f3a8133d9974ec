"""A script of a sidecar, run on folders of a test and without its pauses."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self, TypeVar

SCRIPTS = Path(__file__).parents[4] / "infra" / "templates" / "observability"

Found = TypeVar("Found")


class Sidecar:
    """A script that runs until the test is through."""

    def __init__(self, name: str, instead: Mapping[str, str], programs: Path | None = None) -> None:
        """Start it with other paths and addresses; ``programs`` is a folder of what stands in for programs."""
        text = (SCRIPTS / name).read_text()
        for declared, there in instead.items():
            assert declared in text
            text = text.replace(declared, there)
        text, count = re.subn(r"^every=\d+$", "every=0.1", text, flags=re.MULTILINE)
        assert count == 1
        path = os.environ["PATH"] if programs is None else f"{programs}:{os.environ['PATH']}"
        self.process = subprocess.Popen(
            ["sh", "-c", text],
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Return it, running."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, however the test ended."""
        self.process.kill()
        self.process.communicate()

    def eventually(self, holds: Callable[[], Found | None], seconds: float = 20) -> Found:
        """Return the first thing found that is something."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.process.communicate()
            if found := holds():
                return found
            time.sleep(0.02)
        self.process.kill()
        raise AssertionError(self.process.communicate())

    def ended(self) -> tuple[int, str]:
        """End it as the kubelet does; return its status and what it has said of what went wrong."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said
