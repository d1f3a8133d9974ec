"""Rules, their unit tests, both configurations and the dashboards' queries, judged by Prometheus's own promtool."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.node.yaml_text import yaml_text
from infra.plan.observability.prometheus import collector_config, prometheus_config
from infra.spec.monitoring.load import judge_rules
from tests.e2e.at_hand import programs_or_skip
from tests.infra.samples import sample_spec
from tests.infra.templates.observability.sidecar import Sidecar
from tests.mounted import mount

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "infra" / "templates" / "observability" / "rules"
DASHBOARDS = ROOT / "infra" / "templates" / "observability" / "dashboards"
ALERTS = Path(__file__).parent / "alerts"
EXAMPLES = ROOT / "examples" / "monitoring"
REFUSED = ["rate(up)", "sum by (a) (up", "nope(up)", "up[5m]", "up offset", 'up{a=~"("}', "rate(up[5m], 1)"]
SPECS = {
    "cilium": sample_spec(cluster={"namespaces": [{"name": "web"}]}),
    "amazonVpc": sample_spec(cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"}),
}


@pytest.fixture(scope="module")
def promtool() -> Path:
    return programs_or_skip(["promtool"], "promtool")["promtool"]


def run(promtool: Path, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([promtool, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.yaml"))


@pytest.mark.parametrize("name", names(RULES))
def test_alerts_fire_when_they_should_and_not_before(promtool: Path, name: str) -> None:
    done = run(promtool, ["test", "rules", name], ALERTS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_to_fire_and_to_keep_silent() -> None:
    cases = [case for name in names(ALERTS) for case in yaml.safe_load((ALERTS / name).read_text())["tests"]]
    checks = [check for case in cases for check in case["alert_rule_test"]]
    fired = {check["alertname"] for check in checks if check["exp_alerts"]}
    silent = {check["alertname"] for check in checks if not check["exp_alerts"]}
    alerts = {
        rule["alert"]
        for name in names(RULES)
        for group in yaml.safe_load((RULES / name).read_text())["groups"]
        for rule in group["rules"]
    }
    assert fired == alerts
    assert alerts - silent == {"Watchdog"}
    assert names(ALERTS) == names(RULES)


def test_rules_have_nothing_that_promtool_would_warn_of(promtool: Path) -> None:
    done = run(promtool, ["check", "rules", "--lint=all", "--lint-fatal", *names(RULES)], RULES)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
@pytest.mark.parametrize(("make", "mode"), [(prometheus_config, []), (collector_config, ["--agent"])])
def test_prometheus_reads_both_configurations(
    promtool: Path, tmp_path: Path, spec: Any, make: Any, mode: list[str]
) -> None:
    (tmp_path / "prometheus.yml").write_text(yaml_text(make(spec)))
    # Only the syntax: tokens and authorities are files of pods.
    done = run(promtool, ["check", "config", "--syntax-only", *mode, "prometheus.yml"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ((EXAMPLES / "rules" / "shop.yaml").read_text(), True),
        # What the spec's own checks let through, since no template is read there.
        ("groups: [{name: a, rules: [{alert: A, expr: up, annotations: {summary: '{{ humanise $value }}'}}]}]", False),
        ("groups: [{name: a, rules: [{alert: A, expr: up, annotations: {summary: '{{ if $value }}'}}]}]", False),
    ],
    ids=["example", "function", "end"],
)
def test_rules_of_one_s_own_are_taken_or_left_out(promtool: Path, tmp_path: Path, text: str, taken: bool) -> None:
    assert judge_rules(text, "monitoring/rules/own.yaml") == []
    own, out = tmp_path / "own", tmp_path / "out"
    out.mkdir()
    mount(own, {"own.yaml": text})
    folders = {"/etc/prometheus-rules-own": str(own), "/etc/prometheus-rules-checked": str(out)}
    with Sidecar("check-rules.sh", folders, promtool.parent) as script:
        script.eventually(lambda: (out / "ready").exists())
    (made,) = out.glob("*.yaml")
    assert (made.read_text() == text) is taken
    assert ("RulesLeftOut" in made.read_text()) is not taken
    # Prometheus starts with whatever is there now.
    again = run(promtool, ["check", "rules", made.name], out)
    assert again.returncode == 0, again.stdout + again.stderr


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_spec_refuses_promtool_refuses_too(promtool: Path, tmp_path: Path, text: str) -> None:
    rule = f"groups: [{{name: a, rules: [{{alert: A, expr: {json.dumps(text)}}}]}}]"
    assert judge_rules(rule, "monitoring/rules/own.yaml") != []
    (tmp_path / "own.yaml").write_text(rule)
    done = run(promtool, ["check", "rules", "own.yaml"], tmp_path)
    # A range is an expression to promtool, and fails in Prometheus each time that it is judged.
    assert done.returncode != 0 or text.endswith("]")


def test_the_example_alerts_when_it_should(promtool: Path) -> None:
    done = run(promtool, ["test", "rules", "shop.test.yaml"], EXAMPLES / "tests")
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_refuses_a_key_that_does_not_exist(promtool: Path, tmp_path: Path) -> None:
    config = prometheus_config(SPECS["cilium"])
    config["scrape_configs"][0]["relable_configs"] = []
    (tmp_path / "prometheus.yml").write_text(yaml_text(config))
    done = run(promtool, ["check", "config", "--syntax-only", "prometheus.yml"], tmp_path)
    assert done.returncode != 0
    assert "relable_configs" in done.stderr


def test_every_query_of_the_dashboards_can_be_parsed(promtool: Path, tmp_path: Path) -> None:
    queries = [
        target["expr"]
        for path in sorted(DASHBOARDS.glob("*.json"))
        for panel in json.loads(path.read_text())["panels"]
        for target in panel["targets"]
    ]
    assert len(queries) > 30
    rules = [{"record": f"dashboard:query_{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "queries.yaml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    done = run(promtool, ["check", "rules", "queries.yaml"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
