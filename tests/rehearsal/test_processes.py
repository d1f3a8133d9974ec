from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import processes
from rehearsal.processes import Daemon, ProcessError, Record, write_private
from rehearsal.project import ROOT

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon("sleeper", tmp_path / "run" / "sleeper.pid", tmp_path / "logs" / "sleeper.log")
    yield made
    made.stop(timeout=1)


def test_starts_once_and_stops(daemon: Daemon) -> None:
    assert daemon.record() is None
    assert daemon.start(SLEEP) is True
    first = daemon.record()
    assert first is not None
    assert first.command == tuple(SLEEP)
    assert daemon.start(SLEEP) is False
    assert daemon.record() == first
    assert daemon.stop() is True
    assert daemon.record() is None
    assert not daemon.pid_file.exists()
    assert daemon.stop() is False


def test_another_command_line_replaces_the_process(daemon: Daemon) -> None:
    daemon.start(SLEEP)
    first = daemon.record()
    assert daemon.start([*SLEEP, "changed"]) is True
    second = daemon.record()
    assert first is not None
    assert second is not None
    assert second.pid != first.pid
    assert second.command[-1] == "changed"


def test_a_process_whose_pid_file_was_lost_is_adopted(daemon: Daemon) -> None:
    command = [*SLEEP, str(daemon.pid_file)]
    daemon.start(command)
    first = daemon.record()
    daemon.pid_file.unlink()
    assert daemon.record() is None
    assert daemon.start(command) is False
    assert daemon.record() == first


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_pid_file_cut_short_counts_as_absent(daemon: Daemon, text: str) -> None:
    daemon.pid_file.parent.mkdir()
    daemon.pid_file.write_text(text)
    assert daemon.record() is None


def test_a_pid_given_to_another_process_is_not_ours(daemon: Daemon) -> None:
    record = {"pid": os.getpid(), "started": time.time() - 86400, "command": ["x"]}
    write_private(daemon.pid_file, json.dumps(record))
    assert daemon.record() is None
    assert daemon.stop() is False  # and this very process is not stopped


def test_a_process_that_ignores_terminate_is_killed(daemon: Daemon) -> None:
    daemon.start(STUBBORN)
    daemon.await_ready(lambda: "deaf" in daemon.tail(), timeout=10)
    began = time.monotonic()
    assert daemon.stop(timeout=0.3) is True
    assert 0.3 <= time.monotonic() - began < 5
    assert daemon.record() is None


def test_ready_wait_reports_death_with_the_log(daemon: Daemon) -> None:
    daemon.start([sys.executable, "-c", "raise SystemExit('no such disk')"])
    with pytest.raises(ProcessError) as caught:
        daemon.await_ready(lambda: False, timeout=10)
    assert str(caught.value) == (
        f"sleeper ended before it was ready. The end of its log, {daemon.log_file}:\nno such disk"
    )


def test_ready_wait_reports_a_timeout(daemon: Daemon) -> None:
    daemon.start(SLEEP)
    with pytest.raises(ProcessError, match=r"sleeper was not ready after 0 s\. The end of its log"):
        daemon.await_ready(lambda: False, timeout=0.2)


def test_an_executable_that_is_missing_is_named(daemon: Daemon) -> None:
    with pytest.raises(ProcessError, match=r"^sleeper: cannot run /no/such/tool: No such file or directory$"):
        daemon.start(["/no/such/tool"])


def test_resident_bytes(daemon: Daemon) -> None:
    assert daemon.resident_bytes() is None
    daemon.start(SLEEP)
    daemon.await_ready(lambda: "up" in daemon.tail(), timeout=10)
    resident = daemon.resident_bytes()
    assert resident is not None
    assert 1 << 20 < resident < 1 << 30


def test_log_is_private_appended_and_set_aside_when_large(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon.start(SLEEP)
    daemon.await_ready(lambda: "up" in daemon.tail(), timeout=10)
    assert daemon.log_file.stat().st_mode & 0o777 == 0o600
    daemon.stop()
    monkeypatch.setattr(processes, "_LOG_LIMIT_BYTES", 2)
    daemon.start(SLEEP)
    assert daemon.log_file.with_suffix(".log.1").read_text() == "up\n"


def test_a_child_that_died_and_was_not_reaped_is_not_running(daemon: Daemon) -> None:
    child = subprocess.Popen(["true"])
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child.pid}/stat").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{child.pid}/stat").read_text().split()[2] == "Z":
            break
    import psutil

    started = psutil.Process(child.pid).create_time()
    write_private(daemon.pid_file, json.dumps({"pid": child.pid, "started": started, "command": ["true"]}))
    assert daemon.record() is None
    child.wait()


def test_a_command_that_ends_before_its_process_says_nothing_of_it(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from rehearsal.processes import Daemon; folder = Path(sys.argv[1]);"
        "Daemon('sleeper', folder / 'pid', folder / 'log').start(['sleep', '60'])"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    sleeper = Daemon("sleeper", tmp_path / "pid", tmp_path / "log")
    assert sleeper.stop()
    assert done.stderr == ""


def test_record_round_trips(daemon: Daemon) -> None:
    daemon.start(SLEEP)
    kept = json.loads(daemon.pid_file.read_text())
    assert Record(kept["pid"], kept["started"], tuple(kept["command"])) == daemon.record()
