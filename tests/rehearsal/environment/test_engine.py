from __future__ import annotations

import signal
from pathlib import Path

import pytest

from rehearsal.environment.engine import Engine
from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.layout import Layout

CONFIG = ["--config-file", "/s/prod/Pulumi.prod.yaml"]
STACK = ["--stack", "prod"]


def _engine(executable: Path = Path("/bin/pulumi")) -> Engine:
    return Engine(executable, Path("/"), Layout("prod", Path("/s/prod")), {"AWS_REGION": "eu-central-1"})


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["up", "--yes"], ["up", "--yes", *CONFIG, *STACK]),
        (["up", "--config-file=x.yaml"], ["up", "--config-file=x.yaml", *STACK]),
        (["up", "-s", "other"], ["up", "-s", "other", *CONFIG]),
        (["config", "get", "x"], ["config", "get", "x", *CONFIG, *STACK]),
        (["stack", "export"], ["stack", "export", *STACK]),
        (["stack", "ls"], ["stack", "ls"]),
        (["stack", "init", "dev"], ["stack", "init", "dev"]),
        (["cancel", "--yes"], ["cancel", "--yes", *STACK]),
        (["state", "unprotect", "--all"], ["state", "unprotect", "--all", *STACK]),
        (["version"], ["version"]),
        (["up", "--help"], ["up", "--help"]),
        ([], []),
    ],
)
def test_stack_and_config_file_are_added_where_the_command_takes_them(
    arguments: list[str], expected: list[str]
) -> None:
    assert _engine().command(arguments) == ["/bin/pulumi", *expected]


def test_what_the_engine_says_is_in_the_error_and_its_variables_are_set(tmp_path: Path) -> None:
    script = tmp_path / "pulumi"
    script.write_text('#!/bin/sh\n[ "$1" = version ] && echo "$AWS_REGION" && exit\necho "no stack" >&2\nexit 7\n')
    script.chmod(0o755)
    engine = _engine(script)
    assert engine.output(["version"]) == "eu-central-1\n"
    with pytest.raises(RehearsalError, match=r"^`pulumi stack export` failed: no stack$"):
        engine.state()
    assert engine.run(["up"]) == 7


def test_an_engine_that_waits_for_what_is_gone_is_ended(tmp_path: Path) -> None:
    script = tmp_path / "pulumi"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    answers = iter([True, False])
    assert _engine(script).run(["up"], lambda: next(answers)) == -signal.SIGTERM
