from __future__ import annotations

from typing import Any

import pytest

from infra.ops.preview.pods import sentences_of, workloads_of
from tests.infra.ops.preview.made import UNKNOWN_VALUE, report_of, step

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
JOB = "kubernetes:batch/v1:Job"
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"


def of(kind: str, op: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[str]:
    metadata = {"metadata": {"namespace": "demo", "name": "web"}}
    sides = [None if each is None else {**metadata, "spec": each} for each in (old, new)]
    report = report_of(step(op, kind, "demo/deployment-web", *sides))
    return list(sentences_of(workloads_of(report.changes)))


def image(tag: str, **more: Any) -> dict[str, Any]:
    return {"replicas": 2, "template": {"spec": {"containers": [{"name": "web", "image": tag}]}}, **more}


@pytest.mark.parametrize(
    ("kind", "op", "old", "new", "sentence"),
    [
        (DEPLOYMENT, "delete", image("a"), None, "Pods that end for good with what they serve: {} (2 pods)."),
        (DEPLOYMENT, "create", None, {"replicas": 1}, "New workloads: {} (1 pod)."),
        (DEPLOYMENT, "create", None, {"paused": False}, "New workloads: {} (1 pod)."),
        (DEPLOYMENT, "create", None, {"replicas": UNKNOWN_VALUE}, "New workloads: {} (some pods)."),
        (
            DEPLOYMENT, "update", image("a"), image("b"),
            "Pods exchanged during the update, by their own rolling update: {} (2 pods).",
        ),
        (
            DEPLOYMENT, "update", image("a", replicas=1), image("b", replicas=1, strategy={"type": "Recreate"}),
            "Pods that end before those that follow them start, so that nothing serves in between: {} (1 pod).",
        ),
        (
            DEPLOYMENT, "update", image("a", replicas=0), image("b", replicas=0, strategy={"type": "Recreate"}),
            "Pods exchanged during the update, by their own rolling update: {} (0 pods).",
        ),
        (
            STATEFUL_SET, "update", image("a", replicas=1), image("b", replicas=1),
            "Pods that end before those that follow them start, so that nothing serves in between: {} (1 pod).",
        ),
        (
            STATEFUL_SET, "update", image("a"), image("b"),
            "Pods exchanged during the update, by their own rolling update: {} (2 pods).",
        ),
        (
            DAEMON_SET, "update", image("a"), image("b", updateStrategy={"type": "OnDelete"}),
            "Pods that change when they next start, or their machine is replaced: {} (one a machine).",
        ),
        (DEPLOYMENT, "update", {"replicas": 2}, {"replicas": 4}, "Replicas: {} (2 → 4)."),
        (STATEFUL_SET, "update", {"replicas": 1}, {"replicas": 3}, "Replicas: {} (1 → 3)."),
        (JOB, "create", None, image("a"), "Jobs that run during the update: {} (1 pod)."),
        (JOB, "replace", image("a"), image("b", completions=3), "Jobs that run during the update: {} (3 pods)."),
        (JOB, "delete", image("a"), None, ""),
        ("kubernetes:core/v1:Service", "delete", {"ports": []}, None, ""),
        ("kubernetes:apps/v1:ControllerRevision", "delete", {"replicas": 1}, None, ""),
        ("kubernetes:example.com/v1:Deployment", "delete", image("a"), None, ""),
        (DEPLOYMENT, "update", {"revisionHistoryLimit": 2}, {"revisionHistoryLimit": 3}, ""),
    ],
)  # fmt: skip
def test_what_becomes_of_pods(
    kind: str, op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, sentence: str
) -> None:
    expected = [sentence.format(f"{kind.rpartition(':')[2]} demo/web")] if sentence else []
    assert of(kind, op, old, new) == expected


def test_a_workload_may_get_other_pods_and_another_number_of_them() -> None:
    assert of(DEPLOYMENT, "update", image("a"), image("b", replicas=4)) == [
        "Pods exchanged during the update, by their own rolling update: Deployment demo/web (4 pods).",
        "Replicas: Deployment demo/web (2 → 4).",
    ]


@pytest.mark.parametrize(
    ("metadata", "named"),
    [({"name": "web"}, "web"), ({}, "logical"), ({"namespace": "demo"}, "demo/logical")],
)
def test_a_workload_without_a_name_is_told_by_that_of_its_resource(metadata: dict[str, Any], named: str) -> None:
    report = report_of(step("delete", DEPLOYMENT, "logical", {"metadata": metadata, "spec": {}}, None))
    assert [each.name for each in workloads_of(report.changes)] == [f"Deployment {named}"]


def test_a_workload_that_is_replaced_is_away_in_between() -> None:
    metadata = {"metadata": {"namespace": "demo", "name": "web"}}
    old, new = {**metadata, "spec": image("a")}, {**metadata, "spec": image("b")}
    report = report_of(*(step(op, DEPLOYMENT, "web", old, new) for op in ("create-replacement", "replace")))
    (found,) = workloads_of(report.changes)
    assert (found.fate, found.pods) == ("exchange", "2 pods, deleted first and then made again")


def test_a_workload_that_moves_is_there_before_the_old_one_goes() -> None:
    old, new = ({"metadata": {"namespace": space, "name": "web"}, "spec": image("a")} for space in ("demo", "back"))
    report = report_of(*(step(op, DEPLOYMENT, "web", old, new) for op in ("create-replacement", "replace")))
    assert [(each.fate, each.name, each.pods) for each in workloads_of(report.changes)] == [
        ("move", "Deployment demo/web → back/web", "2 pods")
    ]


SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"


def scaler(least: int, most: int) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": most}
    return {"metadata": {"namespace": "demo", "name": "web"}, "spec": spec}


def deployment(replicas: int, tag: str = "a") -> dict[str, Any]:
    return {"metadata": {"namespace": "demo", "name": "web"}, "spec": {**image(tag), "replicas": replicas}}


@pytest.mark.parametrize(
    ("of_deployment", "of_scaler", "sentences"),
    [
        (("create", None, deployment(2)), ("create", None, scaler(2, 9)), ["New workloads: {} (2 to 9 pods)."]),
        (
            ("delete", deployment(2), None), ("delete", scaler(2, 9), None),
            ["Pods that end for good with what they serve: {} (2 to 9 pods)."],
        ),
        (("same", deployment(5), deployment(5)), ("create", None, scaler(2, 9)), ["Replicas: {} (5 → 2 to 9)."]),
        (
            ("same", deployment(2), deployment(2)), ("update", scaler(2, 9), scaler(4, 9)),
            ["Replicas: {} (2 to 9 → 4 to 9)."],
        ),
        (("update", deployment(2), deployment(3)), ("delete", scaler(2, 9), None), ["Replicas: {} (2 to 9 → 3)."]),
        (
            ("update", deployment(2), deployment(2, "b")), ("same", scaler(2, 9), scaler(2, 9)),
            ["Pods exchanged during the update, by their own rolling update: {} (2 to 9 pods)."],
        ),
        (("same", deployment(2), deployment(2)), ("same", scaler(2, 9), scaler(2, 9)), []),
        (("update", deployment(2), deployment(3)), ("same", scaler(2, 9), scaler(2, 9)), ["Replicas: {} (2 → 3)."]),
    ],
)  # fmt: skip
def test_an_autoscaler_says_how_many_pods_there_are(
    of_deployment: tuple[str, Any, Any], of_scaler: tuple[str, Any, Any], sentences: list[str]
) -> None:
    events = [step(op, kind, "web", old, new) for kind, (op, old, new) in
              ((DEPLOYMENT, of_deployment), (SCALER, of_scaler))]  # fmt: skip
    told = report_of(*events).sentences
    names = ("New workloads", "Pods ", "Replicas")
    assert [each for each in told if each.startswith(names)] == [
        sentence.format("Deployment demo/web") for sentence in sentences
    ]


def test_a_workload_that_is_replaced_is_rescaled_once() -> None:
    sides = deployment(2), deployment(2, "b")
    events = [step(op, DEPLOYMENT, "web", *sides) for op in ("delete-replaced", "replace", "create-replacement")]
    told = report_of(*events, step("create", SCALER, "web", None, scaler(3, 9))).sentences
    assert [each for each in told if each.startswith("Replicas")] == ["Replicas: Deployment demo/web (2 → 3 to 9)."]


@pytest.mark.parametrize(("most", "told"), [(9, "1 to 9"), (UNKNOWN_VALUE, "1 to some")])
def test_an_autoscaler_without_a_least_number_has_one(most: Any, told: str) -> None:
    one = scaler(1, most)
    del one["spec"]["minReplicas"]
    events = [step("create", DEPLOYMENT, "web", None, deployment(1)), step("create", SCALER, "web", None, one)]
    assert f"New workloads: Deployment demo/web ({told} pods)." in report_of(*events).sentences


@pytest.mark.parametrize(
    ("of_deployment", "of_scaler", "told"),
    [
        (("update", deployment(2), deployment(3)), ("delete", scaler(2, 9), None), True),
        (("delete", deployment(2), None), ("delete", scaler(2, 9), None), False),
        (("same", deployment(2), deployment(2)), ("update", scaler(2, 9), scaler(4, 9)), False),
        (("update", deployment(2), deployment(2, "b")), ("same", scaler(2, 9), scaler(2, 9)), False),
    ],
)
def test_an_autoscaler_that_goes_is_better_deleted_before(
    of_deployment: tuple[str, Any, Any], of_scaler: tuple[str, Any, Any], told: bool
) -> None:
    events = [step(op, kind, "web", old, new) for kind, (op, old, new) in
              ((DEPLOYMENT, of_deployment), (SCALER, of_scaler))]  # fmt: skip
    sentence = (
        "The autoscaler of Deployment demo/web goes at the end of the update, and may set its own number of pods until "
        "then. Delete it before: `kubectl delete hpa -n demo web`."
    )
    assert [each for each in report_of(*events).sentences if "autoscaler" in each] == [sentence] * told


@pytest.mark.parametrize(
    ("count", "end"), [(6, "Deployment w5 (1 pod)."), (9, "Deployment w5 (1 pod), and 3 more below.")]
)
def test_many_are_counted_and_told_before_rules_and_cost(count: int, end: str) -> None:
    events = [
        step("delete", DEPLOYMENT, f"w{at}", {"metadata": {"name": f"w{at}"}, "spec": {"replicas": 1}}, None)
        for at in range(count)
    ]
    (sentence,) = sentences_of(workloads_of(report_of(*events).changes))
    assert sentence.endswith(f"Deployment w4 (1 pod), {end}")
    assert sentence in report_of(*events).sentences


def test_a_workload_of_another_kind_is_told_as_one_that_stays() -> None:
    def side(name: str, replicas: int) -> dict[str, Any]:
        return {"metadata": {"namespace": "shop", "name": name}, "spec": image("a", replicas=replicas)}

    stateful = "kubernetes:apps/v1:StatefulSet"
    events = [
        step("create", stateful, "db", None, side("db", 3)),
        step("delete", DEPLOYMENT, "db", side("db", 2), None),
        step("delete", DEPLOYMENT, "web", side("web", 2), None),
        step("create", DAEMON_SET, "web", None, {"metadata": {"namespace": "desk", "name": "web"}, "spec": {}}),
    ]
    assert list(sentences_of(workloads_of(report_of(*events).changes))) == [
        "Pods that end for good with what they serve: Deployment shop/web (2 pods).",
        "Workloads of another kind, whose new pods start before those of the old kind end: Deployment shop/db → "
        "StatefulSet (2 pods → 3 pods).",
        "New workloads: DaemonSet desk/web (one a machine).",
    ]
