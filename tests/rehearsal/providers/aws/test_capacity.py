from __future__ import annotations

from typing import Any

import pytest

from rehearsal.providers.aws.session import AwsError
from rehearsal.providers.aws.types import capacity
from rehearsal.providers.aws.types.capacity import await_healthy_targets


class Balancer:
    """Answers for ELB: one more healthy target each time it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        assert (service, operation) == ("elbv2", "describe_target_health")
        self.asked.append(arguments["TargetGroupArn"])
        healthy = self.asked.count(arguments["TargetGroupArn"]) - 1
        states = ["healthy"] * healthy + ["initial", "unhealthy"]
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in states]}


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "_PAUSE_SECONDS", 0)


def wait(**inputs: Any) -> list[str]:
    balancer = Balancer()
    given = {"waitForCapacityTimeout": "10m", "targetGroupArns": ["one", "two"], **inputs}
    await_healthy_targets(balancer, given)  # type: ignore[arg-type]
    return balancer.asked


def test_each_target_group_is_waited_for() -> None:
    assert wait(minElbCapacity=1) == ["one", "one", "two", "two"]
    assert wait(minElbCapacity=2) == ["one"] * 3 + ["two"] * 3


@pytest.mark.parametrize(
    "inputs",
    [{}, {"minElbCapacity": None}, {"minElbCapacity": 1, "waitForCapacityTimeout": "0"}, {"minElbCapacity": 0}],
)
def test_nothing_is_waited_for_unless_it_was_asked_for(inputs: dict[str, Any]) -> None:
    assert wait(**inputs) == []


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(0, 10_000, 40))
    monkeypatch.setattr("rehearsal.providers.aws.types.capacity.time.monotonic", lambda: next(times))
    with pytest.raises(AwsError, match=r"waited 90 s for 5 healthy targets of one, which has \d"):
        wait(minElbCapacity=5, waitForCapacityTimeout="1m30s")
