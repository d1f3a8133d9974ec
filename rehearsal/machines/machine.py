"""One machine: an instance's tree, booted by `systemd-nspawn` in its own namespaces."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from rehearsal.machines import namespaces
from rehearsal.machines.commands import run
from rehearsal.machines.disk import RootDisk
from rehearsal.processes import Daemon

REBOOTS: Final = "/var/lib/rehearsal/reboots"
"""A file that a machine leaves behind when it reboots, by which that is told from its death."""
_CGROUPS: Final = Path("/sys/fs/cgroup")
_SHUTDOWN_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Machine:
    """The machine of the instance `instance`, whose files lie in `folder`."""

    instance: str
    folder: Path
    namespace: str
    logs: Path

    @property
    def disk(self) -> RootDisk:
        """Its root volume."""
        return RootDisk(self.folder)

    @property
    def daemon(self) -> Daemon:
        """The process of `systemd-nspawn`."""
        return Daemon(self.instance, self.folder / "nspawn.json", self.logs / f"{self.instance}.log")

    def command(self, binds: Mapping[str, Path]) -> list[str]:
        """Return the command that boots the tree; `binds` are read-only directories, as path in the machine -> here."""
        kept = [f"--bind={here}:{there}" for there, here in self.disk.kept.items()]
        read_only = [f"--bind-ro={here}:{there}" for there, here in binds.items()]
        return [
            "systemd-nspawn",
            f"--directory={self.disk.tree}",
            f"--machine={self.instance}",
            f"--network-namespace-path={namespaces.FOLDER / self.namespace}",
            # No systemd of this computer's is asked for anything: there may be none.
            "--register=no",
            "--keep-unit",
            "--capability=all",
            # The clock is this computer's: a machine may not set it.
            "--drop-capability=CAP_SYS_TIME",
            "--bind=/dev/kmsg",
            "--link-journal=no",
            "--resolv-conf=off",
            "--timezone=off",
            "--console=pipe",
            "--quiet",
            *kept,
            *read_only,
            "--boot",
        ]

    def start(self, binds: Mapping[str, Path], memory_mib: int) -> bool:
        """Boot the tree with that much memory unless it runs; return whether it was booted now. Raises ProcessError."""
        environment = {**os.environ, "SYSTEMD_SECCOMP": "0"}
        if not self.is_running():
            # A machine that was off has no control groups: the kubelet would look for containers in those left behind.
            remove_groups(self.instance)
            self._reboots.unlink(missing_ok=True)
        groups = [str(group) for group in self._make_cgroups()]
        for group in groups:
            limit_memory(Path(group), memory_mib)
        # The shell joins the machine's control groups and becomes systemd-nspawn, whose groups the machine's are below.
        script = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'
        return self.daemon.start(["sh", "-c", script, "machine", *groups, "--", *self.command(binds)], environment)

    @property
    def _reboots(self) -> Path:
        return self.disk.tree / REBOOTS.lstrip("/")

    def wants_reboot(self) -> bool:
        """Return whether it ended in order to boot again."""
        return self._reboots.exists()

    def is_running(self) -> bool:
        """Return whether its process is alive."""
        return self.daemon.record() is not None

    def leader(self) -> int | None:
        """Return the process ID of the machine's own first process, None when there is none."""
        record = self.daemon.record()
        if record is None:
            return None
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(record.pid).children():
                return int(child.pid)
        return None

    def execute(self, *command: str, stdin: str | None = None, timeout: float = 60) -> str:
        """Run a command in the machine and return what it prints. Raises MachineError when it fails."""
        leader = self.leader()
        return run(["nsenter", f"--target={leader}", "--all", "--", *command], stdin=stdin, timeout=timeout)

    def add_device(self, name: str, device: Path) -> None:
        """Show a block device of this computer in the machine as `/dev/<name>`."""
        number = device.stat().st_rdev
        self.execute("sh", "-c", f"rm -f /dev/{name}; mknod /dev/{name} b {os.major(number)} {os.minor(number)}")

    def remove_device(self, name: str) -> None:
        """Take a block device from the machine again."""
        self.execute("rm", "-f", f"/dev/{name}")

    def shut_down(self) -> None:
        """Ask the machine to shut down as EC2 does when it terminates an instance; end it when it does not."""
        leader = self.leader()
        if leader is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(leader, signal.SIGRTMIN + 4)  # systemd(1): starts poweroff.target
        self.kill(_SHUTDOWN_SECONDS)

    def kill(self, patience: float = 0.0) -> None:
        """End the machine like a power cut, once `patience` seconds have passed without it ending by itself."""
        record = self.daemon.record()
        if record is not None and patience:
            with contextlib.suppress(psutil.Error):
                psutil.Process(record.pid).wait(timeout=patience)
        leader = self.leader()
        if leader is not None:
            self._unplug()
            with contextlib.suppress(ProcessLookupError):
                os.kill(leader, signal.SIGKILL)  # the first process of a PID namespace takes all others with it
        self.daemon.stop(timeout=10)

    def _unplug(self) -> None:
        """Take its network away first: a machine without power does not say goodbye to who was connected to it."""
        lines = run(["ip", "-n", self.namespace, "-o", "link"]).splitlines()
        for name in (line.split(": ")[1].split("@")[0] for line in lines):
            if name.startswith("ens"):
                run(["ip", "-n", self.namespace, "link", "set", name, "down"])

    def remove(self) -> None:
        """Delete what is left of a machine that has ended."""
        self.disk.remove()
        remove_groups(self.instance)
        for left in self.folder.glob("*"):
            if left.is_file():
                left.unlink()
        self.folder.rmdir()

    def _make_cgroups(self) -> list[Path]:
        """Make the machine's control groups, below which its own systemd makes what it needs."""
        groups = []
        for hierarchy in _hierarchies():
            group = hierarchy / "slipway" / self.instance
            group.mkdir(parents=True, exist_ok=True)
            if hierarchy.name == "cpuset":
                # A new group of this controller has neither processors nor memory until it is given some.
                for level in (group.parent, group):
                    for name in ("cpuset.cpus", "cpuset.mems"):
                        (level / name).write_text((level.parent / name).read_text())
            groups.append(group)
        return groups


def _hierarchies() -> list[Path]:
    """Return the mounted hierarchies of control groups: one of version 2, or one for each controller of version 1."""
    if (_CGROUPS / "cgroup.controllers").exists():
        return [_CGROUPS]
    return [path for path in sorted(_CGROUPS.iterdir()) if path.is_dir() and (path / "cgroup.procs").exists()]


def has_unified_groups() -> bool:
    """Return whether machines get a group of control groups' second version, alone or beside the first."""
    return any((hierarchy / "cgroup.controllers").exists() for hierarchy in _hierarchies())


def limit_memory(group: Path, mib: int) -> None:
    """Let a control group have no more memory than that, where it is one that accounts for it.

    What it needs beyond is taken from its own caches, then from one of its own processes, as on a real machine.
    """
    for name in ("memory.max", "memory.limit_in_bytes"):
        limit = group / name
        if limit.exists():
            limit.write_text(str(mib * 1024**2))


def remove_groups(instance: str) -> None:
    """Remove the control groups of a machine that has ended."""
    folders = [folder for each in _hierarchies() for folder in os.walk(each / "slipway" / instance, topdown=False)]
    for path, _, _ in folders:
        with contextlib.suppress(OSError):  # one that is just emptying goes with the next run
            Path(path).rmdir()
