"""`slipway preview` and `slipway drift` as CI calls them: forms, files and exit statuses, from recorded events."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from infra import cli
from infra.ops.preview.events import read_events
from infra.spec import CONFIG_KEY, Problem, SpecError
from tests.infra.ops.preview.made import VOLUME, step, urn
from tests.infra.samples import sample_mapping

Run = Callable[..., tuple[int, str, str]]
RECORDED = Path(__file__).parents[1] / "ops" / "preview" / "recorded"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in a project with the environment `test`; return exit status, stdout and stderr."""
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\n", encoding="utf-8")
    (tmp_path / "stacks").mkdir()
    stack = tmp_path / "stacks" / "Pulumi.test.yaml"
    stack.write_text(yaml.safe_dump({"config": {CONFIG_KEY: sample_mapping()}}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["slipway", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return call


def events(*given: dict[str, object], result: str = "succeeded") -> str:
    return "\n".join(json.dumps(each) for each in (*given, {"sequence": 2, "summaryEvent": {"result": result}}))


LOST = events(step("delete", VOLUME, "etcd-a", {"size": 1}))


@pytest.mark.parametrize(
    ("text", "options", "status"),
    [
        (events(), (), 0),
        (LOST, (), 3),
        (LOST, ("--waive", urn(VOLUME, "etcd-a")), 0),
        (LOST, ("--waive", "etcd"), 3),
        (events(result="failed"), (), 1),
        ("Segmentation fault", (), 1),
        ("", (), 1),
    ],
)
@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_exit_status(
    run: Run, monkeypatch: pytest.MonkeyPatch, text: str, options: tuple[str, ...], status: int, form: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    found, _, errors = run("preview", "test", "--from", "-", "--format", form, *options)
    assert found == status, errors


def test_a_wrong_call_is_status_2(run: Run) -> None:
    assert run("preview", "nowhere", "--from", "-")[0] == 2
    assert run("preview", "test", "--from", "missing.jsonl")[0] == 2
    assert run("preview", "test", "--format", "html")[0] == 2


def test_the_report_goes_to_a_file_and_the_headline_to_the_log(run: Run, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(LOST, encoding="utf-8")
    status, out, _ = run("preview", "test", "--from", "events.jsonl", "--format", "markdown", "--write", "report.md")
    assert status == 3
    headline = "test: STOP. 1 resource that cannot be made again would be replaced or deleted."
    assert out == f"Wrote report.md.\n{headline}\n"
    assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith("<!-- slipway-preview: test -->\n## 🔴 ")


def test_without_the_engine_it_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    for verb in ("preview", "drift"):
        status, _, errors = run(verb, "test")
        assert status == 1
        assert errors == ("error: `pulumi` is not on PATH. Install the engine, or give recorded events by --from.\n")


def fake_engine(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    engine = folder / "pulumi"
    engine.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_the_engine_is_called_so_that_it_changes_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "given.jsonl").write_text(LOST, encoding="utf-8")
    fake_engine(tmp_path, monkeypatch, 'echo "$PULUMI_ENABLE_STREAMING_JSON_PREVIEW $@" >> calls\ncat given.jsonl\n')
    status, _, progress = run("preview", "test", "--save-plan", "p.json", "--policy-pack", "policy")
    assert status == 3
    assert "aws:ebs/volume:Volume etcd-a" in progress
    many = (step("refresh", VOLUME, f"etcd-{number}", {"size": 1}, {"size": 1}) for number in range(120))
    (tmp_path / "given.jsonl").write_text(events(*many), encoding="utf-8")
    status, _, progress = run("drift", "test")
    assert (status, progress.splitlines()) == (0, ["  looked at 50 resources", "  looked at 100 resources"])
    preview, refresh = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert preview == (
        f"true preview --stack test --non-interactive --json --save-plan={tmp_path}/p.json "
        f"--policy-pack={tmp_path}/policy"
    )
    assert refresh == "true refresh --preview-only --stack test --non-interactive --json"


def test_an_engine_that_dies_is_a_failure_with_what_it_said(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_engine(tmp_path, monkeypatch, "echo 'error: password=planted-5 is wrong' >&2\nexit 255\n")
    for verb in ("preview", "drift"):
        status, out, errors = run(verb, "test")
        assert status == 1
        assert "error: password=[secret] is wrong" in out
        assert "planted" not in out + errors


def test_a_mistake_of_the_files_that_the_engine_met_is_told_as_that(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise SpecError("plan", [Problem(("monitoring", "rules"), "are too large", "write fewer")])

    fake_engine(tmp_path, monkeypatch, "echo 'error: the program failed' >&2\nexit 255\n")
    monkeypatch.setattr("infra.plan.environment.plan_environment", refuse)
    status, out, errors = run("preview", "test")
    assert (status, out) == (2, "")
    assert "monitoring.rules: are too large. Fix: write fewer." in errors


def test_drift_from_recorded_events(run: Run) -> None:
    status, out, _ = run("drift", "test", "--from", str(RECORDED / "drift.jsonl"), "--format", "json")
    assert (status, json.loads(out)["verdict"]) == (4, "drift")


@pytest.mark.parametrize(("read", "told"), [("elsewhere.yaml", True), ("stacks/Pulumi.test.yaml", False), ("", False)])
def test_it_says_where_the_engine_reads_another_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: str, told: bool
) -> None:
    monkeypatch.setenv("PULUMI_OPTION_CONFIG_FILE", str(tmp_path / read) if read else "")
    monkeypatch.setattr("infra.ops.preview.engine.preview", lambda *_: read_events(events(), ""))
    status, _, err = run("preview", "test")
    assert status == 0
    own = tmp_path / "stacks" / "Pulumi.test.yaml"
    line = f"has the engine read {tmp_path / read}: what only {own} says is not in this preview.\n"
    assert err.endswith(line) is told
    assert told or err == ""


@pytest.mark.parametrize(("set_there", "status"), [("slipway:receivers", 0), ("slipway:other", 2)])
def test_a_secret_may_be_set_in_the_file_that_the_engine_reads(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, set_there: str, status: int
) -> None:
    spec = {**sample_mapping(), "monitoring": {"alerting": {"secret": "receivers"}}}
    own, read = tmp_path / "stacks" / "Pulumi.test.yaml", tmp_path / "copy" / "Pulumi.test.yaml"
    own.write_text(yaml.safe_dump({"config": {CONFIG_KEY: spec}}), encoding="utf-8")
    read.parent.mkdir()
    read.write_text(yaml.safe_dump({"config": {CONFIG_KEY: spec, set_there: {"secure": "v1:a"}}}), encoding="utf-8")
    monkeypatch.setenv("PULUMI_OPTION_CONFIG_FILE", str(read))
    monkeypatch.setattr("infra.ops.preview.engine.preview", lambda *_: read_events(events(), ""))
    assert run("preview", "test")[0] == status
