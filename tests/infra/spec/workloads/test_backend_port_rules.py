"""A backend leads to ports that the workload behind it answers, or says so before a caller finds out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.workload_samples import IMAGE, problems

WEB: dict[str, Any] = {
    "kind": "StatefulSet",
    "image": IMAGE,
    "ports": [
        {"name": "http", "port": 8080, "servicePort": 80},
        {"name": "admin", "port": 9000},
        {"name": "gossip", "port": 7000, "membersOnly": True},
    ],
}
AT = "backends[0]"


def told(ports: list[dict[str, Any]], written: dict[str, Any] = WEB, **backend: Any) -> list[str]:
    named = [{"name": f"p{index}", **port} for index, port in enumerate(ports)]
    whole = {"name": "db", "namespace": "web", "type": "clusterIP", "workload": "web", "ports": named, **backend}
    return problems({"web": written}, backends=[whole])


@pytest.mark.parametrize(
    ("ports", "backend"),
    [
        ([{"port": 80, "targetPort": 8080}, {"port": 9000}], {}),
        ([{"port": 8080}], {"type": "headless"}),
        ([{"port": 80}], {"type": "otherNamespace", "namespace": "data"}),
        (
            [{"port": 53}, {"port": 53, "protocol": "UDP"}],
            {"type": "externalName", "workload": None, "host": "a.b.com"},
        ),
    ],
)
def test_what_fits_is_accepted(ports: list[dict[str, Any]], backend: dict[str, Any]) -> None:
    assert told(ports, **backend) == []


OF_PODS = "is no TCP port of the pods of web that callers may reach."


@pytest.mark.parametrize(
    ("ports", "backend", "line"),
    [
        ([{"port": 80}], {}, f"{AT}.ports[0].port: 80 {OF_PODS} Fix: add targetPort: 8080."),
        ([{"port": 5432}], {}, f"{AT}.ports[0].port: 5432 {OF_PODS} Fix: add targetPort, one of 8080, 9000."),
        ([{"port": 7000}], {}, f"{AT}.ports[0].port: 7000 {OF_PODS} Fix: add targetPort, one of 8080, 9000."),
        (
            [{"port": 80, "targetPort": 81}],
            {},
            f"{AT}.ports[0].targetPort: 81 {OF_PODS} Fix: write one of 8080, 9000.",
        ),
        ([{"port": 80}], {"type": "headless"}, f"{AT}.ports[0].port: 80 {OF_PODS} Fix: write one of 8080, 9000."),
        (
            [{"port": 8080}],
            {"type": "otherNamespace", "namespace": "data"},
            f"{AT}.ports[0].port: 8080 is no TCP port of the Service web that callers may reach. Fix: write one of 80, "
            "9000.",
        ),
        (
            [{"port": 9000, "protocol": "UDP"}],
            {},
            f"{AT}.ports[0].port: 9000 is no UDP port of the pods of web that callers may reach. Fix: add a UDP port "
            "in apps/web.yaml.",
        ),
        (
            [{"port": 8080}, {"port": 8080}],
            {"type": "headless"},
            f"{AT}.ports[1].port: 8080 is declared twice. Fix: remove one, or choose another.",
        ),
        (
            [{"port": 80, "targetPort": 8080}],
            {"type": "headless"},
            f"{AT}.ports[0].targetPort: 8080 differs from port, and type headless leads callers straight to the pods, "
            "which changes no port. Fix: remove it and let callers use the number that is answered.",
        ),
        (
            [{"port": 80}],
            {"type": "addresses", "workload": None, "addresses": ["10.0.0.1", "10.0.0.1"]},
            f"{AT}.addresses[1]: '10.0.0.1' is listed twice. Fix: remove one.",
        ),
        (
            [{"port": 80}],
            {"name": "web-pods", "type": "externalName", "workload": None, "host": "a.example.com"},
            f"{AT}.name: 'web-pods' is the name of the Service that the pods of web have their names from. Fix: rename "
            "one.",
        ),
    ],
)
def test_what_nothing_would_answer_is_refused(ports: list[dict[str, Any]], backend: dict[str, Any], line: str) -> None:
    assert told(ports, **backend) == [line]


def test_a_job_answers_nobody() -> None:
    assert told([{"port": 80}], {"kind": "Job", "image": IMAGE}) == [
        f"{AT}.workload: 'web' has no ports that callers may reach, so nothing answers there. Fix: add ports in "
        "apps/web.yaml, or name another workload."
    ]


def test_a_name_of_pods_is_no_name_of_a_workload() -> None:
    assert problems({"web": WEB, "web-pods": {"image": IMAGE}}) == [
        "workloads[1].name: 'web-pods' is the name of the Service that the pods of web have their names from. Fix: "
        "rename one."
    ]


def test_a_bad_workload_is_not_judged_by_its_ports() -> None:
    (line,) = told([{"port": 1}], {**WEB, "replicas": "two"})
    assert line.startswith("apps/web.yaml: replicas: ")
