"""What this computer must have before machines can boot on it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

PROGRAMS: Final = {
    "systemd-nspawn": "systemd-container",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "mount": "mount",
    "losetup": "mount",
}
"""Each program, and the Debian package that has it."""


def missing_requirements(
    *,
    platform: str = sys.platform,
    user: int | None = None,
    which: Callable[[str], str | None] = shutil.which,
    overlay: bool | None = None,
) -> list[str]:
    """Return what stands in the way of machines on this computer, as sentences; nothing when they can boot."""
    if platform != "linux":
        return [f"Machines are Linux containers, and this is {platform}."]
    reasons = []
    if (os.getuid() if user is None else user) != 0:
        reasons.append("Machines need root: they have namespaces, mounts and block devices of their own.")
    packages = {package for program, package in PROGRAMS.items() if which(program) is None}
    if packages:
        absent = ", ".join(program for program in PROGRAMS if which(program) is None)
        reasons.append(f"Not found: {absent}. On Debian, install {', '.join(sorted(packages))}.")
    if not (_kernel_has("overlay") if overlay is None else overlay):
        reasons.append("This kernel has no overlayfs, on which machines share their base.")
    return reasons


def _kernel_has(filesystem: str) -> bool:
    with Path("/proc/filesystems").open(encoding="ascii") as known:
        return any(line.split()[-1] == filesystem for line in known)
