"""``slipway roll`` and ``slipway validate`` as their users meet them, with what is behind them replaced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import cli
from infra.commands.roll_output import line_of, output_for, span
from infra.ops.errors import OpsError
from infra.ops.roll import live as live_module
from infra.ops.roll import run as run_module
from infra.ops.roll.estimate import Estimate
from infra.ops.roll.pace import Pace
from infra.ops.roll.progress import Event
from infra.ops.roll.run import Limits, PausedError
from infra.ops.roll.view import Instance, Member
from infra.ops.validate import run as validate_module
from infra.ops.validate.findings import Finding
from infra.ops.validate.run import Report
from infra.spec import CONFIG_KEY
from tests.infra.ops.roll.simulation import START
from tests.infra.samples import sample_mapping

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(yaml.safe_dump({"config": {CONFIG_KEY: sample_mapping()}}), encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "200")

    def call(command: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["slipway", command, str(file), *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return call


class Live:
    """A live environment that keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def lock(self) -> Any:
        return self

    def renew(self) -> None:
        raise AssertionError("nothing is rolled here")

    def means(self, tell: Any, limits: Any, drain: Any, renew: Any) -> Any:
        assert renew == self.renew
        self.asked |= {"limits": limits, "drain": drain}
        return tell

    def budgets(self) -> list[str]:
        return ["PodDisruptionBudget tools/redis: lets none go"]

    def estimates(self, groups: Any, *, force: bool) -> list[Estimate]:
        self.asked |= {"groups": [group.name for group in groups], "force": force}
        old = Member(Instance("i-1", "a", "m7i.large", "InService", "lt-1", "1"), None, ("launch template version 1",))
        return [
            Estimate("control-plane-a", "ControlPlane", (old,), 1, Pace(0, 1), 1, 180.0, False, 240.0, True),
            Estimate("nodes", "Node", (old, old), 1, Pace(1, 0), 2, 180.0, False, 480.0, False),
            Estimate("edge", "Edge", (), 2, Pace(1, 0), 0, 180.0, False, 0.0, False),
        ]


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Live:
    made = Live()
    monkeypatch.setattr(live_module, "live", lambda *_: made)

    def roll(spec: Any, groups: Any, means: Any, *, lock: Any, take: bool, force: bool) -> None:
        made.asked |= {"groups": [group.name for group in groups], "take": take, "force": force}
        means(Event("begin", "nodes", "2 machines to replace", total=2))
        means(Event("cordon", "nodes", "cordoned", "i-1", "n-1"))
        if made.asked.get("fails"):
            raise made.asked["fails"]

    monkeypatch.setattr(run_module, "roll", roll)
    return made


def test_a_roll_in_a_log(run: Run, live: Live) -> None:
    status, out, err = run("roll")
    assert (status, err) == (0, "")
    assert [line[9:] for line in out.splitlines()] == ["nodes: 2 machines to replace", "nodes n-1: cordoned"]
    assert live.asked["groups"] == ["control-plane-a", "nodes", "edge"]
    assert (live.asked["take"], live.asked["force"], live.asked["limits"]) == (False, False, Limits())
    assert (live.asked["drain"].delete_empty_dir_data, live.asked["drain"].delete_unmanaged) == (True, False)


def test_a_roll_for_a_machine(run: Run, live: Live) -> None:
    status, out, _ = run(
        "roll", "edge", "nodes", "--json", "--force", "--take-lock", "--delete-unmanaged", "--poll", "1"
    )
    assert status == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert all(line.pop("time").endswith("+00:00") for line in lines)
    assert lines == [
        {"kind": "begin", "group": "nodes", "text": "2 machines to replace", "total": 2},
        {"kind": "cordon", "group": "nodes", "text": "cordoned", "instance": "i-1", "node": "n-1"},
    ]
    assert live.asked["groups"] == ["nodes", "edge"]
    assert (live.asked["take"], live.asked["force"]) == (True, True)
    assert live.asked["limits"].poll == 1
    assert live.asked["drain"].delete_unmanaged


@pytest.mark.parametrize(
    ("error", "status"),
    [(PausedError("the roll paused", "why", "mend it"), 4), (OpsError("no way", "why", "mend it"), 1)],
)
def test_a_roll_that_stops(run: Run, live: Live, error: OpsError, status: int) -> None:
    live.asked["fails"] = error
    ended, _, err = run("roll")
    assert (ended, err) == (status, f"error: {error}\n")


def test_a_group_that_is_not_there(run: Run, live: Live) -> None:
    status, _, err = run("roll", "node")
    assert status == 2
    assert "there is no instance group of this name" in err
    assert live.asked == {}


def test_a_dry_run(run: Run, live: Live) -> None:
    status, out, _ = run("roll", "--dry-run")
    assert status == 0
    assert "1 of 1" in out
    assert "2 of 2" in out  # one of the group's size, and one that was taken out of it
    assert "launch template version 1" in out
    assert "nothing differs" in out
    assert "control-plane-a: the API will not answer meanwhile" in out
    assert "PodDisruptionBudget tools/redis: lets none go" in out
    assert "About 12 min in all (1 min a drain; 3 min for a boot where none was measured). Nothing was changed." in out
    status, out, _ = run("roll", "--dry-run", "--json")
    first, _, second = (json.loads(line) for line in out.splitlines())
    assert first == {
        "group": "control-plane-a", "role": "ControlPlane", "size": 1,
        "replace": {"i-1": ["launch template version 1"]},
        "maxSurge": 0, "maxUnavailable": 1, "seconds": 240, "bootSeconds": 180, "bootMeasured": False,
        "apiUnavailable": True,
    }  # fmt: skip
    assert second["replace"] == {}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7200, "2 h 0 min"), (12000, "3 h 20 min")],
)
def test_lengths_of_time(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_bars_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with output_for(as_json=False, terminal=True) as output:
        output.tell(Event("begin", "nodes", "2 machines to replace", total=2))
        output.tell(Event("wait", "nodes", "waiting", replaced=1, total=2))
    out = capsys.readouterr().out
    assert "nodes: waiting" in out
    assert "1/2" in out


def test_a_line() -> None:
    assert line_of(Event("finished", "", "all done"), START) == "00:00:00 all done"
    assert line_of(Event("warm", "nodes", "ended", "i-1"), START) == "00:00:00 nodes i-1: ended"


BAD = Finding("nodes", "invalid", "node n-1", "is not ready", "describe it")


class Validation:
    """A validation that finds what it was told to."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        self.groups: list[str] = []

    def report(self, groups: Any, chosen: Any) -> Report:
        assert chosen == ()
        self.groups = [group.name for group in groups]
        return Report(self.findings, ("DNS", "nodes"))


@pytest.mark.parametrize(
    ("findings", "status", "words"),
    [
        ((), 0, "is valid"),
        ((BAD,), 4, "is not valid"),
        ((Finding("nodes", "unknown", "a", "b"),), 1, "could not be looked at whole"),
        ((Finding("nodes", "unknown", "a", "b"), BAD), 4, "is not valid"),
        ((Finding("nodes", "warning", "a", "b"),), 0, "is valid"),
    ],
)
def test_a_validation(
    run: Run, monkeypatch: pytest.MonkeyPatch, findings: tuple[Finding, ...], status: int, words: str
) -> None:
    made = Validation(*findings)
    monkeypatch.setattr(validate_module, "connected", lambda *_: made)
    ended, out, err = run("validate")
    assert (ended, err) == (status, "")
    assert out.splitlines() == [
        *(f"{each.severity}: nodes: {each}" for each in findings),
        f"test.example.com {words}. Checked: DNS, nodes.",
    ]
    assert made.groups == []
    ended, out, _ = run("validate", "--format", "json", "--group", "nodes", "-g", "edge")
    assert ended == status
    document = json.loads(out)
    assert document["verdict"] == {0: "valid", 4: "invalid", 1: "unknown"}[status]
    assert document["findings"] == [finding.as_json() for finding in findings]
    assert made.groups == ["nodes", "edge"]


def test_a_validation_that_waits(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([(BAD,), (BAD,), ()])

    class Slow(Validation):
        def report(self, groups: Any, chosen: Any) -> Report:
            assert groups == chosen == ()
            return Report(next(looks), ("nodes",))

    monkeypatch.setattr(validate_module, "connected", lambda *_: Slow())
    assert run("validate", "--wait", "10s", "--poll", "0.05")[0] == 0
    assert run("validate", "--wait", "soon")[0] == 2


def test_a_validation_that_cannot_begin(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Validation:
        raise OpsError("no way to the cluster", "x", "set KUBECONFIG")

    monkeypatch.setattr(validate_module, "connected", refuse)
    assert run("validate")[::2] == (1, "error: no way to the cluster: x. Fix: set KUBECONFIG.\n")
