"""Whether traffic reaches the edge: the load balancer's own judgement of its targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from infra.ops.errors import aws_errors
from infra.ops.validate.findings import Finding

CHECK = "edge"
_PASSING = ("initial", "draining")
"""States that end by themselves (Elastic Load Balancing API, ``TargetHealth``)."""


def check_targets(elb: Any, group: str, target_groups: Sequence[str], *, settled: bool = False) -> Iterator[Finding]:
    """Yield which target groups of the instance group have unhealthy targets, or no healthy one.

    With ``settled``, targets that are just being registered are not good yet.
    """
    passing = ("draining",) if settled else _PASSING
    for arn in target_groups:
        name = arn.split(":targetgroup/")[-1].split("/")[0]
        with aws_errors(f"read the health of target group {name}"):
            found = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        states = Counter(each["TargetHealth"]["State"] for each in found)
        subject = f"target group {name} of {group}"
        if states["healthy"] == 0:
            said = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none registered"
            yield Finding(CHECK, "invalid", subject, f"has no healthy target ({said})", "see the edge's pods and ports")
            continue
        for each in found:
            health = each["TargetHealth"]
            if health["State"] != "healthy" and health["State"] not in passing:
                why = health.get("Description") or health.get("Reason") or health["State"]
                yield Finding(CHECK, "invalid", f"{each['Target']['Id']} in {subject}", f"is {health['State']}: {why}")
