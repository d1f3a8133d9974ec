"""What a stack file names of monitoring is read from beside it, and judged together with all else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.spec import EnvironmentSpec, SpecError, load
from tests.infra.samples import sample_mapping

RULES = "groups:\n  - name: web\n    rules:\n      # Kept as it is written.\n      - {alert: WebDown, expr: up == 0}\n"
DASHBOARD = json.dumps({"title": "Web", "uid": "web"})
BOTH = {"rules": ["web"], "grafana": {"dashboards": ["web"]}}


def read(folder: Path, monitoring: dict[str, Any], files: dict[str, str], **change: Any) -> EnvironmentSpec:
    (folder / "stacks").mkdir()
    for name, text in files.items():
        path = folder / "monitoring" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    written = {"config": {"slipway:environment": sample_mapping(monitoring=monitoring, **change)}}
    stack = folder / "stacks" / "Pulumi.test.yaml"
    stack.write_text(yaml.safe_dump(written), encoding="utf-8")
    return load(stack, "test")


def problems(folder: Path, monitoring: dict[str, Any], files: dict[str, str], **change: Any) -> list[str]:
    with pytest.raises(SpecError) as refused:
        read(folder, monitoring, files, **change)
    return [str(problem) for problem in refused.value.problems]


def test_they_are_read_as_they_are_written(tmp_path: Path) -> None:
    spec = read(tmp_path, BOTH, {"rules/web.yaml": RULES, "dashboards/web.json": DASHBOARD})
    assert spec.own_monitoring.rules == {"web": RULES}
    assert spec.own_monitoring.dashboards == {"web": DASHBOARD}


def test_files_that_no_line_names_are_not_read(tmp_path: Path) -> None:
    spec = read(tmp_path, {}, {"rules/web.yaml": "groups: [", "dashboards/web.json": "{"})
    assert (spec.own_monitoring.rules, spec.own_monitoring.dashboards) == ({}, {})


def test_files_that_are_missing_or_wrong_are_told_together(tmp_path: Path) -> None:
    monitoring = {"rules": ["web", "wbe"], "grafana": {"dashboards": ["web"]}}
    bad = RULES.replace("up == 0", "up ==")
    found = problems(tmp_path, monitoring, {"rules/web.yaml": bad, "dashboards/web.json": "{}"})
    assert [line.partition(". Fix")[0].partition(" is no PromQL")[0] for line in found] == [
        "monitoring/rules/web.yaml: groups[0].rules[0].expr: 'up =='",
        "monitoring/rules/wbe.yaml: the file does not exist",
        "monitoring/dashboards/web.json: title: is missing",
        "monitoring/dashboards/web.json: uid: is missing",
    ]
    assert found[1].endswith("Fix: create it, or name one of web.")


def test_they_are_told_with_a_bad_stack_file(tmp_path: Path) -> None:
    found = problems(tmp_path, BOTH, {"rules/web.yaml": "[]"}, region="nowhere")
    assert [line.partition(": ")[0] for line in found] == [
        "region", "monitoring/rules/web.yaml", "monitoring/dashboards/web.json",
    ]  # fmt: skip


@pytest.mark.parametrize("monitoring", [{"rules": "web"}, {"rules": [7, "../../etc"]}, "on", {"grafana": "off"}])
def test_a_bad_list_of_them_is_told_once(tmp_path: Path, monitoring: Any) -> None:
    assert all(line.startswith("monitoring") and ".yaml" not in line for line in problems(tmp_path, monitoring, {}))


def test_two_dashboards_with_one_uid(tmp_path: Path) -> None:
    monitoring = {"grafana": {"dashboards": ["a", "b"]}}
    found = problems(tmp_path, monitoring, {"dashboards/a.json": DASHBOARD, "dashboards/b.json": DASHBOARD})
    assert found == [
        "monitoring/dashboards/b.json: uid: 'web' is that of monitoring/dashboards/a.json. Fix: write another."
    ]


@pytest.mark.parametrize(
    ("monitoring", "line"),
    [
        ({"rules": ["web", "web"]}, "monitoring.rules[1]: 'web' is listed twice. Fix: remove one."),
        ({"grafana": {"dashboards": ["web", "web"]}},
         "monitoring.grafana.dashboards[1]: 'web' is listed twice. Fix: remove one."),
        ({"grafana": {"enabled": False, "dashboards": ["web"]}}, "monitoring.grafana.dashboards: are shown by nobody, "
         "because monitoring.grafana.enabled is false. Fix: remove them, or let enabled be true."),
        ({"enabled": False, "rules": ["web"]}, "monitoring.rules: has no effect, because monitoring.enabled is false. "
         "Fix: remove it, or let enabled be true."),
    ],
)  # fmt: skip
def test_lists_that_do_nothing(tmp_path: Path, monitoring: dict[str, Any], line: str) -> None:
    assert problems(tmp_path, monitoring, {"rules/web.yaml": RULES, "dashboards/web.json": DASHBOARD}) == [line]
