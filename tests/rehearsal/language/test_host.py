"""The language host as the engine starts it, with an engine and a resource monitor that only take notes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

pytestmark = pytest.mark.process

HOST = Path(__file__).resolve().parents[3] / "rehearsal" / "bin" / "pulumi-language-python"


class FakeEngine(engine_pb2_grpc.EngineServicer, resource_pb2_grpc.ResourceMonitorServicer):
    """Answers as an engine does and keeps what it was told."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.outputs: dict[str, Any] = {}
        self.registered: list[str] = []

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802
        if request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)
        return empty_pb2.Empty()

    def SupportsFeature(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=False)

    def RegisterResource(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self.registered.append(request.type)
        return resource_pb2.RegisterResourceResponse(urn=f"urn:pulumi:dev::tiny::{request.type}::{request.name}")

    def RegisterResourceOutputs(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self.outputs.update(dict(request.outputs))
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()


class Host:
    def __init__(self, process: subprocess.Popen[str], stub: Any, engine: FakeEngine, address: str) -> None:
        self.process, self.stub, self.engine, self._address = process, stub, engine, address

    def run(self, program: Path, **fields: Any) -> Any:
        info = language_pb2.ProgramInfo(root_directory=str(program), program_directory=str(program), entry_point=".")
        request = language_pb2.RunRequest(
            info=info,
            pwd=str(program),
            program=".",
            project="tiny",
            stack="dev",
            organization="org",
            monitor_address=self._address,
            parallel=2,
            **fields,
        )
        return self.stub.Run(request, timeout=20)


@pytest.fixture(scope="module")
def shared() -> Iterator[Host]:
    engine = FakeEngine()
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(engine, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    process = subprocess.Popen(
        [str(HOST), "-v=3", address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "SLIPWAY_HOST_PYTHON": sys.executable},
    )
    assert process.stdout is not None
    assert process.stdin is not None
    channel = grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}")
    yield Host(process, language_pb2_grpc.LanguageRuntimeStub(channel), engine, address)
    channel.close()
    process.stdin.close()  # what the host sees when its engine is killed
    assert process.wait(10) == 0
    process.stdout.close()
    server.stop(None)


@pytest.fixture
def host(shared: Host) -> Host:
    shared.engine.errors.clear()
    shared.engine.outputs.clear()
    shared.engine.registered.clear()
    return shared


def _program(folder: Path, source: str) -> Path:
    (folder / "__main__.py").write_text(textwrap.dedent(source))
    return folder


def test_the_program_sees_what_the_vendors_executor_shows(host: Host, tmp_path: Path) -> None:
    program = _program(
        tmp_path,
        """
        import json, os, sys, threading
        import pulumi
        from pulumi.runtime.config import is_config_secret
        config = pulumi.Config()
        pulumi.export("seen", json.dumps({
            "argv": sys.argv,
            "cwd": os.getcwd(),
            "path": sys.path[0],
            "name": __name__,
            "main": threading.current_thread() is threading.main_thread(),
            "stack": [pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()],
            "root": pulumi.get_root_directory(),
            "dry": pulumi.runtime.is_dry_run(),
            "config": config.require("size"),
            "secret keys": [key for key in ("size", "password") if is_config_secret("tiny:" + key)],
            "environment": json.loads(os.environ["PULUMI_CONFIG"]),
            "input": sys.stdin.read(),
            "host": any(entry.endswith("rehearsal") for entry in sys.path),
        }))
        """,
    )
    response = host.run(
        program,
        dryRun=True,
        config={"tiny:size": "3", "tiny:password": "p"},
        configSecretKeys=["tiny:password"],
        args=["--flag"],
    )
    assert (response.error, response.bail) == ("", False)
    assert host.engine.registered == ["pulumi:pulumi:Stack"]
    here = str(program)
    assert json.loads(host.engine.outputs["seen"]) == {
        "argv": [here, "--flag"],
        "cwd": here,
        "path": here,
        "name": "__main__",
        "main": True,
        "stack": ["org", "tiny", "dev"],
        "root": here,
        "dry": True,
        "config": "3",
        "secret keys": ["password"],
        "environment": {"tiny:size": "3", "tiny:password": "p"},
        "input": "",
        "host": False,
    }


def test_an_exception_is_told_from_the_programs_first_frame_on(host: Host, tmp_path: Path) -> None:
    program = _program(tmp_path, "def inner():\n    raise ValueError('boom')\n\n\ninner()\n")
    response = host.run(program)
    assert (response.error, response.bail) == ("", True)
    assert host.engine.errors == [
        "Program failed with an unhandled exception:\n"
        "Traceback (most recent call last):\n"
        f'  File "{program}/__main__.py", line 5, in <module>\n'
        "    inner()\n"
        f'  File "{program}/__main__.py", line 2, in inner\n'
        "    raise ValueError('boom')\n"
        "ValueError: boom\n"
    ]


@pytest.mark.parametrize(
    ("source", "error", "bail", "told"),
    [
        ("import pulumi\nraise pulumi.RunError('2 problems:\\n  a\\n  b')", "", True, ["2 problems:\n  a\n  b"]),
        ("import sys\nsys.exit(3)", "Program exited with non-zero exit code: 3", False, []),
        ("import sys\nsys.exit()", "", False, []),
    ],
)
def test_how_a_program_ends_is_passed_on(
    host: Host, tmp_path: Path, source: str, error: str, bail: bool, told: list[str]
) -> None:
    response = host.run(_program(tmp_path, source))
    assert (response.error, response.bail) == (error, bail)
    assert host.engine.errors == told


def test_a_directory_without_a_program_is_named(host: Host, tmp_path: Path) -> None:
    assert host.run(tmp_path).bail is True
    assert host.engine.errors == [f"unable to find main python program `__main__.py` in `{tmp_path}`"]


def test_a_second_run_meets_none_of_the_firsts_modules(host: Host, tmp_path: Path) -> None:
    (tmp_path / "counted_part.py").write_text("runs = []\n")
    program = _program(
        tmp_path,
        "import pulumi, counted_part\ncounted_part.runs.append(1)\npulumi.export('n', len(counted_part.runs))\n",
    )
    for _ in range(2):
        assert host.run(program).error == ""
        assert host.engine.outputs["n"] == 1


def test_it_asks_for_no_plugins_and_installs_nothing(host: Host) -> None:
    packages = host.stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest())
    assert (list(packages.packages), list(packages.specs)) == ([], [])
    assert host.stub.GetPluginInfo(empty_pb2.Empty()).version == "3.259.0"
    assert host.stub.About(language_pb2.AboutRequest()).executable == sys.executable
    found = host.stub.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest()).dependencies
    assert ("pulumi", "3.259.0") in [(each.name, each.version) for each in found]
    (said,) = host.stub.InstallDependencies(language_pb2.InstallDependenciesRequest())
    assert said.stdout.decode() == f"Using the packages of {sys.executable}\n"


def _plugin(folder: Path, source: str, **options: str) -> Any:
    _program(folder, source)
    info = language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".")
    info.options.update(options)
    return language_pb2.RunPluginRequest(info=info, pwd=str(folder), args=["127.0.0.1:1"], env=["WORD=said"])


def test_a_plugin_runs_in_its_own_interpreter_and_its_output_and_status_are_passed_on(
    host: Host, tmp_path: Path
) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\necho "as $@"\nexec {sys.executable} "$@"\n')
    (tmp_path / ".venv" / "bin" / "python").chmod(0o755)
    source = (
        "import os, sys\nsys.stderr.write(os.environ['WORD'])\nprint(sys.argv[1:], os.environ.get('HOME'))\nsys.exit(7)"
    )
    said: dict[str, bytes] = {"stdout": b"", "stderr": b""}
    statuses = []
    for message in host.stub.RunPlugin(_plugin(tmp_path, source, virtualenv=".venv"), timeout=20):
        which = message.WhichOneof("output")
        if which == "exitcode":
            statuses.append(message.exitcode)
        else:
            said[which] += getattr(message, which)
    assert said == {"stdout": f"as -u {tmp_path} 127.0.0.1:1\n['127.0.0.1:1'] None\n".encode(), "stderr": b"said"}
    assert statuses == [7]


def test_a_plugin_that_the_engine_wants_no_more_is_ended(host: Host, tmp_path: Path) -> None:
    source = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
    running = host.stub.RunPlugin(_plugin(tmp_path, source), timeout=20)
    pid = int(next(running).stdout)
    running.cancel()
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_plugin_without_its_virtual_environment_is_told_what_to_make(host: Host, tmp_path: Path) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        list(host.stub.RunPlugin(_plugin(tmp_path, "", virtualenv=".venv"), timeout=20))
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert refused.value.details().startswith(f"{tmp_path}/.venv does not exist or is no virtual environment")


def test_what_it_does_not_provide_is_refused(host: Host) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        host.stub.Template(language_pb2.TemplateRequest())
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_without_an_engines_address_it_says_who_starts_it() -> None:
    done = subprocess.run(
        [str(HOST)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SLIPWAY_HOST_PYTHON": sys.executable},
    )
    assert done.returncode == 1
    assert "is started by the Pulumi engine" in done.stderr


def test_an_interrupt_ends_it_at_once() -> None:
    process = subprocess.Popen(
        [str(HOST), "127.0.0.1:1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "SLIPWAY_HOST_PYTHON": sys.executable},
    )
    with process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
