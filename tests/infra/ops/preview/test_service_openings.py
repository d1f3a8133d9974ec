"""A Service of its own load balancer, or at a port of every node, opens what no security group of the program shows."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.preview.service_openings import SERVICE
from tests.infra.ops.preview.made import report_of, step

NLB = "service.beta.kubernetes.io/aws-load-balancer-"
INSIDE = "the VPC and what is routed to it"


def service(kind: str = "ClusterIP", *ranges: str, scheme: str = "internal", ports: tuple[int, ...] = (24224,)) -> Any:
    annotations = {f"{NLB}internal": "true"} if scheme == "internal" else {}
    metadata = {"name": "collector", "namespace": "ops", "annotations": annotations}
    listed = [{"name": f"p{port}", "port": port, "targetPort": f"p{port}", "protocol": "TCP"} for port in ports]
    return {"metadata": metadata, "spec": {"type": kind, "ports": listed, "loadBalancerSourceRanges": list(ranges)}}


TO = "to Service ops/collector — its own load balancer"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (None, service(), []),
        (service(), service("LoadBalancer", "0.0.0.0/0", scheme="internet-facing"),
         [f"! opens TCP port 24224 from 0.0.0.0/0 (everyone) {TO} (internet-facing)"]),
        (None, service("LoadBalancer", "10.0.0.0/8"), [f"opens TCP port 24224 from 10.0.0.0/8 {TO} (internal)"]),
        (None, service("LoadBalancer"), [f"opens TCP port 24224 from {INSIDE} {TO} (internal)"]),
        (None, service("LoadBalancer", "0.0.0.0/0"), [f"opens TCP port 24224 from {INSIDE} {TO} (internal)"]),
        (service("NodePort"), service("NodePort", ports=(24224, 443)),
         [f"opens TCP port 443 (HTTPS) from {INSIDE} to Service ops/collector — a port of every node"]),
        (service("NodePort"), None,
         [f"closes TCP port 24224 from {INSIDE} to Service ops/collector — a port of every node"]),
        (service("NodePort"), service("NodePort"), []),
    ],
)  # fmt: skip
def test_what_a_service_opens_and_closes(old: Any, new: Any, told: list[str]) -> None:
    op = "create" if old is None else "delete" if new is None else "update"
    report = report_of(step(op, SERVICE, "collector", old, new))
    assert [f"{'! ' if each.alarming else ''}{each.words()}" for each in report.openings] == told


@pytest.mark.parametrize(
    ("balancer_class", "annotations", "scheme"),
    [
        (None, {}, "internet-facing"),
        (None, {"internal": "false"}, "internet-facing"),
        (None, {"internal": ""}, "internet-facing"),
        (None, {"internal": "0.0.0.0/0"}, "internal"),
        (None, {"scheme": "internal"}, "internet-facing"),
        ("service.k8s.aws/nlb", {}, "internal"),
        ("service.k8s.aws/nlb", {"scheme": "internet-facing"}, "internet-facing"),
        ("service.k8s.aws/nlb", {"internal": "true", "scheme": "internet-facing"}, "internet-facing"),
    ],
)
def test_each_controller_has_words_of_its_own(
    balancer_class: str | None, annotations: dict[str, str], scheme: str
) -> None:
    new = service("LoadBalancer", "198.51.100.0/24")
    new["metadata"]["annotations"] = {f"{NLB}{name}": value for name, value in annotations.items()}
    if balancer_class:
        new["spec"]["loadBalancerClass"] = balancer_class
    report = report_of(step("create", SERVICE, "collector", None, new))
    assert [each.rule.why for each in report.openings] == [f"its own load balancer ({scheme})"]


def test_an_opening_to_everyone_is_said_among_what_will_happen() -> None:
    new = service("LoadBalancer", "0.0.0.0/0", scheme="internet-facing")
    report = report_of(step("update", SERVICE, "collector", service(), new))
    assert report.verdict == "attention"
    told = f"Everyone on the internet: opens TCP port 24224 from 0.0.0.0/0 (everyone) {TO} (internet-facing)."
    assert told in report.sentences
