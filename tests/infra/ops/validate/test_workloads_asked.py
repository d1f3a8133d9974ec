"""What the API server is asked for when workloads are looked at, and which are."""

from __future__ import annotations

from typing import Any, cast

import pytest

from infra.ops.kube import Kube
from infra.ops.validate.workloads import check_workloads, workloads_named
from infra.spec import SpecError
from tests.infra.ops.validate.test_workloads import GOOD, KINDS, SPEC, live
from tests.infra.workload_samples import IMAGE, environment


class Api:
    """Answers lists as the API server would, and remembers what was asked."""

    def __init__(self, answers: dict[str, list[Any]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def items(self, path: str, **query: str) -> list[Any]:
        self.asked.append(path)
        assert query in ({"labelSelector": "app.kubernetes.io/managed-by=slipway"}, {"fieldSelector": "type=Warning"})
        return self.answers.get(path.rpartition("/")[2], [])


def test_only_what_is_needed_is_asked() -> None:
    api = Api({"deployments": [live("web", GOOD)]})
    found = list(check_workloads(cast(Kube, api), SPEC, workloads_named(SPEC, ["web"])))
    assert found == []
    assert api.asked == [
        "/apis/apps/v1/namespaces/web/deployments",
        "/api/v1/namespaces/web/pods",
        "/api/v1/namespaces/web/events",
    ]
    api = Api({})
    found = list(check_workloads(cast(Kube, api), SPEC, SPEC.declared_workloads))
    assert [each.subject for each in found] == [f"{kind} web/{name}" for name, kind in KINDS.items()]
    assert api.asked == [
        "/apis/batch/v1/namespaces/web/cronjobs",
        "/apis/apps/v1/namespaces/web/daemonsets",
        "/apis/apps/v1/namespaces/web/deployments",
        "/apis/autoscaling/v2/namespaces/web/horizontalpodautoscalers",
        "/apis/batch/v1/namespaces/web/jobs",
        "/apis/apps/v1/namespaces/web/statefulsets",
        "/api/v1/namespaces/web/pods",
        "/api/v1/namespaces/web/events",
    ]
    api = Api({"deployments": [live("scaled", GOOD)]})
    found = list(check_workloads(cast(Kube, api), SPEC, workloads_named(SPEC, ["scaled"])))
    assert [(each.subject, each.problem) for each in found] == [("HorizontalPodAutoscaler web/scaled", "is not there")]


def test_of_a_cron_job_its_jobs_are_asked_for_too() -> None:
    api = Api({})
    list(check_workloads(cast(Kube, api), SPEC, workloads_named(SPEC, ["report"])))
    assert [path.rpartition("/")[2] for path in api.asked] == ["cronjobs", "jobs", "pods", "events"]


def test_each_namespace_is_asked_for_its_own() -> None:
    spec = environment(
        {"a": {"image": IMAGE}, "b": {"image": IMAGE, "kind": "DaemonSet"}},
        uses=[{"name": "a", "namespace": "web"}, {"name": "b", "namespace": "data"}],
    )
    api = Api({})
    found = list(check_workloads(cast(Kube, api), spec, spec.declared_workloads))
    assert [each.subject for each in found] == ["DaemonSet data/b", "Deployment web/a"]
    assert [path for path in api.asked if "/apps/" in path] == [
        "/apis/apps/v1/namespaces/data/daemonsets",
        "/apis/apps/v1/namespaces/web/deployments",
    ]


def test_a_name_that_no_workload_has() -> None:
    with pytest.raises(SpecError) as refused:
        workloads_named(SPEC, ["web", "wbe"])
    assert [str(each) for each in refused.value.problems] == [
        "(the environment): 'wbe' is not a workload of this environment. Fix: name one of agent, db, load, proxied, "
        "report, ring, scaled, web."
    ]
