"""Programs that machines and their pods run and that no toolchain table has: the pod network's plugins, and our own."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from rehearsal.cache import cache_home
from rehearsal.machines.commands import run
from rehearsal.toolchain.build import GO_FLAGS
from rehearsal.toolchain.cache import lock_path
from rehearsal.toolchain.golang import find_go
from rehearsal.toolchain.lock import build_lock
from rehearsal.toolchain.progress import BuildProgress
from rehearsal.toolchain.release import TOOLS_FOLDER

_BUILD_SECONDS: Final = 900
_PLUGINS: Final = "github.com/containernetworking/plugins/plugins"


@dataclass(frozen=True)
class Programs:
    """Programs built together from one Go module of ours."""

    module: str
    packages: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The programs' names."""
        return tuple(package.rpartition("/")[2] for package in self.packages)

    @property
    def key(self) -> str:
        """The folder's name in the cache: the sources are part of it."""
        digest = hashlib.sha256()
        for path in self._sources():
            digest.update(str(path.relative_to(TOOLS_FOLDER)).encode() + b"\0" + path.read_bytes())
        return f"{self.module}-{digest.hexdigest()[:12]}"

    def _sources(self) -> Iterator[Path]:
        for pattern in ("go.mod", "go.sum", "**/*.go"):
            yield from sorted((TOOLS_FOLDER / self.module).glob(pattern))

    def ensure(self, console: Console) -> Path:
        """Return the folder of the programs, which are built when they are missing. Raises MachineError."""
        folder = cache_home() / "bin" / self.key
        if not folder.is_dir():
            with build_lock(lock_path(self.key), f"building {self.key}", lambda holder: console.print(holder)):
                if not folder.is_dir():
                    self._build(folder, console)
        return folder

    def _build(self, folder: Path, console: Console) -> None:
        console.print(f"Building {', '.join(self.names)}.", highlight=False)
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{self.key}.", dir=folder.parent))
        try:
            with BuildProgress(console, self.key) as progress:
                go = find_go(TOOLS_FOLDER / self.module, progress)
                arguments = ["build", *GO_FLAGS, "-ldflags=-s -w", "-o", f"{scratch}/"]
                run(
                    [go.command, "-C", TOOLS_FOLDER / self.module, *arguments, *self.packages],
                    environment=go.environment,
                    timeout=_BUILD_SECONDS,
                )
            scratch.chmod(0o755)
            scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


POD_NETWORK: Final = Programs(
    "cni",
    tuple(f"{_PLUGINS}/{name}" for name in ("main/bridge", "main/loopback", "ipam/host-local", "meta/portmap")),
)
POLICIES: Final = Programs("netpol", ("slipway/tools/netpol",))
"""What keeps network policies."""
CSI: Final = Programs("csi", ("slipway/tools/csi",))
OWN: Final = Programs("machine", ("slipway/tools/machine/pause", "slipway/tools/machine/web"))
AGNHOST: Final = Programs("kubernetes", ("k8s.io/kubernetes/test/images/agnhost",))
METRICS_SERVER: Final = Programs("metrics-server", ("sigs.k8s.io/metrics-server/cmd/metrics-server",))
_PROMETHEUS: Final = "github.com/prometheus"
MONITORING: Final = Programs(
    "prometheus",
    (
        f"{_PROMETHEUS}/node_exporter",
        f"{_PROMETHEUS}/prometheus/cmd/prometheus",
    ),
)
LOGS: Final = Programs("logs", ("slipway/tools/logs/shipper", "slipway/tools/logs/store"))
"""Stand-ins for Fluent Bit and OpenSearch."""
