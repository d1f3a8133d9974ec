"""Waiting for a new Auto Scaling group's machines to be healthy behind its load balancers, as the vendor's plugin
does."""

from __future__ import annotations

import re
import time
from typing import Final

from rehearsal.providers.aws.kind import Props
from rehearsal.providers.aws.session import Aws, AwsError

_PAUSE_SECONDS: Final = 1.0
_DURATION: Final = re.compile(r"(\d+)([smh])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


def await_healthy_targets(aws: Aws, inputs: Props) -> None:
    """Wait until `minElbCapacity` targets of each of the group's target groups are healthy.

    Raises AwsError after `waitForCapacityTimeout`; a time-out of 0 waits for nothing.
    """
    wanted, seconds = inputs.get("minElbCapacity") or 0, _seconds(inputs["waitForCapacityTimeout"])
    until = time.monotonic() + seconds
    for arn in inputs.get("targetGroupArns") or () if wanted and seconds else ():
        while (healthy := _healthy(aws, arn)) < wanted:
            if time.monotonic() > until:
                raise AwsError(
                    "Timeout",
                    f"waited {seconds} s for {wanted} healthy targets of {arn}, which has {healthy}",
                )
            time.sleep(_PAUSE_SECONDS)


def _healthy(aws: Aws, arn: str) -> int:
    states = aws.call("elbv2", "describe_target_health", TargetGroupArn=arn)["TargetHealthDescriptions"]
    return sum(each["TargetHealth"]["State"] == "healthy" for each in states)


def _seconds(duration: str) -> int:
    return sum(int(number) * _UNITS[unit] for number, unit in _DURATION.findall(duration))
