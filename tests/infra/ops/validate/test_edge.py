"""What leads in from outside: the API's name, targets of load balancers."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.validate.dns import check_api_name
from infra.ops.validate.edge import check_targets
from tests.infra.ops.validate.samples import told


def test_the_name_of_the_api() -> None:
    def never(_: str) -> list[str]:
        raise AssertionError("an address is not resolved")

    def fails(_: str) -> list[str]:
        raise OSError("no such name")

    assert list(check_api_name("https://127.0.0.1:6443", never)) == []
    assert list(check_api_name("https://[::1]:6443", never)) == []
    asked: list[str] = []

    def leads(name: str) -> list[str]:
        asked.append(name)
        return ["10.0.0.1"]

    assert list(check_api_name("https://api.test.example.com", leads)) == []
    assert asked == ["api.test.example.com"]
    assert told(check_api_name("https://api.x:443", fails)) == [("invalid", "api.x: cannot be resolved: no such name")]
    longest = "x" * 64
    (finding,) = told(check_api_name(f"https://{longest}.example.com"))
    assert finding[1].startswith(f"{longest}.example.com: cannot be resolved: ")
    placeholder = told(check_api_name("https://api.x", lambda _: ["203.0.113.123"]))
    assert placeholder == [("invalid", "api.x: leads to the placeholder 203.0.113.123")]


@pytest.mark.parametrize(
    ("states", "settled", "found"),
    [
        (["healthy", "healthy"], True, []),
        (["healthy", "initial", "draining"], False, []),
        (["healthy", "initial", "draining"], True, ["i-1 in target group web of edge: is initial: said ELB"]),
        (["healthy", "unhealthy"], False, ["i-1 in target group web of edge: is unhealthy: said ELB"]),
        (["unhealthy", "unhealthy"], False, ["target group web of edge: has no healthy target (2 unhealthy)"]),
        (
            ["unused", "unhealthy", "unused"],
            False,
            ["target group web of edge: has no healthy target (1 unhealthy, 2 unused)"],
        ),
        ([], False, ["target group web of edge: has no healthy target (none registered)"]),
    ],
)
def test_targets_of_the_edge(states: list[str], settled: bool, found: list[str]) -> None:
    class Elb:
        def describe_target_health(self, TargetGroupArn: str) -> dict[str, Any]:  # noqa: N803
            assert TargetGroupArn == arn
            described = [
                {"Target": {"Id": f"i-{n}"}, "TargetHealth": {"State": state, "Description": "said ELB"}}
                for n, state in enumerate(states)
            ]
            return {"TargetHealthDescriptions": described}

    arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web/0123"
    assert told(check_targets(Elb(), "edge", [arn], settled=settled)) == [("invalid", text) for text in found]
    if not settled:
        assert list(check_targets(Elb(), "edge", [arn])) == list(check_targets(Elb(), "edge", [arn], settled=False))
    assert list(check_targets(Elb(), "edge", [], settled=settled)) == []


@pytest.mark.parametrize(
    ("health", "why"),
    [
        ({"Reason": "Target.Timeout", "Description": "Request timed out"}, "Request timed out"),
        ({"Reason": "Target.Timeout"}, "Target.Timeout"),
        ({}, "unhealthy"),
    ],
)
def test_why_a_target_is_not_healthy(health: dict[str, str], why: str) -> None:
    class Elb:
        def describe_target_health(self, **_: str) -> dict[str, Any]:
            states = [{"State": "healthy"}, {"State": "unhealthy", **health}]
            return {"TargetHealthDescriptions": [{"Target": {"Id": "i"}, "TargetHealth": each} for each in states]}

    (finding,) = check_targets(Elb(), "edge", ["arn:x:targetgroup/web/0"])
    assert finding.problem == f"is unhealthy: {why}"
