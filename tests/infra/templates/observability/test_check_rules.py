"""Rules that promtool refuses are left out and told of; the others are judged all the same."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.process

SCRIPT = Path(__file__).parents[4] / "infra" / "templates" / "observability" / "check-rules.sh"

PROMTOOL = """#!/bin/sh
# Stands in for promtool: it refuses what says "bad".
[ "$1 $2" = "check rules" ] || exit 9
! grep -q bad "$3"
"""


def checked(folder: Path, **rules: str) -> tuple[dict[str, str], str]:
    """Run the script over files, and return what Prometheus gets, and what the script said."""
    own, out, bin_ = folder / "own", folder / "out", folder / "bin"
    for each in (own, out, bin_):
        each.mkdir()
    for name, text in rules.items():
        (own / f"{name}.yaml").write_text(text)
    (own / "check-rules.sh").write_text("bad")
    (bin_ / "promtool").write_text(PROMTOOL)
    (bin_ / "promtool").chmod(0o755)
    script = SCRIPT.read_text().replace("/etc/prometheus-rules-own", str(own))
    script = script.replace("/etc/prometheus-rules-checked", str(out))
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_text() for path in out.iterdir()}, done.stderr


def test_files_that_are_taken_are_as_they_were(tmp_path: Path) -> None:
    assert checked(tmp_path, web="groups: []\n", shop="groups: [] # $HOME\n") == (
        {"web.yaml": "groups: []\n", "shop.yaml": "groups: [] # $HOME\n"}, "",
    )  # fmt: skip


def test_one_that_is_refused_becomes_an_alert_and_keeps_no_other_out(tmp_path: Path) -> None:
    found, said = checked(tmp_path, bad="bad\n", web="groups: []\n")
    assert said == "check-rules: bad is left out\n"
    assert set(found) == {"web.yaml", "left-out-bad.yaml"}
    (group,) = yaml.safe_load(found["left-out-bad.yaml"])["groups"]
    (rule,) = group["rules"]
    assert (rule["alert"], rule["expr"], rule["labels"]) == (
        "RulesLeftOut", "vector(1)", {"severity": "warning", "file": "bad"},
    )  # fmt: skip
    assert "monitoring/rules/bad.yaml" in rule["annotations"]["summary"]
