"""Environments brought up by the real engine, each with a state directory of its own that goes with the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.config import Config
from kubernetes.config import new_client_from_config

from infra.ops.kube import Kube
from rehearsal.environment.variables import SKIP_VARIABLE
from rehearsal.project import ROOT, write_project, write_stack_file
from tests.e2e import nursery, order

UP_SECONDS = 600

EVERY_KILL = bool(os.environ.get("SLIPWAY_EVERY_KILL"))
"""Whether commands are killed at every step that they have, which takes a quarter of an hour, and not at a few."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the tests of each stay in their order."""
    items.sort(key=lambda item: -order.seconds(item.nodeid))


@dataclass
class Finished:
    """A command that has ended."""

    status: int
    output: str
    errors: str = ""
    """Standard error, where it is kept apart."""

    def ok(self) -> Finished:
        """Return itself, or fail the test with what the command said."""
        assert self.status == 0, self.output + self.errors
        return self


@dataclass
class Rehearsed:
    """One environment under rehearsal, driven as a user drives it: by the command line."""

    name: str
    project: Path
    home: Path
    spec: dict[str, Any]
    options: tuple[str, ...] = ()
    endpoint: str = ""
    checkpoints: bool = False
    """Whether updates write the state as they go, which only those need that are killed."""
    pulumi_home: Path | None = None
    """Where a vendor's plugin is looked for, in place of the user's own ``~/.pulumi``."""

    @property
    def environ(self) -> dict[str, str]:
        skip = {} if self.checkpoints else {SKIP_VARIABLE: "1", nursery.VARIABLE: str(nursery.nursery())}
        if self.pulumi_home:
            skip["PULUMI_HOME"] = str(self.pulumi_home)
        return {**os.environ, **skip, "SLIPWAY_STATE_HOME": str(self.home), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}

    def command(self, verb: str, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "rehearsal", *self.words(verb, *arguments)]

    def quicker(self, verb: str, *arguments: str) -> list[str]:
        """Return the command from a nursery, but where processes are killed: those are such as a user has."""
        if self.checkpoints:
            return self.command(verb, *arguments)
        return nursery.command("rehearsal", *self.words(verb, *arguments))

    def words(self, verb: str, *arguments: str) -> list[str]:
        """Return what stands behind the command's name."""
        options = self.options if verb in ("up", "preview", "refresh", "destroy", "start") else ()
        return [verb, self.name, "--project", str(self.project), *options, *arguments]

    def run(self, verb: str, *arguments: str, timeout: float = UP_SECONDS) -> Finished:
        done = subprocess.run(
            self.quicker(verb, *arguments),
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

    def write_app(self, name: str, written: Mapping[str, Any]) -> None:
        """Write a workload's file, as the application's team would."""
        folder = self.project / "apps"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(dict(written)), encoding="utf-8")

    def kube(self) -> Kube:
        """Return a client of the environment's own API server, as its administrator."""
        client: Any = new_client_from_config(config_file=str(self.home / self.name / "kubeconfig"))  # type: ignore[no-untyped-call]
        return Kube(client)

    def changes(self) -> dict[str, set[str]]:
        """Return what a preview would do, as operation -> ``type name`` of each resource that is not left as it is."""
        done = subprocess.run(
            self.quicker("pulumi", "--", "preview", "--json", "--non-interactive"),
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, set[str]] = {}
        for step in json.loads(done.stdout)["steps"]:
            if step["op"] not in ("same", "read"):
                kind, name = step["urn"].split("::")[-2:]
                found.setdefault(step["op"], set()).add(f"{kind.split('$')[-1]} {name}")
        return found

    def known_endpoint(self) -> str:
        """Return the address of the environment's own AWS stand-in, the same for its life."""
        if not self.endpoint:
            self.endpoint = self.find_endpoint()
        return self.endpoint

    def find_endpoint(self) -> str:
        for line in self.run("env").ok().output.splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            if name == "AWS_ENDPOINT_URL":
                return value.strip("'")
        raise AssertionError("rehearse env names no AWS_ENDPOINT_URL")

    def client(self, service: str) -> Any:
        """Return a boto3 client of the environment's own moto server."""
        return boto3.client(
            service,
            region_name=self.spec["region"],
            endpoint_url=self.known_endpoint(),
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def policy_pack() -> Path:
    """The policy pack, with its virtual environment made of its lock file."""
    subprocess.run([sys.executable, ROOT / "tools" / "venv.py", "policy"], check=True)
    return ROOT / "policy"


def rehearsed(home: Path, name: str, spec: dict[str, Any], **keywords: Any) -> Iterator[Rehearsed]:
    """Yield an environment and take everything down behind it."""
    environment = Rehearsed(name, write_project(home / f"project-{name}", name, spec), home, spec, **keywords)
    try:
        yield environment
    finally:
        environment.run("down", "--yes")
