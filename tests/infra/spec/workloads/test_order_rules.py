"""The order in which workloads start."""

from __future__ import annotations

from typing import Any

from infra.plan.workloads.workload import by_order, plan_workloads
from tests.infra.workload_samples import IMAGE, environment, problems

JOB: dict[str, Any] = {"image": IMAGE, "kind": "Job"}
WEB: dict[str, Any] = {"image": IMAGE, "after": ["migrate"]}


def test_a_release_comes_behind_its_migration() -> None:
    plans = plan_workloads(environment({"web": WEB, "other": {"image": IMAGE}, "migrate": JOB}))
    assert {plan.name: plan.after for plan in plans} == {"web": ("migrate",), "other": (), "migrate": ()}
    names = [plan.name for plan in by_order(plans)]
    assert sorted(names) == ["migrate", "other", "web"]
    assert names.index("migrate") < names.index("web")


def test_one_that_only_other_environments_run_is_not_waited_for() -> None:
    spec = environment({"web": WEB, "migrate": JOB}, uses=[{"name": "web", "namespace": "web"}])
    (plan,) = plan_workloads(spec)
    assert plan.after == ()


def test_what_waits_in_turn_is_refused_at_each_of_the_ring() -> None:
    files = {"a": {"image": IMAGE, "after": ["b"]}, "b": {"image": IMAGE, "after": ["c"]}, "c": {**JOB, "after": ["a"]}}
    assert problems(files) == [
        "apps/a.yaml: after[0]: 'b' waits for this one in turn (b after c after a). Fix: remove one of the two.",
        "apps/b.yaml: after[0]: 'c' waits for this one in turn (c after a after b). Fix: remove one of the two.",
        "apps/c.yaml: after[0]: 'a' waits for this one in turn (a after b after c). Fix: remove one of the two.",
    ]


def test_what_tells_no_end_cannot_be_waited_for() -> None:
    cron = {"image": IMAGE, "kind": "CronJob", "schedule": "@daily"}
    assert problems({"web": WEB, "migrate": cron}) == [
        "apps/web.yaml: after[0]: 'migrate' is a CronJob, which runs by the clock and not now. Fix: name a Job, or "
        "remove it."
    ]
    assert problems({"web": WEB, "migrate": {**JOB, "wait": False}}) == [
        "apps/web.yaml: after[0]: 'migrate' has wait: false, so nothing tells when it is ready. Fix: remove wait from "
        "apps/migrate.yaml."
    ]
