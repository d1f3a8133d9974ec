"""Load balancers behind which a machine that was taken out of its group goes on serving."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.aws import session_for
from infra.ops.roll.cloud import AwsCloud
from tests.infra.ops.cloud import spec
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)


class Balancer:
    """Target groups with one target, and the states it goes through."""

    def __init__(self, **states: str) -> None:
        self.states, self.made = states, list[str]()

    def describe_target_health(self, TargetGroupArn: str) -> dict[str, Any]:  # noqa: N803
        state = self.states.get(TargetGroupArn)
        found = [] if state is None else [{"Target": {"Id": "i-1"}, "TargetHealth": {"State": state}}]
        return {"TargetHealthDescriptions": [{"Target": {"Id": "i-2"}, "TargetHealth": {"State": "healthy"}}, *found]}

    def register_targets(self, TargetGroupArn: str, Targets: list[dict[str, str]]) -> None:  # noqa: N803
        self.made.append(f"register {TargetGroupArn} {Targets[0]['Id']}")

    def deregister_targets(self, TargetGroupArn: str, Targets: list[dict[str, str]]) -> None:  # noqa: N803
        self.made.append(f"deregister {TargetGroupArn} {Targets[0]['Id']}")


@pytest.mark.usefixtures("cloud")
def test_a_machine_taken_out_goes_on_serving_until_it_leaves() -> None:
    made: Any = AwsCloud(session_for(spec()))
    made._elb = Balancer(a="healthy", b="draining", d="initial")
    made.serve(("a", "b", "c", "d"), "i-1")
    assert made._elb.made == ["register b i-1", "register c i-1"]
    made._elb.made.clear()
    assert made.leave(("a", "b", "c"), "i-1") is False
    assert made._elb.made == ["deregister a i-1"]
    assert made.leave(("b", "c"), "i-1") is False, "its connections are waited for"
    assert made.leave(("c",), "i-1") is True
