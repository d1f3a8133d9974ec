"""An environment's own rules and dashboards reach Prometheus and Grafana, and change nothing where there are none."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from infra.plan.observability.monitoring import plan_monitoring
from infra.plan.observability.own import CONFIG_MAP_LIMIT
from infra.spec import SpecError
from infra.spec.environment import OwnMonitoring
from tests.infra.samples import sample_spec

RULES = "groups: [{name: web, rules: [{alert: WebDown, expr: up == 0}]}]\n"
DASHBOARD = '{"title": "Web", "uid": "web"}'


def objects(rules: dict[str, str], dashboards: dict[str, str]) -> dict[str, Any]:
    spec = sample_spec().with_own_monitoring(OwnMonitoring(rules, dashboards))
    plan = plan_monitoring(spec)
    assert plan is not None
    return {f"{each.kind} {each.name}": each.body for part in plan.in_cluster for each in part.objects}


def pod(found: dict[str, Any], which: str) -> Any:
    return found[which]["spec"]["template"]


def test_rules_are_put_to_promtool_before_prometheus_reads_them() -> None:
    found = objects({"web": RULES}, {})
    data = found["ConfigMap prometheus-rules-own"]["data"]
    assert (data["web.yaml"], set(data)) == (RULES, {"web.yaml", "check-rules.sh"})
    spec = pod(found, "StatefulSet prometheus")["spec"]
    (main,), (check,) = spec["containers"], spec["initContainers"]
    assert (check["image"], check["command"]) == (
        main["image"], ["/bin/sh", "/etc/prometheus-rules-own/check-rules.sh"],
    )  # fmt: skip
    assert check["securityContext"] == main["securityContext"]
    # It goes on beside Prometheus, which waits until the files have been read once.
    assert check["restartPolicy"] == "Always"
    assert check["startupProbe"]["exec"]["command"] == ["test", "-e", "/etc/prometheus-rules-checked/ready"]
    assert {each["name"]: each["mountPath"] for each in check["volumeMounts"]} == {
        "own-rules": "/etc/prometheus-rules-own", "checked-rules": "/etc/prometheus-rules-checked",
    }  # fmt: skip
    assert {"name": "checked-rules", "mountPath": "/etc/prometheus-rules-checked", "readOnly": True} in main[
        "volumeMounts"
    ]
    volumes = {each["name"]: each for each in spec["volumes"]}
    assert volumes["own-rules"]["configMap"] == {"name": "prometheus-rules-own"}
    assert volumes["checked-rules"]["emptyDir"] == {"sizeLimit": "16Mi"}
    config = yaml.safe_load(found["ConfigMap prometheus"]["data"]["prometheus.yml"])
    assert config["rule_files"] == ["/etc/prometheus-rules/*.yaml", "/etc/prometheus-rules-checked/*.yaml"]


def test_the_script_reads_and_writes_the_folders_that_are_mounted() -> None:
    script = objects({"web": RULES}, {})["ConfigMap prometheus-rules-own"]["data"]["check-rules.sh"]
    assert "from=/etc/prometheus-rules-own\nto=/etc/prometheus-rules-checked\n" in script


def test_the_alert_of_a_file_that_is_left_out_names_the_container_that_says_why() -> None:
    found = objects({"web": RULES}, {})
    (check,) = pod(found, "StatefulSet prometheus")["spec"]["initContainers"]
    script = found["ConfigMap prometheus-rules-own"]["data"]["check-rules.sh"]
    assert f"kubectl -n monitoring logs prometheus-0 -c {check['name']} says" in script
    assert all(each["readOnly"] for each in check["volumeMounts"] if each["name"] == "own-rules")


def test_dashboards_are_in_a_folder_of_their_own() -> None:
    found = objects({}, {"web": DASHBOARD})
    assert found["ConfigMap grafana-dashboards-own"]["data"] == {"web.json": DASHBOARD}
    spec = pod(found, "Deployment grafana")["spec"]
    (grafana,) = spec["containers"]
    mount = {"name": "own-dashboards", "mountPath": "/etc/grafana/dashboards-own", "readOnly": True}
    assert mount in grafana["volumeMounts"]
    assert {"name": "own-dashboards", "configMap": {"name": "grafana-dashboards-own"}} in spec["volumes"]
    providers = yaml.safe_load(found["ConfigMap grafana"]["data"]["files.yaml"])["providers"]
    assert [(each["name"], each["folder"], each["options"]["path"]) for each in providers] == [
        ("slipway", "Slipway", "/etc/grafana/dashboards"), ("own", "Own", "/etc/grafana/dashboards-own"),
    ]  # fmt: skip


def test_where_there_are_none_nothing_is_added() -> None:
    found = objects({}, {})
    assert not [name for name in found if name.endswith("-own")]
    assert "initContainers" not in pod(found, "StatefulSet prometheus")["spec"]
    config = yaml.safe_load(found["ConfigMap prometheus"]["data"]["prometheus.yml"])
    assert config["rule_files"] == ["/etc/prometheus-rules/*.yaml"]
    providers = yaml.safe_load(found["ConfigMap grafana"]["data"]["files.yaml"])["providers"]
    assert [each["name"] for each in providers] == ["slipway"]


def refused(rules: dict[str, str], dashboards: dict[str, str]) -> list[str]:
    with pytest.raises(SpecError) as error:
        objects(rules, dashboards)
    return [str(problem) for problem in error.value.problems]


def test_what_no_config_map_holds_is_refused() -> None:
    rest = CONFIG_MAP_LIMIT - len("web.json")
    assert objects({}, {"web": " " * rest})
    assert refused({}, {"web": " " * (rest + 1)}) == [
        "monitoring.grafana.dashboards: are 1,048,577 bytes together, and a ConfigMap holds 1,048,576; the largest is "
        "web.json. Fix: take some out."
    ]


def test_the_largest_of_several_is_named() -> None:
    (line,) = refused({"large": " " * 700_000, "small": " " * 600_000}, {})
    assert line.startswith("monitoring.rules: are 1,3")
    assert line.endswith("the largest is large.yaml. Fix: take some out.")
