"""The control plane's life with programs that stand for the components; the real ones run in tests/e2e."""

from __future__ import annotations

import io
import json
import socket
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal import controlplane
from rehearsal.controlplane import COMPONENTS, TOOLS, ControlPlaneError, lifecycle
from rehearsal.controlplane.kubeadm import KubeadmError
from rehearsal.controlplane.layout import Layout
from rehearsal.processes import Daemon
from tests.rehearsal.certificates import write_pair


@pytest.fixture(autouse=True)
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The member's files as kubeadm would leave them, and flags that nobody reads."""

    def prepare(layout: Layout, *_: object) -> dict[str, tuple[str, ...]]:
        for name, authority in (("ca", None), ("etcd/ca", None), ("apiserver-etcd-client", "etcd/ca")):
            write_pair(layout.pki, name, authority)
        write_pair(layout.pki, "apiserver-kubelet-client", "ca")
        return {name: (f"--of={name}",) for name in COMPONENTS}

    monkeypatch.setattr(lifecycle, "prepare", prepare)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def tools(tmp_path: Path, script: str) -> dict[str, Path]:
    path = tmp_path / "tool"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return dict.fromkeys(TOOLS, path)


def test_every_missing_tool_is_named(tmp_path: Path, console: Console) -> None:
    with pytest.raises(
        ControlPlaneError, match=r"^No executable was given for kube-apiserver, kube-scheduler, kubeadm\.$"
    ):
        controlplane.start(
            tmp_path,
            {"etcd": Path("/bin/true"), "kube-controller-manager": Path("/bin/true")},
            "one.example.test",
            console,
        )


def test_a_component_that_dies_is_reported_with_its_log(tmp_path: Path, console: Console) -> None:
    with pytest.raises(ControlPlaneError) as caught:
        controlplane.start(tmp_path, tools(tmp_path, "echo disk is full; exit 1"), "one.example.test", console)
    log = tmp_path / "logs" / "etcd.log"
    assert str(caught.value) == (f"etcd ended before it was ready. The end of its log, {log}:\ndisk is full")


def test_a_taken_port_is_named_with_the_fix(tmp_path: Path, console: Console) -> None:
    with pytest.raises(ControlPlaneError):
        controlplane.start(tmp_path, tools(tmp_path, "exit 1"), "one.example.test", console)
    table = tmp_path / "controlplane" / "ports.json"
    port = json.loads(table.read_text())["etcd-peer"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(ControlPlaneError) as caught:
            controlplane.start(tmp_path, tools(tmp_path, "exit 1"), "one.example.test", console)
    assert str(caught.value) == (
        f"etcd: another process listens on port {port}. Stop it, or delete {table} to have new ports chosen."
    )


def test_a_component_that_was_just_dying_is_started_again(tmp_path: Path, console: Console) -> None:
    """The process is still seen when it is looked for, and gone a moment later."""
    doomed = tools(tmp_path, "echo started; sleep 0.3; exit 1")
    with pytest.raises(ControlPlaneError):
        controlplane.start(tmp_path, doomed, "one.example.test", console)
    layout = Layout(tmp_path)
    Daemon("etcd", layout.pid("etcd"), layout.log("etcd")).start((str(doomed["etcd"]), "--of=etcd"))
    with pytest.raises(ControlPlaneError, match="etcd ended before it was ready"):
        controlplane.start(tmp_path, doomed, "one.example.test", console)
    assert layout.log("etcd").read_text() == "started\n" * 3


def test_what_kubeadm_says_is_passed_on(tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise KubeadmError("unknown field")

    monkeypatch.setattr(lifecycle, "prepare", refuse)
    with pytest.raises(ControlPlaneError, match=r"^unknown field$"):
        controlplane.start(tmp_path, tools(tmp_path, "exit 1"), "one.example.test", console)


def test_nothing_runs_in_a_new_environment(tmp_path: Path) -> None:
    assert [(part.name, part.pid, part.resident_bytes, part.log) for part in controlplane.status(tmp_path)] == [
        (name, None, None, tmp_path / "logs" / f"{name}.log") for name in COMPONENTS
    ]
    controlplane.stop(tmp_path)
    assert list(tmp_path.iterdir()) == []
