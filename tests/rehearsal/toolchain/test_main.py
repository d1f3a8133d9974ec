from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from rehearsal.toolchain.__main__ import main

Program = Callable[[Path, str], Path]


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(main)
    return app


@pytest.fixture(autouse=True)
def only_what_the_test_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    del cache
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def test_paths_are_printed_for_scripts(app: typer.Typer, tmp_path: Path, program: Program) -> None:
    path = program(tmp_path / "bin" / "kubectl", "echo Client Version: v1.38.0")
    outcome = CliRunner().invoke(app, ["kubectl"])
    assert outcome.stdout == f"kubectl\t{path}\n"
    assert outcome.exit_code == 0


def test_the_list_tells_where_each_is_and_why_others_will_not_do(
    app: typer.Typer, tmp_path: Path, program: Program, cache: Path
) -> None:
    program(tmp_path / "bin" / "kubectl", "echo Client Version: v1.30.0")
    program(cache / "bin" / "etcd-3.7.3" / "etcd", "")
    outcome = CliRunner().invoke(app, ["--list", "kubectl", "etcd"])
    rows = [line.split() for line in outcome.stdout.splitlines()]
    assert rows[0] == ["tool", "pinned", "from", "path"]
    assert rows[1][:6] == ["kubectl", "1.37.2", "to", "build", "go", "build"]
    assert rows[2][0] == "not"
    assert "1.30.0," in rows[2]
    assert rows[3][:3] == ["etcd", "3.7.3", "cache"]


def test_ctrl_c_ends_with_the_exit_code_of_shells(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rehearsal.toolchain.__main__.resolve", interrupted)
    assert CliRunner().invoke(app, ["etcd"]).exit_code == 130


def test_an_unknown_tool_is_one_message_and_exit_code_1(app: typer.Typer) -> None:
    outcome = CliRunner().invoke(app, ["helm"])
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("No tool is named 'helm'.")
