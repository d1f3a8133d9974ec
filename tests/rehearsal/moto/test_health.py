from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup

from rehearsal.moto import health

GROUP = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/api/1"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    judge = FakeTargetGroup.health_for
    yield
    FakeTargetGroup.health_for = judge  # type: ignore[method-assign]
    health.forget()


def states(*targets: str, own: str = "healthy") -> list[tuple[str, str | None]]:
    def judge(_group: Any, target: dict[str, str], _backend: Any) -> FakeHealthStatus:
        return FakeHealthStatus(target["Id"], "443", "443", own, None)

    FakeTargetGroup.health_for = judge  # type: ignore[method-assign, assignment]
    health.complete_target_groups()
    group: Any = SimpleNamespace(arn=GROUP)
    found = [FakeTargetGroup.health_for(group, {"Id": target}, None) for target in targets]  # type: ignore[arg-type]
    return [(each.status, each.reason) for each in found]


def test_running_targets_are_healthy_while_nobody_looks_at_them() -> None:
    assert states("i-1") == [("healthy", None)]


def test_targets_are_what_they_were_told_to_be() -> None:
    told = [{"group": GROUP, "target": "i-1", "healthy": True}, {"group": GROUP, "target": "i-2", "healthy": False}]
    health.tell(told)
    assert states("i-1", "i-2", "i-3") == [
        ("healthy", None),
        ("unhealthy", "Target.FailedHealthChecks"),
        ("initial", "Elb.RegistrationInProgress"),
    ]
    health.tell([])
    assert states("i-1") == [("initial", "Elb.RegistrationInProgress")]


def test_a_target_that_is_no_more_stays_what_moto_says() -> None:
    health.tell([{"group": GROUP, "target": "i-1", "healthy": True}])
    assert states("i-1", own="unused") == [("unused", None)]
