"""What is said of a Job, and of a CronJob's last run."""

from __future__ import annotations

from tests.infra.ops.validate.test_workloads import QUOTA, ended, event, live, pod, told, waiting

COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {
    "conditions": [
        {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too many retries"}
    ]
}
JOB_NAME = "batch.kubernetes.io/job-name"
RUN = {JOB_NAME: "report-2"}


def test_a_job() -> None:
    run = {JOB_NAME: "load-1"}
    stuck = pod("load-1-x", "load", waiting("load", "ErrImagePull", "not found"), **run)
    wrong = pod("load-1-y", "load", ended("load", 2, "no such table"), **run)
    assert told("load", [live("load", COMPLETE, suffix="-1")], [wrong]) == []
    assert told("load", [live("load", COMPLETE, suffix="-1")], [stuck]) == []
    assert told("load", [live("load", {}, suffix="-1")]) == []
    not_failed = {"conditions": [{**FAILED["conditions"][0], "status": "False"}]}
    assert told("load", [live("load", not_failed, suffix="-1")], [wrong]) == []
    # It tries again.
    assert told("load", [live("load", {}, suffix="-1")], [wrong]) == []
    assert told("load", [live("load", {}, suffix="-1")], [stuck]) == [
        (
            "invalid",
            "waits; load-1-x: container load: ErrImagePull: not found",
            "correct image in apps/load.yaml, or push it; the machines' role must be let pull it",
        )
    ]
    assert told("load", [live("load", FAILED, suffix="-1")], [wrong]) == [
        (
            "invalid",
            "has failed: BackoffLimitExceeded: too many retries; load-1-y: container load: ended with 2 (Error): no "
            "such table",
            "read kubectl logs -n web load-1-y -c load",
        )
    ]
    # Its pods went with its time.
    assert told("load", [live("load", FAILED, suffix="-1")])[0][2] == (
        "read its log: kubectl logs -n web -l app.kubernetes.io/name=load"
    )


def test_a_job_that_was_stopped_at_its_deadline() -> None:
    late = {"conditions": [{**FAILED["conditions"][0], "reason": "DeadlineExceeded", "message": "was active longer"}]}
    assert told("load", [live("load", late, suffix="-1")]) == [
        ("invalid", "has failed: DeadlineExceeded: was active longer", "raise job.deadline in apps/load.yaml")
    ]
    stuck = pod("load-1-x", "load", waiting("load", "ErrImagePull", "not found"), **{JOB_NAME: "load-1"})
    ((_, _, fix),) = told("load", [live("load", late, suffix="-1")], [stuck])
    assert fix.startswith("correct image in apps/load.yaml")
    assert fix.endswith("; or raise job.deadline in apps/load.yaml")


def test_a_job_whose_pods_are_refused() -> None:
    refused = event("Job", "load-1", "FailedCreate", f"Error creating: {QUOTA}")
    assert [each[1] for each in told("load", [live("load", {}, suffix="-1")], [], [refused])] == [
        f"waits; load-1: makes no pod: {QUOTA}"
    ]
    runs = pod("load-1-x", "load", {"phase": "Running"}, **{JOB_NAME: "load-1"})
    assert told("load", [live("load", {}, suffix="-1")], [runs], [refused]) == []


def test_of_a_cron_job_the_last_run_counts() -> None:
    cron = live("report", {})
    old = live("report", FAILED, suffix="-1", made="2026-11-23T02:30:00Z")
    new = live("report", COMPLETE, suffix="-2", made="2026-11-24T02:30:00Z")
    assert told("report", {"CronJob": [cron], "Job": [new, old]}) == []
    assert told("report", {"CronJob": [cron]}) == []
    of_another = live("load", FAILED, suffix="-3", made="2026-11-25T02:30:00Z")
    assert told("report", {"CronJob": [cron], "Job": [new, of_another]}) == []
    failed = live("report", FAILED, suffix="-2", made="2026-11-24T02:30:00Z")
    pods = [pod("report-2-x", "report", ended("report", 1, "no database"), **RUN)]
    assert [each[1] for each in told("report", {"CronJob": [cron], "Job": [failed, old]}, pods)] == [
        "its last run, report-2, has failed: BackoffLimitExceeded: too many retries; report-2-x: container report: "
        "ended with 1 (Error): no database"
    ]
    zone = event("CronJob", "report", "UnknownTimeZone", "invalid timeZone: Mars/Base")
    assert told("report", {"CronJob": [cron]}, [], [zone]) == [
        ("invalid", "UnknownTimeZone: invalid timeZone: Mars/Base", "correct schedule and cron in apps/report.yaml")
    ]
    another = event("CronJob", "other", "UnknownTimeZone", "invalid timeZone: Mars/Base")
    assert told("report", {"CronJob": [cron]}, [], [another]) == []
    # Pods of runs before the last one are no longer of interest.
    stuck = pod("report-1-x", "report", waiting("report", "ErrImagePull"), **{**RUN, JOB_NAME: "report-1"})
    assert told("report", {"CronJob": [cron], "Job": [live("report", {}, suffix="-2")]}, [stuck]) == []
