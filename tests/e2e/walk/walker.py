"""A reader of the documents, with a project, a shell and a rehearsed AWS account."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.ops.kube import connect
from infra.spec import EnvironmentSpec, load
from rehearsal.cache import cache_home
from rehearsal.project import ROOT
from rehearsal.standin_nodes import Runner, StandInMachines
from tests.e2e.conftest import Rehearsed
from tests.e2e.walk import programs
from tests.e2e.walk.lines import Line

SECONDS = 600
DROPPED = ("PULUMI_BACKEND_URL", "PULUMI_STACK", "PULUMI_OPTION_CONFIG_FILE", "PULUMI_CONFIG_PASSPHRASE")
"""What `./rehearse env` sets and a reader who works on AWS does not have: the documents themselves see to it."""


@dataclass
class Walker:
    """Runs lines in one project, and remembers what they said."""

    env: Rehearsed
    others: Mapping[str, str] = field(default_factory=dict)
    """Names in documents -> the environment that stands for them."""
    words: dict[str, str] = field(default_factory=dict)
    """Examples in documents (a time, an ID) -> what they are here."""
    variables: dict[str, str] = field(default_factory=dict)
    said: str = ""
    ran: list[Line] = field(default_factory=list)
    ends: ExitStack = field(default_factory=ExitStack)
    machines: StandInMachines | None = None

    def __post_init__(self) -> None:
        self.bin = self.env.home / "bin"
        programs.install(self.bin, self.env.project)
        for name in ("policy", "tools", "examples"):
            if not (self.env.project / name).exists():
                (self.env.project / name).symlink_to(ROOT / name)

    @property
    def stack_file(self) -> Path:
        return self.env.project / "stacks" / f"Pulumi.{self.env.name}.yaml"

    @property
    def spec(self) -> EnvironmentSpec:
        return load(self.stack_file, self.env.name)

    def shell(self, text: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a line as the reader's shell would."""
        variables = {**self.env.environ, **self.variables, **more}
        variables["PATH"] = os.pathsep.join([str(self.bin), variables["PATH"]])
        variables |= {
            "HOME": str(self.env.home / "reader"),
            # What a reader's package installer is set to, as which index, is in the real home.
            "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME", str(Path.home() / ".config")),
            "SLIPWAY_CACHE_HOME": str(cache_home()),
        }
        if "tools/venv.py" in text:
            # The rehearsal's proxy leads to its cluster alone, and a reader on AWS has none, or one that leads out.
            for name in ("HTTPS_PROXY", "https_proxy"):
                variables.pop(name, None)
                if name in os.environ:
                    variables[name] = os.environ[name]
        # There is no terminal at which the engine could ask. With --preview-only it does not, and refuses the word.
        variables.pop("PULUMI_SKIP_CONFIRMATIONS", None)
        if "--preview-only" not in text:
            variables["PULUMI_SKIP_CONFIRMATIONS"] = "true"
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", text],
            cwd=self.env.project,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def read_variables(self, drop: tuple[str, ...] = DROPPED) -> None:
        """Take the variables of `./rehearse env`, without those that a reader on AWS does not have."""
        printed = self.shell(f'eval "$(./rehearse env {self.env.name} 2>/dev/null)" && env -0').stdout
        pairs = (entry.partition("=") for entry in printed.split("\0") if "=" in entry)
        mine = (
            "AWS_",
            "PULUMI_",
            "KUBECONFIG",
            "SLIPWAY_",
            "PATH",
            "HTTPS_PROXY",
            "https_proxy",
            "NO_PROXY",
            "no_proxy",
        )
        found = {name: value for name, _, value in pairs if name.startswith(mine) and name not in drop}
        self.variables = {**found, "AWS_PAGER": ""}

    def walk(self, line: Line, status: int = 0) -> str:
        """Run a line, and fail the test with what it said when its exit status is another."""
        text = line.text
        for example, here in self.words.items():
            text = text.replace(example, here)
        for name, here in self.others.items():
            text = re.sub(rf"\b{name}\b", here, text)
        began = datetime.now(UTC)
        done = self.shell(text)
        took = (datetime.now(UTC) - began).total_seconds()
        print(f"[{took:5.1f} s] {line.document}: {text}")
        self.said = done.stdout
        assert done.returncode == status, f"{line.document}: {text}\nended with {done.returncode}:\n{done.stdout}"
        assert "Traceback" not in done.stdout, done.stdout
        self.ran.append(line)
        return done.stdout

    def edit(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Edit the stack file, as a document's text tells its reader to."""
        document = yaml.safe_load(self.stack_file.read_text(encoding="utf-8"))
        change(document["config"]["slipway:environment"])
        self.stack_file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def boot(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let a stand-in machine join for each instance, until the walk ends."""
        for name in ("KUBECONFIG", "AWS_ENDPOINT_URL"):
            monkeypatch.setenv(name, self.variables[name])
        self.machines = StandInMachines(
            self.env.client("ec2"), connect(self.spec), self.spec.cluster.kubernetes_version, boot_seconds=0.5
        )
        self.ends.enter_context(Runner(self.machines, every=0.2))

    def new_machines(self, version: str) -> None:
        """Let machines that join from now on be of another version, as their launch template is."""
        assert self.machines is not None
        self.machines.version = version
