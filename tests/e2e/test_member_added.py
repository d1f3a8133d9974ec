"""A second member of a cluster that has one: refused until it is added, and then real etcds that agree."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import time
from pathlib import Path

import pytest
from rich.console import Console

from infra.templates.control_plane.member import Member
from rehearsal import controlplane
from tests.e2e.at_hand import programs_or_skip
from tests.e2e.etcdctl import Etcdctl
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def tools() -> dict[str, Path]:
    return programs_or_skip((*controlplane.TOOLS, "etcdctl"), "the control plane's programs")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_member_is_added_to_a_running_cluster(
    cloud: None,  # noqa: F811
    tmp_path: Path,
    tools: dict[str, Path],
) -> None:
    controlplane.start(tmp_path, tools, "grown.slipway.test", Console(file=io.StringIO()))
    second: subprocess.Popen[bytes] | None = None
    try:
        pki = tmp_path / "controlplane/pki"
        ports = json.loads((tmp_path / "controlplane/ports.json").read_text())
        first = Etcdctl(tools["etcdctl"], pki, ports["etcd-client"])
        (alone,) = first.members()
        peer, client = f"https://127.0.0.1:{free_port()}", free_port()
        static = f"{alone['name']}={alone['peerURLs'][0]},b={peer}"
        config = {"name": "b", "address": "127.0.0.1", "tags": {}, "peerUrl": peer, "initialCluster": static}
        member = Member(config, "i-1", "eu-central-1")

        # By itself it would begin a cluster of its own.
        assert [each["name"] for each in member.running(pki) or []] == [alone["name"]]
        with pytest.raises(SystemExit, match=f"member add b --learner --peer-urls={peer}"):
            member.beginning(pki)

        first("member", "add", "b", "--learner", f"--peer-urls={peer}")
        found = member.beginning(pki)
        assert sorted(found[static].split(",")) == sorted(static.split(","))
        flags = [
            "--name=b", f"--data-dir={tmp_path / 'b'}", f"--initial-cluster={found[static]}",
            "--initial-cluster-state=existing", "--initial-cluster-token=grown.slipway.test",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--listen-client-urls=https://127.0.0.1:{client}", f"--advertise-client-urls=https://127.0.0.1:{client}",
            f"--cert-file={pki}/etcd/server.crt", f"--key-file={pki}/etcd/server.key", "--client-cert-auth=true",
            f"--trusted-ca-file={pki}/etcd/ca.crt", f"--peer-cert-file={pki}/etcd/peer.crt",
            f"--peer-key-file={pki}/etcd/peer.key", "--peer-client-cert-auth=true",
            f"--peer-trusted-ca-file={pki}/etcd/ca.crt",
        ]  # fmt: skip
        with (tmp_path / "b.log").open("wb") as log:
            second = subprocess.Popen([str(tools["etcd"]), *flags], stdout=log, stderr=log)
        promote(first, tmp_path / "b.log")
        assert sorted(each["name"] for each in first.members()) == sorted([alone["name"], "b"])
        first("put", "/registry/agreed", "by both")
        assert "by both" in Etcdctl(tools["etcdctl"], pki, client)("get", "/registry/agreed")
        # Once it has data, it is one of those that the others know by name.
        assert member.beginning(pki) == {}
    finally:
        if second is not None:
            second.kill()
            second.wait()
        controlplane.stop(tmp_path)


def promote(etcdctl: Etcdctl, log: Path) -> None:
    """Make the learner a member that votes, once it has what the others have."""
    identity = next(f"{each['ID']:x}" for each in etcdctl.members() if each.get("isLearner"))
    command = [*etcdctl.command, "member", "promote", identity]
    end = time.monotonic() + 60
    while subprocess.run(command, capture_output=True, check=False).returncode != 0:
        assert time.monotonic() < end, log.read_text()[-2000:]
        time.sleep(0.5)
