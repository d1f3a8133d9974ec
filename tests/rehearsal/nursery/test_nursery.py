"""A process from a nursery is to who asked for it as one that he started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rehearsal.project import ROOT

pytestmark = pytest.mark.process

PROGRAMS = """
import os, signal, socket, subprocess, sys, time
from rehearsal.nursery.server import Nursery

def shows():
    print(os.getcwd(), os.environ.get("WORD"), sys.argv[1:], sys.stdin.read())
    print("heard", file=sys.stderr)

def leaves(*_):
    os.write(1, b"ends in order\\n")  # print may be what the signal interrupts
    sys.exit()

def waits():
    signal.signal(signal.SIGTERM, leaves)
    print(os.getpid())
    time.sleep(60)

def starts():
    print(subprocess.run(["echo", "from a child"], capture_output=True, text=True, check=True).stdout)

with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(sys.argv[1])
    listener.listen()
    os.environ["WORD"] = "the nursery's own"
    programs = {
        "shows": shows, "waits": waits, "starts": starts, "refuses": lambda: sys.exit(3), "fails": lambda: 1 / 0,
        "dies": lambda: os.kill(os.getpid(), 9),
    }
    Nursery(listener, programs).serve()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    path = tmp_path_factory.mktemp("nursery") / "socket"
    command = [sys.executable, "-c", PROGRAMS, str(path)]
    running = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not path.is_socket() and time.monotonic() < deadline:
        time.sleep(0.02)
    yield running
    assert running.stdin is not None
    running.stdin.close()
    assert running.wait(10) == 0, "it ends with its standard input"


def command(server: subprocess.Popen[bytes], *arguments: str) -> list[str]:
    path = psutil.Process(server.pid).cmdline()[-1]
    return [sys.executable, "-I", "-S", str(ROOT / "rehearsal" / "nursery" / "ask.py"), path, *arguments]


def run(server: subprocess.Popen[bytes], *arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(server, *arguments), capture_output=True, text=True, check=False, timeout=20, **more)  # type: ignore[call-overload,no-any-return]


def test_it_has_the_askers_folder_words_variables_and_streams(server: subprocess.Popen[bytes], tmp_path: Path) -> None:
    done = run(server, "shows", "a b", "", cwd=tmp_path, env={"WORD": "é=1\n2"}, input="typed")
    assert done.stdout == f"{tmp_path} é=1\n2 ['a b', ''] typed\n"
    assert (done.stderr, done.returncode) == ("heard\n", 0)
    assert run(server, "shows", env={}, input="").stdout.startswith(f"{Path.cwd()} None [] ")


@pytest.mark.parametrize(("program", "status"), [("refuses", 3), ("fails", 1), ("dies", 137), ("starts", 0)])
def test_it_ends_as_it_would(server: subprocess.Popen[bytes], program: str, status: int) -> None:
    done = run(server, program)
    assert done.returncode == status, done.stderr
    assert ("ZeroDivisionError" in done.stderr) is (program == "fails")
    assert ("from a child" in done.stdout) is (program == "starts")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_who_asked(server: subprocess.Popen[bytes], how: signal.Signals) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command(server, "waits"), text=True, **pipes) as asker:  # type: ignore[call-overload]
        made = psutil.Process(int(asker.stdout.readline()))
        asker.send_signal(how)
        left = asker.stdout.read(), asker.stderr.read()
    made.wait(10)
    assert left == ("ends in order\n", "")
    assert run(server, "refuses").returncode == 3, "the nursery goes on"


def test_it_ends_when_the_one_is_gone_who_started_who_asked(server: subprocess.Popen[bytes]) -> None:
    starter = subprocess.Popen(
        ["sh", "-c", '"$@" & wait', "sh", *command(server, "waits")], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    made = psutil.Process(int(starter.stdout.readline()))
    starter.kill()
    starter.wait()
    made.wait(10)
    starter.stdout.close()


def test_without_a_nursery_the_asker_says_so(tmp_path: Path) -> None:
    asker = [sys.executable, "-I", "-S", str(ROOT / "rehearsal/nursery/ask.py"), str(tmp_path / "none"), "shows"]
    done = subprocess.run(asker, capture_output=True, text=True, check=False, timeout=20, env=dict(os.environ))
    assert done.returncode == 1
    assert "FileNotFoundError" in done.stderr
