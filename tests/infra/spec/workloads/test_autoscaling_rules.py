"""Autoscaling is held to what can be scaled, and to figures that somebody measures and that can be reached."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.spec.workloads.load import judge_workloads
from tests.infra.samples import sample_spec
from tests.infra.workload_samples import IMAGE, NAMESPACES, problems

CLAIM = {"name": "data", "path": "/data", "sizeGi": 1}


def told(autoscaling: dict[str, Any], **change: Any) -> list[str]:
    return problems({"web": {"image": IMAGE, "autoscaling": autoscaling, **change}})


@pytest.mark.parametrize(
    ("autoscaling", "change"),
    [
        ({"maxReplicas": 3}, {}),
        ({"minReplicas": 1, "maxReplicas": 1000, "cpuPercent": 1000, "memoryPercent": 95}, {}),
        ({"maxReplicas": 3, "cpuPercent": 1, "memoryPercent": 1}, {}),
        (
            {"maxReplicas": 10, "scaleDownAfter": "0s"},
            {"claims": [{**CLAIM, "access": "ReadWriteMany", "storageClass": "efs"}]},
        ),
        ({"maxReplicas": 10, "scaleDownAfter": "1h"}, {"resources": {"cpu": "100m", "cpuLimit": "200m"}}),
        ({"maxReplicas": 10, "cpuPercent": 199}, {"resources": {"cpu": "100m", "cpuLimit": "200m"}}),
        ({"maxReplicas": 10, "memoryPercent": 70}, {"resources": {"cpu": "100m", "cpuLimit": "100m"}}),
    ],
)
def test_what_can_be_scaled(autoscaling: dict[str, Any], change: dict[str, Any]) -> None:
    assert told(autoscaling, **change) == []


@pytest.mark.parametrize(
    ("autoscaling", "change", "line"),
    [
        ({}, {}, "autoscaling.maxReplicas: is missing. Fix: add maxReplicas, for example 10."),
        ({"maxReplicas": 1001}, {}, "autoscaling.maxReplicas: 1001 is too great. Fix: write at most 1000."),
        ({"minReplicas": 0, "maxReplicas": 2}, {}, "autoscaling.minReplicas: 0 is too small. Fix: write at least 1."),
        ({"maxReplicas": 2}, {}, "autoscaling.maxReplicas: 2 is no more than minReplicas, 2: there is nothing to "
         "choose. Fix: write at least 3, or replicas in place of autoscaling."),
        ({"minReplicas": 5, "maxReplicas": 4}, {}, "autoscaling.maxReplicas: 4 is below minReplicas, 5: there is "
         "nothing to choose. Fix: write at least 6, or replicas in place of autoscaling."),
        ({"maxReplicas": 9, "cpuPercent": 0}, {}, "autoscaling.cpuPercent: 0 is too small. Fix: write at least 1."),
        ({"maxReplicas": 9, "cpuPercent": 1001}, {},
         "autoscaling.cpuPercent: 1001 is too great. Fix: write at most 1000."),
        ({"maxReplicas": 9, "memoryPercent": 0}, {},
         "autoscaling.memoryPercent: 0 is too small. Fix: write at least 1."),
        ({"maxReplicas": 9, "memoryPercent": 96}, {},
         "autoscaling.memoryPercent: 96 is too great. Fix: write at most 95."),
        ({"maxReplicas": 9, "scaleDownAfter": "3601s"}, {}, "autoscaling.scaleDownAfter: '3601s' is longer than "
         "Kubernetes waits. Fix: write 1h at most."),
        ({"maxReplicas": 9}, {"replicas": 3}, "replicas: 3 is a number, and autoscaling chooses one. Fix: remove it "
         "(under overrides by replicas: null), or remove autoscaling."),
        ({"maxReplicas": 9}, {"claims": [CLAIM]}, "autoscaling: would add pods, and a Deployment with claims that are "
         "not ReadWriteMany is one pod. Fix: remove it, or keep the data elsewhere."),
        ({"maxReplicas": 9, "cpuPercent": 150}, {"resources": {"cpu": "200m", "cpuLimit": "300m"}},
         "autoscaling.cpuPercent: 150 is never passed: by resources.cpuLimit a pod uses 150% of its request at most. "
         "Fix: write less than 150, or raise or remove the limit."),
        ({"maxReplicas": 1}, {"kind": "StatefulSet"}, "autoscaling: is for a Deployment, and does nothing for a "
         "StatefulSet. Fix: write replicas: members that hold data come and go by somebody's word."),
        ({"maxReplicas": 9}, {"kind": "DaemonSet"}, "autoscaling: is for a Deployment, and does nothing for a "
         "DaemonSet. Fix: remove it."),
        ({"maxReplicas": 9, "targetCPUUtilizationPercentage": 70}, {}, "autoscaling.targetCPUUtilizationPercentage: is "
         "not a known key. Fix: write cpuPercent, a number."),
        ({"maxReplicas": 9, "enabled": True}, {}, "autoscaling.enabled: is not a known key. Fix: remove it: "
         "autoscaling is on where it is written; write autoscaling: null under overrides to have none."),
    ],
)  # fmt: skip
def test_what_cannot(autoscaling: dict[str, Any], change: dict[str, Any], line: str) -> None:
    assert told(autoscaling, **change) == [f"apps/web.yaml: {line}"]


@pytest.mark.parametrize(
    ("autoscaling", "change", "wrong"),
    [
        ({"minReplicas": "2", "maxReplicas": 2}, {}, "autoscaling.minReplicas"),
        ({"maxReplicas": "9"}, {"replicas": 3}, "autoscaling.maxReplicas"),
        ({"maxReplicas": 9}, {"claims": [{**CLAIM, "access": "Many"}]}, "claims[0].access"),
        ({"maxReplicas": 9}, {"resources": {"cpu": "lots", "cpuLimit": "50m"}}, "resources.cpu"),
        ({"maxReplicas": 9, "cpuPercent": 300}, {"resources": {"cpu": "100m", "cpuLimit": 1}}, "resources.cpuLimit"),
        ({"maxReplicas": 9}, {"resources": {"cpu": "500m", "cpuLimit": "400m"}}, "resources.cpuLimit"),
    ],
)
def test_what_rests_on_a_wrong_value_is_not_told(
    autoscaling: dict[str, Any], change: dict[str, Any], wrong: str
) -> None:
    assert [line.split(": ")[1] for line in told(autoscaling, **change)] == [wrong]


UNMEASURED = {"metricsServer": {"enabled": False}}


@pytest.mark.parametrize(
    ("addons", "file", "refused"),
    [
        (UNMEASURED, {"autoscaling": {"maxReplicas": 4}}, True),
        (UNMEASURED, {"replicas": 4}, False),
        ({"managed": False}, {"autoscaling": {"maxReplicas": 4}}, False),
        ({}, {"autoscaling": {"maxReplicas": 4}}, False),
    ],
)
def test_nobody_scales_by_what_nobody_measures(
    addons: dict[str, Any], file: dict[str, Any], refused: bool, tmp_path: Path
) -> None:
    spec = sample_spec(
        cluster={"namespaces": list(NAMESPACES), "addons": addons}, workloads=[{"name": "web", "namespace": "web"}]
    )
    (tmp_path / "web.yaml").write_text(yaml.dump({"image": IMAGE, **file}), encoding="utf-8")
    found = [str(problem) for problem in judge_workloads(spec, tmp_path)[1]]
    assert found == (
        ["apps/web.yaml: autoscaling: goes by what metrics-server measures, which this environment does not run. Fix: "
         "remove cluster.addons.metricsServer.enabled from the stack file, or write replicas for autoscaling."]
        if refused else []
    )  # fmt: skip


def test_an_override_chooses_between_a_number_and_autoscaling() -> None:
    spec = sample_spec(cluster={"namespaces": list(NAMESPACES)})

    def of(file: dict[str, Any], overrides: dict[str, Any]) -> list[str]:
        uses = [{"name": "web", "namespace": "web", "overrides": overrides}]
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "web.yaml").write_text(yaml.dump({"image": IMAGE, **file}), encoding="utf-8")
            chosen = spec.model_copy(update={"workloads": sample_spec(
                cluster={"namespaces": list(NAMESPACES)}, workloads=uses).workloads})  # fmt: skip
            whole, found = judge_workloads(chosen, Path(folder))
        assert len(found) == len({str(each) for each in found})
        return [str(each) for each in found] or [
            f"{each.least_pods} to {each.most_pods}" for each in whole.declared_workloads
        ]

    scaled = {"autoscaling": {"minReplicas": 3, "maxReplicas": 12}}
    assert of({"replicas": 4}, {**scaled, "replicas": None}) == ["3 to 12"]
    assert of(scaled, {"autoscaling": None}) == ["2 to 2"]
    assert of(scaled, {"autoscaling": None, "replicas": 6}) == ["6 to 6"]
    assert of(scaled, {"autoscaling": {"maxReplicas": 20}}) == ["3 to 20"]
    assert of({"replicas": 4}, scaled)[0].startswith("apps/web.yaml: replicas: 4 is a number")
