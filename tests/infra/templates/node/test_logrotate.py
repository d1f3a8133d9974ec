"""logrotate's configuration, run by logrotate over files that grow."""

from __future__ import annotations

import glob
import gzip
import os
import re
import subprocess
from pathlib import Path

import pytest

from infra.plan.node.log_files import owners_of
from tests.infra.plan.node.rendered import files_of, user_data
from tests.infra.templates.node.tools import needs

pytestmark = pytest.mark.process

# Distribution stanzas as Debian and Ubuntu ship them: some set an interval, some their own number of rotations.
STANZAS = {
    "dpkg": "/var/log/dpkg.log {\n\tmonthly\n\trotate 12\n\tcompress\n\tdelaycompress\n\tmissingok\n}\n",
    "rsyslog": "/var/log/syslog\n/var/log/kern.log\n{\n\trotate 4\n\tweekly\n\tmissingok\n\tsharedscripts\n}\n",
}
OF_THE_KUBELET = (
    "/var/log/pods/demo_web-0_0f0f/app/0.log",
    "/var/log/pods/demo_web-0_0f0f/app.log",
    "/var/log/pods/top.log",
    "/var/log/containers/web-0_demo_app-0a1b.log",
)
OF_OTHERS = (
    "/var/log/journal/0123/system.journal",
    "/var/log/audit/audit.log",
    "/var/log/kubernetes/audit/audit.log",
    "/var/log/amazon/ssm/agent.log",
    "/var/log/aws-routed-eni/ipamd.log",
)
OURS = ("/var/log/cloud-init.log", "/var/log/cloud-init-output.log", "/var/log/agent.log")
MIB = 1 << 20


def config() -> str:
    return files_of(user_data())["/etc/slipway/logrotate.conf"]


class Host:
    """A host's /var/log and logrotate configuration below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "var/log"
        self.log.mkdir(parents=True)
        stanzas = root / "etc/logrotate.d"
        stanzas.mkdir(parents=True)
        for name, text in STANZAS.items():
            (stanzas / name).write_text(self._moved(text))
        self.config = root / "logrotate.conf"
        self.config.write_text(self._moved(config()))

    def _moved(self, text: str) -> str:
        # Only root can take on another group.
        if os.geteuid() != 0:
            text = re.sub(r"^su .*\n", "", text, flags=re.MULTILINE)
        return text.replace("/var/log", str(self.log)).replace("/etc/logrotate.d", str(self.root / "etc/logrotate.d"))

    def write(self, path: str, lines: bytes) -> Path:
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab") as file:
            file.write(lines)
        return target

    def rotate(self, *arguments: str) -> str:
        command = ["logrotate", "--state", str(self.root / "state"), *arguments, str(self.config)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return result.stderr

    def read_all(self, name: str) -> bytes:
        """Everything ever written to a file, oldest first, from its rotations."""

        def age(path: Path) -> int:
            number = re.search(r"\.(\d+)(\.gz)?$", path.name)
            return int(number[1]) if number else 0

        paths = sorted(self.log.glob(f"{name}*"), key=age, reverse=True)
        return b"".join(gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in paths)


def lines(start: int, size: int) -> bytes:
    """Numbered lines of 64 bytes."""
    return b"".join(b"%063d\n" % number for number in range(start, start + size // 64))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_the_directives() -> None:
    assert config() == (
        "weekly\nmaxsize 10M\nrotate 10\ncreate\ncompress\ndelaycompress\nmissingok\nnotifempty\nignoreduplicates\n"
        "su root adm\ninclude /etc/logrotate.d\n/var/log/*.log {\n}\n"
    )


def test_no_glob_reaches_a_file_of_another_owner(tmp_path: Path) -> None:
    for path in (*OF_THE_KUBELET, *OF_OTHERS, *OURS):
        target = tmp_path / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    globs = re.findall(r"^(/\S+)(?: \{)?$", config(), re.MULTILINE)
    assert globs == ["/var/log/*.log"]
    reached = {
        "/" + str(Path(found).relative_to(tmp_path))
        for pattern in globs
        for found in glob.glob(str(tmp_path / pattern.lstrip("/")), recursive=True)  # noqa: PTH207 (logrotate's glob(3))
    }
    assert reached == set(OURS)
    assert {owners_of(path) for path in reached} == {("logrotate",)}
    assert {owners_of(path) for path in OF_THE_KUBELET} == {("kubelet",)}


@needs("logrotate", "logrotate")
def test_logrotate_finds_no_fault_and_considers_each_file_once(host: Host) -> None:
    for path in (*OF_THE_KUBELET, *OF_OTHERS, *OURS, "/var/log/dpkg.log", "/var/log/syslog", "/var/log/kern.log"):
        host.write(path, b"x\n")
    output = host.rotate("--debug")
    assert "error" not in output
    considered = [line.removeprefix("considering log ") for line in output.splitlines() if "considering log" in line]
    own = [f"/{Path(path).relative_to(host.root)}" for path in considered]
    assert sorted(own) == sorted([*OURS, "/var/log/dpkg.log", "/var/log/syslog", "/var/log/kern.log"])


@needs("logrotate", "logrotate")
def test_a_fast_growing_file_is_rotated_compressed_and_loses_nothing(host: Host) -> None:
    written, rounds = 0, 5
    for _ in range(rounds):
        host.write("/var/log/agent.log", lines(written, 10 * MIB + 64))
        written += (10 * MIB + 64) // 64
        host.rotate()
    names = sorted(path.name for path in host.log.glob("agent.log*"))
    assert names == ["agent.log", "agent.log.1", "agent.log.2.gz", "agent.log.3.gz", "agent.log.4.gz", "agent.log.5.gz"]
    assert (host.log / "agent.log").stat().st_size == 0
    assert host.read_all("agent.log") == lines(0, rounds * (10 * MIB + 64))
    assert sum(p.stat().st_size for p in host.log.glob("agent.log.*.gz")) < 4 * MIB


@needs("logrotate", "logrotate")
def test_a_writer_that_keeps_its_file_open_loses_nothing_either(host: Host) -> None:
    path = host.write("/var/log/agent.log", lines(0, 10 * MIB + 64))
    with path.open("ab") as writer:
        host.rotate()
        # It still writes into what is called agent.log.1 now, which delaycompress leaves a file for another round.
        writer.write(b"late\n")
    assert (host.log / "agent.log.1").read_bytes().endswith(b"late\n")
    host.write("/var/log/agent.log", lines(0, 10 * MIB + 64))
    host.rotate()
    assert gzip.decompress((host.log / "agent.log.2.gz").read_bytes()).endswith(b"late\n")


@needs("logrotate", "logrotate")
def test_old_rotations_are_removed(host: Host) -> None:
    for _ in range(13):
        host.write("/var/log/agent.log", b"\0" * (10 * MIB + 1))
        host.rotate()
    assert len(list(host.log.glob("agent.log.*"))) == 10


@needs("logrotate", "logrotate")
def test_packages_files_obey_the_size_and_keep_their_own_number(host: Host) -> None:
    for _ in range(6):
        host.write("/var/log/syslog", b"\0" * (10 * MIB + 1))
        host.rotate()
    assert len(list(host.log.glob("syslog.*"))) == 4


@needs("logrotate", "logrotate")
def test_small_and_empty_files_are_left_until_their_interval_is_over(host: Host) -> None:
    host.write("/var/log/agent.log", b"x" * (10 * MIB - 1))
    host.write("/var/log/empty.log", b"")
    host.rotate()
    assert {path.name for path in host.log.glob("*.log*")} == {"agent.log", "empty.log"}


@needs("logrotate", "logrotate")
def test_even_a_forced_run_touches_no_file_of_another_owner(host: Host) -> None:
    theirs = {path: host.write(path, b"y" * (11 * MIB)) for path in (*OF_THE_KUBELET, *OF_OTHERS)}
    before = {path: (target.stat().st_ino, target.stat().st_size) for path, target in theirs.items()}
    host.write("/var/log/agent.log", b"x\n")
    host.rotate("--force")
    assert (host.log / "agent.log.1").read_bytes() == b"x\n"
    assert {path: (target.stat().st_ino, target.stat().st_size) for path, target in theirs.items()} == before
    assert [path for folder in ("pods", "containers", "audit") for path in (host.log / folder).rglob("*.1")] == []
