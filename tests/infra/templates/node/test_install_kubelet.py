"""The program that installs the kubelet, run against a stand-in of the release host with real TLS and real faults."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.plan.node.assets import asset
from tests.infra.templates.node.release_server import BINARY, PATH, ReleaseHost, release_host
from tests.infra.templates.node.tools import needs

pytestmark = needs("curl", "curl")
BINARY_REQUEST = (PATH, None)
DIGEST_REQUEST = (f"{PATH}.sha256", None)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ReleaseHost]:
    with release_host(tmp_path) as running:
        yield running


class Machine:
    """One machine's disk, and the program on it as user-data brings it."""

    def __init__(self, root: Path, host: ReleaseHost) -> None:
        self._script = root / "install-kubelet.sh"
        self._script.write_text(asset("install-kubelet.sh"))
        self.target = root / "bin/kubelet"
        self.part = root / "work/v1.37.2-amd64/kubelet"
        self._environment = {
            "PATH": os.environ["PATH"],
            "CURL_CA_BUNDLE": str(host.certificate),
            "KUBELET_VERSION": "v1.37.2",
            "KUBELET_ARCH": "amd64",
            "KUBELET_RELEASES": host.url,
            "KUBELET_TARGET": str(self.target),
            "KUBELET_WORK": str(root / "work"),
            "KUBELET_PAUSE": "0",
            "KUBELET_TRIES": "3",
        }

    def install(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(self._script)],
            env=self._environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def is_installed(self) -> bool:
        return self.target.read_bytes() == BINARY and stat.S_IMODE(self.target.stat().st_mode) == 0o755


@pytest.fixture
def machine(tmp_path: Path, host: ReleaseHost) -> Machine:
    return Machine(tmp_path, host)


def test_a_verified_kubelet_is_installed(machine: Machine, host: ReleaseHost) -> None:
    result = machine.install()
    assert (result.returncode, result.stderr) == (0, f"install-kubelet: {machine.target} is v1.37.2 for amd64\n")
    assert machine.is_installed()
    assert host.requests == [DIGEST_REQUEST, BINARY_REQUEST]
    assert not machine.part.exists()


def test_later_boots_need_no_network(machine: Machine, host: ReleaseHost) -> None:
    machine.install()
    host.requests.clear()
    result = machine.install(KUBELET_RELEASES="https://127.0.0.1:9/release")
    assert result.returncode == 0
    assert machine.is_installed()
    assert host.requests == []


def test_a_damaged_kubelet_is_replaced_at_the_next_boot(machine: Machine) -> None:
    machine.install()
    machine.target.write_bytes(b"damaged")
    assert machine.install().returncode == 0
    assert machine.is_installed()


def test_a_broken_download_is_resumed(machine: Machine, host: ReleaseHost) -> None:
    host.cut_after = [1000, 500]
    result = machine.install()
    assert result.returncode == 0
    assert machine.is_installed()
    assert host.requests == [DIGEST_REQUEST, BINARY_REQUEST, (PATH, "bytes=1000-"), (PATH, "bytes=1500-")]


def test_a_download_broken_by_a_reboot_is_resumed(machine: Machine, host: ReleaseHost) -> None:
    host.cut_after = [1000]
    assert machine.install(KUBELET_TRIES="1").returncode == 1
    assert machine.part.read_bytes() == BINARY[:1000]
    assert not machine.target.exists()
    assert machine.install().returncode == 0
    assert machine.is_installed()
    assert host.requests[2:] == [(PATH, "bytes=1000-")]


def test_a_server_that_cannot_resume_is_asked_for_the_whole(machine: Machine, host: ReleaseHost) -> None:
    host.cut_after, host.ranges = [1000], False
    result = machine.install(KUBELET_TRIES="4")
    assert result.returncode == 0, result.stderr
    assert machine.is_installed()


def test_a_passing_refusal_is_retried(machine: Machine, host: ReleaseHost) -> None:
    host.refuse = 2
    assert machine.install().returncode == 0
    assert machine.is_installed()


def test_a_kubelet_with_another_digest_is_never_installed(machine: Machine, host: ReleaseHost) -> None:
    host.binary = BINARY[:-1] + b"!"
    result = machine.install()
    assert result.returncode == 1
    assert not machine.target.exists()
    assert not machine.part.exists()
    assert result.stderr.count("starting over") == 3
    assert host.requests.count(BINARY_REQUEST) == 3


def test_a_kubelet_in_place_survives_a_failed_replacement(machine: Machine, host: ReleaseHost) -> None:
    machine.target.parent.mkdir()
    machine.target.write_bytes(b"older")
    host.binary = b"not a kubelet"
    assert machine.install().returncode == 1
    assert machine.target.read_bytes() == b"older"


def test_whole_but_wrong_leftovers_do_not_stand_in_the_way(machine: Machine) -> None:
    machine.part.parent.mkdir(parents=True)
    machine.part.write_bytes(b"x" * (len(BINARY) + 1))
    assert machine.install().returncode == 0
    assert machine.is_installed()


@pytest.mark.parametrize(
    "digest", [b"", b"<html>not found</html>", b"abc", hashlib.sha256(b"").hexdigest()[:-1].encode()]
)
def test_what_is_no_digest_is_refused(machine: Machine, host: ReleaseHost, digest: bytes) -> None:
    host.digest = digest
    result = machine.install()
    assert result.returncode == 1
    assert result.stderr.count("holds no sha256") == 3
    assert not machine.target.exists()
    host.digest = hashlib.sha256(BINARY).hexdigest().encode()
    assert machine.install().returncode == 0


def test_a_stranger_with_another_certificate_is_not_believed(machine: Machine, host: ReleaseHost) -> None:
    assert machine.install(CURL_CA_BUNDLE="/dev/null").returncode == 1
    assert host.requests == []


def test_plain_http_is_not_used(machine: Machine) -> None:
    result = machine.install(KUBELET_RELEASES="http://127.0.0.1:9/release")
    assert result.returncode == 1
    assert 'Protocol "http" not supported' in result.stderr


@pytest.mark.parametrize("name", ["KUBELET_VERSION", "KUBELET_ARCH", "KUBELET_RELEASES"])
def test_missing_input_is_named(machine: Machine, name: str) -> None:
    result = machine.install(**{name: ""})
    assert result.returncode != 0
    assert name in result.stderr
