"""Rules that promtool refuses are left out and told of; the others are judged all the same, after each change."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.infra.templates.observability.sidecar import Sidecar
from tests.mounted import mount

pytestmark = pytest.mark.process

GOOD, OTHER = "groups: []\n", "groups: [] # $HOME\n"

PROMTOOL = """#!/bin/sh
# Stands in for promtool: it refuses what says "bad".
[ "$1 $2" = "check rules" ] || exit 9
! grep -q bad "$3"
"""


class Rules(Sidecar):
    """The script, with the folders that it reads and writes."""

    def __init__(self, folder: Path, **rules: str) -> None:
        self.own, self.out, programs = folder / "own", folder / "out", folder / "bin"
        self.out.mkdir()
        programs.mkdir()
        (programs / "promtool").write_text(PROMTOOL)
        (programs / "promtool").chmod(0o755)
        self.change(**rules)
        folders = {"/etc/prometheus-rules-own": str(self.own), "/etc/prometheus-rules-checked": str(self.out)}
        super().__init__("check-rules.sh", folders, programs)

    def change(self, **rules: str) -> None:
        mount(self.own, {"check-rules.sh": "bad", **{f"{name}.yaml": text for name, text in rules.items()}})

    def ready(self) -> bool:
        return (self.out / "ready").exists()

    def taken(self) -> dict[str, str]:
        """Return what Prometheus reads."""
        return {path.name: path.read_text() for path in self.out.glob("*.yaml")}


def alerts(text: str) -> list[str]:
    return [rule["alert"] for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def test_files_that_are_taken_are_as_they_were(tmp_path: Path) -> None:
    with Rules(tmp_path, web=GOOD, shop=OTHER) as script:
        script.eventually(script.ready)
        assert script.taken() == {"web.yaml": GOOD, "shop.yaml": OTHER}
        assert script.ended() == (0, "")


def test_one_that_is_refused_becomes_an_alert_and_keeps_no_other_out(tmp_path: Path) -> None:
    with Rules(tmp_path, bad="bad\n", web=GOOD) as script:
        script.eventually(script.ready)
        found = script.taken()
        assert (set(found), found["web.yaml"]) == ({"web.yaml", "bad.yaml"}, GOOD)
        (group,) = yaml.safe_load(found["bad.yaml"])["groups"]
        (rule,) = group["rules"]
        assert (rule["alert"], rule["expr"], rule["labels"]) == (
            "RulesLeftOut", "vector(1)", {"severity": "warning", "file": "bad"},
        )  # fmt: skip
        assert "monitoring/rules/bad.yaml" in rule["annotations"]["summary"]
        assert script.ended() == (0, "check-rules: bad is left out\n")


def test_a_change_is_taken_over_while_it_runs(tmp_path: Path) -> None:
    with Rules(tmp_path, web=GOOD) as script:
        script.eventually(script.ready)
        script.change(web=OTHER, shop=GOOD)
        script.eventually(lambda: script.taken() == {"web.yaml": OTHER, "shop.yaml": GOOD})
        script.change(shop=GOOD)
        script.eventually(lambda: script.taken() == {"shop.yaml": GOOD})


def test_a_file_that_becomes_bad_is_left_out_until_it_is_mended(tmp_path: Path) -> None:
    with Rules(tmp_path, web=GOOD) as script:
        script.eventually(script.ready)
        script.change(web="bad\n")
        script.eventually(lambda: "RulesLeftOut" in script.taken().get("web.yaml", ""))
        assert alerts(script.taken()["web.yaml"]) == ["RulesLeftOut"]
        script.change(web=OTHER)
        script.eventually(lambda: script.taken() == {"web.yaml": OTHER})
