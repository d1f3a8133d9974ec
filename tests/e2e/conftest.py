"""Environments brought up by the real engine, each with a state directory of its own that goes with the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from rehearsal.project import ROOT, write_project, write_stack_file

UP_SECONDS = 600


@dataclass
class Finished:
    """A command that has ended."""

    status: int
    output: str

    def ok(self) -> Finished:
        """Return itself, or fail the test with what the command said."""
        assert self.status == 0, self.output
        return self


@dataclass
class Rehearsed:
    """One environment under rehearsal, driven as a user drives it: by the command line."""

    name: str
    project: Path
    home: Path
    spec: dict[str, Any]
    options: tuple[str, ...] = ("--no-control-plane",)
    exports: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "SLIPWAY_STATE_HOME": str(self.home), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}

    def command(self, verb: str, *arguments: str) -> list[str]:
        options = self.options if verb in ("up", "preview", "refresh", "destroy", "start") else ()
        return [
            sys.executable, "-m", "rehearsal", verb, self.name, "--project", str(self.project), *options, *arguments,
        ]  # fmt: skip

    def run(self, verb: str, *arguments: str, timeout: float = UP_SECONDS) -> Finished:
        done = subprocess.run(
            self.command(verb, *arguments),
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Finished(done.returncode, done.stdout)

    def start(self, verb: str, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            return subprocess.Popen(
                self.command(verb, *arguments),
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def engine(self, *arguments: str) -> Finished:
        return self.run("pulumi", "--", *arguments)

    def declare(self, spec: Mapping[str, Any]) -> None:
        """Write another spec into the stack file, as its owner's editor would."""
        self.spec = dict(spec)
        write_stack_file(self.project, self.name, self.spec)

    def changes(self) -> dict[str, set[str]]:
        """Return what a preview would do, as operation -> ``type name`` of each resource that is not left as it is."""
        self.run("start").ok()
        shown = self.engine_json("preview", "--json", "--non-interactive")
        found: dict[str, set[str]] = {}
        for step in shown["steps"]:
            if step["op"] not in ("same", "read"):
                kind, name = step["urn"].split("::")[-2:]
                found.setdefault(step["op"], set()).add(f"{kind.split('$')[-1]} {name}")
        return found

    def engine_json(self, *arguments: str) -> Any:
        self.load_exports()
        done = subprocess.run(
            ["pulumi", *arguments, "--stack", self.name, "--config-file", self.exports["SLIPWAY_CONFIG_FILE"]]
            if arguments[0] == "preview"
            else ["pulumi", *arguments],
            cwd=self.project,
            env={**self.environ, **self.exports},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def load_exports(self) -> None:
        if not self.exports:
            for line in self.run("env").ok().output.splitlines():
                name, _, value = line.removeprefix("export ").partition("=")
                self.exports[name] = value.strip("'")

    def client(self, service: str) -> Any:
        """Return a boto3 client of the environment's own moto server."""
        self.load_exports()
        return boto3.client(
            service,
            region_name=self.spec["region"],
            endpoint_url=self.exports["AWS_ENDPOINT_URL"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


def rehearsed(home: Path, name: str, spec: dict[str, Any], **keywords: Any) -> Iterator[Rehearsed]:
    """Yield an environment and take everything down behind it."""
    environment = Rehearsed(name, write_project(home / f"project-{name}", name, spec), home, spec, **keywords)
    try:
        yield environment
    finally:
        environment.run("down", "--yes")
