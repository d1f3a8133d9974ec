"""The life of a rehearsed control plane: real etcd and Kubernetes, started, killed, restarted, stopped."""

from __future__ import annotations

import io
import os
import signal
import time
from pathlib import Path

import pytest
import urllib3
from rich.console import Console

from rehearsal import controlplane
from rehearsal.providers.kubernetes.api import ApiClient
from rehearsal.providers.kubernetes.kubeconfig import load
from tests.e2e.at_hand import programs_or_skip

pytestmark = pytest.mark.e2e
NAME = "controlplane.slipway.test"


@pytest.fixture(scope="module")
def tools() -> dict[str, Path]:
    return programs_or_skip(controlplane.TOOLS, "the control plane's programs")


def pids(folder: Path) -> dict[str, int | None]:
    return {part.name: part.pid for part in controlplane.status(folder)}


def test_life(tmp_path: Path, tools: dict[str, Path]) -> None:
    output = io.StringIO()
    console = Console(file=output, width=200)
    began = time.monotonic()
    plane = controlplane.start(tmp_path, tools, NAME, console)
    try:
        assert time.monotonic() - began < 30, output.getvalue()
        first = pids(tmp_path)
        assert None not in first.values()
        assert all(part.resident_bytes for part in controlplane.status(tmp_path))

        client = ApiClient(load(str(plane.kubeconfig), {}))
        assert client.server == plane.server
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "kept"},
            "stringData": {"password": "correct-horse-battery"},
        }
        client.request("POST", "/api/v1/namespaces/default/secrets", body=secret)
        data = b"".join(
            path.read_bytes() for path in (tmp_path / "controlplane" / "etcd-standalone").rglob("*") if path.is_file()
        )
        assert b"/registry/secrets/default/kept" in data
        assert b"correct-horse-battery" not in data
        assert b"Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5" not in data
        audited = (tmp_path / "logs" / "kube-apiserver-audit.log").read_text()
        assert '"user":{"username":"kubernetes-super-admin"' in audited
        assert "correct-horse-battery" not in audited

        # Nobody gets in without a certificate, not even to look; but to ask how the server is, and which one.
        stranger = urllib3.PoolManager(ca_certs=str(tmp_path / "controlplane" / "pki" / "ca.crt"), retries=False)
        for path, status in (("/api", 401), ("/apis", 401), ("/metrics", 401), ("/readyz", 200), ("/version", 200)):
            assert stranger.request("GET", f"{plane.server}{path}").status == status, path

        # A second start changes nothing.
        controlplane.start(tmp_path, tools, NAME, console)
        assert pids(tmp_path) == first

        # A component that was killed is started again, the others are left alone.
        killed = first["kube-controller-manager"]
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        controlplane.start(tmp_path, tools, NAME, console)
        second = pids(tmp_path)
        assert second["kube-controller-manager"] not in (None, killed)
        assert {name: pid for name, pid in second.items() if name != "kube-controller-manager"} == {
            name: pid for name, pid in first.items() if name != "kube-controller-manager"
        }

        # Everything is stopped; the next start has the same address and the same objects.
        plane.stop()
        assert set(pids(tmp_path).values()) == {None}
        again = controlplane.start(tmp_path, tools, NAME, console)
        assert again == plane
        kept = ApiClient(load(str(plane.kubeconfig), {})).request("GET", "/api/v1/namespaces/default/secrets/kept")
        assert kept["data"] == {"password": "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"}
    finally:
        controlplane.stop(tmp_path)
