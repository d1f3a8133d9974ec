"""What is said of an autoscaler: that it is not there, has no figures, or may add no more."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.validate.autoscalers import judge_autoscaler
from tests.infra.workload_samples import IMAGE, environment

(WEB,) = environment({"web": {"image": IMAGE, "autoscaling": {"maxReplicas": 9}}}).declared_workloads
(FIXED,) = environment({"web": {"image": IMAGE}}).declared_workloads
NO_FIGURES = "failed to get cpu utilization: unable to get metrics for resource cpu"


def scaler(name: str = "web", /, **conditions: tuple[str, str, str]) -> dict[str, Any]:
    made = [
        {"type": kind, "status": status, "reason": reason, "message": message}
        for kind, (status, reason, message) in conditions.items()
    ]
    return {"metadata": {"name": name}, "status": {"conditions": made}}


WELL = {"AbleToScale": ("True", "ReadyForNewScale", ""), "ScalingActive": ("True", "ValidMetricFound", "")}


@pytest.mark.parametrize(
    ("found", "severity", "problem", "fix"),
    [
        ([scaler("other", **WELL)], "invalid", "is not there", "run pulumi up"),
        (
            [scaler(**{**WELL, "ScalingActive": ("False", "FailedGetContainerResourceMetric", NO_FIGURES)})],
            "warning", f"does not scale: FailedGetContainerResourceMetric: {NO_FIGURES}",
            "look again in a minute: its pods may be starting. Else read kubectl logs -n kube-system "
            "deployment/metrics-server",
        ),
        (
            [scaler(**{**WELL, "AbleToScale": ("False", "FailedGetScale", "not found")})],
            "warning", "does not scale: FailedGetScale: not found", "read kubectl describe hpa -n web web",
        ),
        (
            [scaler(**{**WELL, "ScalingActive": ("False", "ScalingDisabled", "the replica count is zero")})],
            "warning", "does not scale: ScalingDisabled: the replica count is zero",
            "somebody has set its number of pods to 0: kubectl scale -n web deployment web --replicas=2",
        ),
        (
            [scaler(**WELL, ScalingLimited=("True", "TooManyReplicas", "more than the maximum"))],
            "warning", "would have more than 9 pods",
            "raise autoscaling.maxReplicas in apps/web.yaml, if it should have them",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_autoscaler(found: list[Any], severity: str, problem: str, fix: str) -> None:
    (finding,) = judge_autoscaler("workloads", WEB, found)
    assert (finding.subject, finding.severity) == ("HorizontalPodAutoscaler web/web", severity)
    assert (finding.problem, finding.fix) == (problem, fix)


@pytest.mark.parametrize(
    "found",
    [
        scaler(**WELL),
        scaler(),
        {"metadata": {"name": "web"}},
        scaler(**WELL, ScalingLimited=("True", "TooFewReplicas", "less than the minimum")),
        scaler(**WELL, ScalingLimited=("False", "DesiredWithinRange", "")),
    ],
)
def test_one_that_is_well_or_only_starting(found: dict[str, Any]) -> None:
    assert list(judge_autoscaler("workloads", WEB, [found])) == []


def test_a_workload_with_a_number_needs_none() -> None:
    assert list(judge_autoscaler("workloads", FIXED, [])) == []
