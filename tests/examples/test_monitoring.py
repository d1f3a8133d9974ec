"""The examples of rules and dashboards of one's own are ones that an environment takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from infra.spec import load
from tests.infra.samples import sample_mapping

EXAMPLES = Path(__file__).parents[2] / "examples" / "monitoring"


def test_an_environment_takes_them(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "monitoring")
    rules = [path.stem for path in (EXAMPLES / "rules").iterdir()]
    dashboards = [path.stem for path in (EXAMPLES / "dashboards").iterdir()]
    monitoring = {"rules": rules, "grafana": {"dashboards": dashboards}}
    stack = tmp_path / "stacks" / "Pulumi.test.yaml"
    stack.parent.mkdir()
    stack.write_text(yaml.safe_dump({"config": {"slipway:environment": sample_mapping(monitoring=monitoring)}}))
    own = load(stack, "test").own_monitoring
    assert (set(own.rules), set(own.dashboards)) == ({"shop"}, {"shop"})


@pytest.mark.parametrize("path", sorted((EXAMPLES / "rules").iterdir()), ids=lambda path: path.name)
def test_each_alert_has_a_unit_test(path: Path) -> None:
    rules = [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
    tests = yaml.safe_load((EXAMPLES / "tests" / f"{path.stem}.test.yaml").read_text())["tests"]
    checks = [check for case in tests for check in case["alert_rule_test"]]
    alerts = {rule["alert"] for rule in rules if "alert" in rule}
    assert {check["alertname"] for check in checks if check["exp_alerts"]} == alerts
    assert {check["alertname"] for check in checks if not check["exp_alerts"]} == alerts
