"""Where a machine's first boot went: read from what the machine itself wrote, its journal and cloud-init's log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.table import Table

from rehearsal.machines.commands import run

_UNITS: Final = (
    "cloud-init", "containerd", "kubelet", "rehearsal-images", "slipway-join", "slipway-kubelet-install",
    "slipway-machine", "slipway-member",
)  # fmt: skip
_JOURNAL: Final = re.compile(r"(?P<at>\d+\.\d+) \S+ [^\s\[]+\[\d+\]: (?P<said>.*)")
_CLOUD_INIT: Final = re.compile(r"(?P<at>\d{4}-\d\d-\d\d \S+) - handlers\.py\[DEBUG\]: (?P<said>(?:start|finish): .*)")


_BEGINS: Final = r"Starting cloud-init\.service"


@dataclass(frozen=True)
class Step:
    """A part of a boot; `seconds` after the machine began to look for its user-data it began and ended."""

    name: str
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


@dataclass(frozen=True)
class Boot:
    """A first boot: steps of which each waits for the one before, and what went on beside them."""

    steps: tuple[Step, ...]
    beside: tuple[Step, ...]

    @property
    def seconds(self) -> float:
        """From the start of cloud-init's stage that reads user-data until the node is Ready."""
        return self.steps[-1].ended


@dataclass(frozen=True)
class _Mark:
    name: str
    said: str


_COMMON: Final = (
    _Mark("cloud-init reads user-data and writes its files", r"finish: init-network:"),
    _Mark("cloud-init: clock, locale, apt's settings", r"finish: modules-config:"),
    _Mark("cloud-init looks at packages", r"start: modules-final/config-scripts-user:"),
    _Mark("its commands: the group's files are fetched", r"Starting slipway-machine\.service"),
)
_WORKER: Final = (
    _Mark("join: the API server answers and knows the token", r"Finished slipway-join\.service"),
    _Mark("the kubelet is downloaded and checked", r"Finished slipway-kubelet-install\.service"),
)
_MEMBER: Final = (
    _Mark("network interface and volume are attached, mounted", r"member: \S+/install-kubelet\.sh kubeadm"),
    _Mark("kubeadm is downloaded and checked", r"member: \S+/kubeadm init phase certs"),
    _Mark("kubeadm's phases: certificates, manifests", r"Finished slipway-member\.service"),
)
_KUBELET: Final = (
    _Mark("containerd and images are waited for", r"Started kubelet\.service"),
    _Mark("the kubelet starts and registers the node", r'"Successfully registered node"'),
    _Mark("the node is Ready, its pod network there", r'"Fast updating node status as it just became ready"'),
)
_API_SERVER: Final = "etcd and the API server start; the node registers"
_BESIDE: Final = (
    ("containerd, at first", r"Starting containerd\.service", r"Started containerd\.service"),
    (
        "the kubelet's download",
        r"Starting slipway-kubelet-install\.service",
        r"Finished slipway-kubelet-install\.service",
    ),
    ("images are imported (here alone)", r"Starting rehearsal-images\.service", r"Finished rehearsal-images\.service"),
)


def boot_of(journal: Iterable[str], cloud_init: Iterable[str]) -> Boot | None:
    """Return the first boot that a machine's journal and cloud-init's log tell of; None before its node registered.

    `journal` is of `journalctl --output=short-unix`; clocks of machines are UTC's.
    """
    said = sorted([*_said(journal), *_said_by_cloud_init(cloud_init)])
    began = _first(said, _BEGINS, 0)
    if began is None:
        return None
    again = next((at for at, text in said if at > began and re.search(_BEGINS, text)), None)
    said = [each for each in said if again is None or each[0] < again]
    if _first(said, _KUBELET[1].said, began) is None:
        return None
    is_member = _first(said, r"Starting slipway-member\.service", began) is not None
    marks = (*_COMMON, *(_MEMBER if is_member else _WORKER), *_KUBELET)
    steps, at = [], began
    for mark in marks:
        found = _first(said, mark.said, began)
        if found is None:  # a node may be Ready as it registers
            continue
        name = _API_SERVER if is_member and mark is _KUBELET[1] else mark.name
        # What ended before the step that it stands behind did not hold the boot up.
        steps.append(Step(name, at - began, max(at, found) - began))
        at = max(at, found)
    return Boot(tuple(steps), tuple(_beside(said, began)))


def read_boot(tree: Path) -> Boot | None:
    """Return the first boot of the machine whose files lie in `tree`. Raises MachineError without its journal."""
    log = tree / "var/log/cloud-init.log"
    if not log.exists():
        return None
    units = [f"--unit={unit}" for unit in _UNITS]
    journal = run(["journalctl", f"--root={tree}", "--output=short-unix", "--no-pager", "--quiet", *units])
    return boot_of(journal.splitlines(), log.read_text(errors="replace").splitlines())


def boots_of(folder: Path) -> dict[str, Boot | None]:
    """Return instance -> first boot of each machine in an environment's folder of machines."""
    return {path.name: read_boot(path / "tree") for path in sorted(folder.glob("i-*"))}


def boot_table(instance: str, boot: Boot | None) -> Table | str:
    """Return a machine's boot for people to read, in seconds."""
    if boot is None:
        return f"{instance}: its node has not registered yet"
    title = f"{instance}: Ready {boot.seconds:.1f} s after cloud-init began to read its user-data"
    table = Table(title=title, title_justify="left", min_width=len(title) + 2)
    for heading in ("step", "took", "ended at"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "step" else "right")
    for step in boot.steps:
        table.add_row(step.name, f"{step.seconds:.1f}", f"{step.ended:.1f}")
    for step in boot.beside:
        table.add_row(f"beside: {step.name}", f"{step.seconds:.1f}", f"{step.ended:.1f}", style="dim")
    return table


def _beside(said: list[tuple[float, str]], began: float) -> Iterator[Step]:
    for name, first, last in _BESIDE:
        start, end = _first(said, first, began), _first(said, last, began)
        if start is not None and end is not None:
            yield Step(name, start - began, end - began)


def _first(said: list[tuple[float, str]], pattern: str, after: float) -> float | None:
    wanted = re.compile(pattern)
    return next((at for at, text in said if at >= after and wanted.search(text)), None)


def _said(journal: Iterable[str]) -> Iterator[tuple[float, str]]:
    for line in journal:
        if found := _JOURNAL.match(line):
            yield float(found["at"]), found["said"]


def _said_by_cloud_init(log: Iterable[str]) -> Iterator[tuple[float, str]]:
    for line in log:
        if found := _CLOUD_INIT.match(line):
            at = datetime.strptime(found["at"], "%Y-%m-%d %H:%M:%S,%f").replace(tzinfo=UTC)
            yield at.timestamp(), found["said"]
