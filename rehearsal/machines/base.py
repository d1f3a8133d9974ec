"""The tree that all machines start from: Debian 12 with the packages that user-data asks for already installed.

Made once and kept in the cache, by the hash of what it is made of. Machines reach no package archive, so that the base
has what the nodes' packages need; a node's own `apt-get` then finds them installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from rehearsal.cache import cache_home
from rehearsal.machines.commands import run
from rehearsal.machines.errors import MachineError
from rehearsal.toolchain.cache import lock_path
from rehearsal.toolchain.lock import build_lock

MIRROR_VARIABLE: Final = "SLIPWAY_DEBIAN_MIRROR"
_BUILD_SECONDS: Final = 1800


@dataclass(frozen=True)
class Recipe:
    """What a base is made of. `edition` is raised when what is done with the packages changes."""

    suite: str
    packages: tuple[str, ...]
    edition: int

    @property
    def key(self) -> str:
        """Name of the base in the cache."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        return f"debian-{self.suite}-{digest[:12]}"


RECIPE: Final = Recipe(
    suite="bookworm",
    packages=(
        # What Debian's cloud image has.
        "apt-utils", "ca-certificates", "chrony", "cloud-init", "cron", "curl", "dbus", "e2fsprogs", "iproute2",
        "iputils-ping", "kmod", "less", "libpam-systemd", "locales", "logrotate", "netbase", "openssh-server",
        "openssl",
        "polkitd", "procps", "python3", "python3-boto3", "rsyslog", "systemd-resolved", "systemd-sysv", "udev",
        # What user-data installs, and what the kubelet and kube-proxy call.
        "conntrack", "containerd", "ebtables", "ethtool", "iptables", "jq", "nftables", "nvme-cli", "python3-grpcio",
        "runc", "socat",
        # For a look into the network of a machine.
        "bind9-dnsutils", "netcat-openbsd", "tcpdump",
    ),
    edition=2,
)  # fmt: skip


def base_folder(recipe: Recipe = RECIPE) -> Path:
    """Return where the tree of this recipe is kept."""
    return cache_home() / "machines" / recipe.key


def ensure_base(console: Console) -> Path:
    """Return the machines' base, made when it is missing. Raises MachineError when it cannot be made."""
    return ensure_tree(RECIPE, console, "the machines' base", _seal_machine)


def ensure_tree(recipe: Recipe, console: Console, what: str, seal: Callable[[Path], None]) -> Path:
    """Return a tree, made when it is missing: its packages first, then what `seal` does. Raises MachineError."""
    folder = base_folder(recipe)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with build_lock(lock_path(recipe.key), f"making {recipe.key}", lambda holder: console.print(f"Waiting: {holder}")):
        if not folder.is_dir():
            console.print(
                f"Making {what}, Debian {recipe.suite}: about 3 min the first time, then kept in {folder}.",
                highlight=False,
            )
            _make(folder, recipe, seal)
    return folder


def _make(folder: Path, recipe: Recipe, seal: Callable[[Path], None]) -> None:
    for left in folder.parent.glob(".making.*"):
        shutil.rmtree(left)
    made = Path(tempfile.mkdtemp(prefix=".making.", dir=folder.parent))
    made.chmod(0o755)
    sources = list(apt_sources(recipe.suite))
    run(["debootstrap", "--variant=minbase", recipe.suite, made, _mirror(sources)], timeout=_BUILD_SECONDS)
    _install(made, recipe, sources)
    _forget_archive(made)
    seal(made)
    made.rename(folder)


def _install(root: Path, recipe: Recipe, sources: list[str]) -> None:
    (root / "etc/apt/sources.list").write_text("\n".join(sources) + "\n")
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    # Services that packages start have nothing to run on here.
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    apt: list[str | Path] = ["chroot", root, "apt-get", "-qq", "-o", "Acquire::Check-Valid-Until=false"]
    run([*apt, "update"], environment=environment, timeout=_BUILD_SECONDS)
    run([*apt, "install", "--yes", "--no-install-recommends", *recipe.packages], environment=environment, timeout=_BUILD_SECONDS)  # fmt: skip # noqa: E501
    run([*apt, "clean"], environment=environment)
    policy.unlink()


def _forget_archive(root: Path) -> None:
    (root / "etc/apt/sources.list").write_text("")
    for path in (root / "var/lib/apt/lists").rglob("*"):
        if path.is_file():
            path.unlink()


def _seal_machine(root: Path) -> None:
    """Leave no identity, and the services on that Debian's cloud image has on."""
    (root / "etc/machine-id").write_text("uninitialized\n")
    (root / "etc/hostname").unlink(missing_ok=True)
    (root / "var/lib/dbus/machine-id").unlink(missing_ok=True)
    resolv = root / "etc/resolv.conf"
    resolv.unlink(missing_ok=True)
    resolv.symlink_to("/run/systemd/resolve/stub-resolv.conf")
    run(["systemctl", "--root", root, "--quiet", "enable", "systemd-networkd", "systemd-resolved"])
    # The archive is not there to be asked, and a machine of minutes is not upgraded by itself.
    run(["systemctl", "--root", root, "--quiet", "mask", "apt-daily.timer", "apt-daily-upgrade.timer"])


def apt_sources(suite: str, folder: Path = Path("/etc/apt")) -> Iterator[str]:
    """Yield one-line sources of the suite and its updates as this computer's own apt has them, `main` alone.

    Where it has none (it is no Debian of that suite), the mirror that SLIPWAY_DEBIAN_MIRROR names.
    """
    found = [line for path in _source_files(folder) for line in _entries(path) if _is_of(line, suite)]
    if found:
        yield from dict.fromkeys(found)
        return
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        raise MachineError(
            f"This computer's apt knows no archive of Debian {suite}. Set {MIRROR_VARIABLE} to a Debian mirror's URL."
        )
    yield f"deb {mirror} {suite} main"


def _source_files(folder: Path) -> list[Path]:
    return [*folder.glob("sources.list"), *sorted(folder.glob("sources.list.d/*.list")), *sorted(folder.glob("sources.list.d/*.sources"))]  # fmt: skip # noqa: E501


def _entries(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sources":
        for stanza in text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[:1] != "#")
            for uri in fields.get("URIs", "").split():
                for name in fields.get("Suites", "").split():
                    yield f"deb {uri} {name} main"
        return
    for line in text.splitlines():
        words = [word for word in line.split() if not word.startswith("[") and not word.endswith("]")]
        if len(words) > 3 and words[0] == "deb":
            yield f"deb {words[1]} {words[2]} main"


def _is_of(line: str, suite: str) -> bool:
    name = line.split()[2]
    return name == suite or name.startswith(f"{suite}-")


def _mirror(sources: list[str]) -> str:
    return next(line.split()[1] for line in sources if "-" not in line.split()[2])
