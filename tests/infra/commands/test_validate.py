"""``slipway validate`` of workloads alone: which are looked at, and a name that none has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import cli
from infra.ops.validate import run as validate_module
from infra.ops.validate.findings import Finding
from infra.ops.validate.run import Report
from infra.spec import CONFIG_KEY
from tests.infra.samples import sample_mapping
from tests.infra.workload_samples import IMAGE


class Validation:
    """A validation that remembers what it was asked about."""

    asked: tuple[list[str], list[str]] = ([], [])

    def report(self, groups: Any, chosen: Any) -> Report:
        self.asked = ([each.name for each in groups], [each.name for each in chosen])
        return Report((), ("workloads",))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\n", encoding="utf-8")
    for folder in ("stacks", "apps"):
        (tmp_path / folder).mkdir()
    for name in ("web", "api"):
        (tmp_path / "apps" / f"{name}.yaml").write_text(yaml.safe_dump({"image": IMAGE}), encoding="utf-8")
    uses = [{"name": name, "namespace": "web"} for name in ("web", "api")]
    written = sample_mapping(cluster={"namespaces": [{"name": "web"}]}, workloads=uses)
    stack = tmp_path / "stacks" / "Pulumi.test.yaml"
    stack.write_text(yaml.safe_dump({"config": {CONFIG_KEY: written}}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["slipway", "validate", "test", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.usefixtures("project")
def test_workloads_are_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Validation()
    monkeypatch.setattr(validate_module, "connected", lambda *_: made)
    assert run(monkeypatch, "--workload", "api", "-w", "web") == 0
    assert made.asked == ([], ["api", "web"])


@pytest.mark.usefixtures("project")
def test_a_name_that_no_workload_has(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--workload", "wbe") == 2
    assert "'wbe' is not a workload of this environment. Fix: name one of api, web." in capsys.readouterr().err


@pytest.mark.usefixtures("project")
def test_what_is_waited_for_is_said_when_it_changes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Finding("nodes", "invalid", "instance i-1 of nodes", "has not become a node", "see its system log")
    etcd = Finding("etcd", "unknown", "etcd", "does not answer")
    behind = Finding("nodes", "warning", "instance group nodes", "1 of 2 machines differ")
    looks = iter([(behind, node, etcd), (node, etcd), (etcd,), (behind,)])

    class Coming:
        def report(self, *_: object) -> Report:
            return Report(next(looks), ("nodes",))

    monkeypatch.setattr(validate_module, "connected", lambda *_: Coming())
    assert run(monkeypatch, "--wait", "10m", "--poll", "0.05", "--format", "json") == 0
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "waiting, 10 min more at most: nodes: instance i-1 of nodes: has not become a node (and 1 more)",
        "waiting, 10 min more at most: etcd: etcd: does not answer",
    ]
    assert json.loads(said.out)["verdict"] == "valid"
