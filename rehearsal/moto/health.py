"""Health of load balancers' targets, told by whoever looks at them: moto takes every running instance for healthy.

An environment whose machines boot tells the server at an address of its own, and from then on a target that nobody told
of is one that a load balancer has not checked yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup

from rehearsal.moto import HEALTH_PATH

_told: dict[tuple[str, str], bool] = {}
_state = {"looked_at": False}


class HealthApplication:
    """A WSGI application that takes targets' health at `HEALTH_PATH` and passes everything else on."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request."""
        if environ["PATH_INFO"] != HEALTH_PATH:
            return self._application(environ, start_response)
        tell(json.loads(environ["wsgi.input"].read()))
        start_response("204 No Content", [])
        return []


def tell(targets: list[dict[str, Any]]) -> None:
    """Take the health of all targets there are: each has `group` (an ARN), `target` and `healthy`."""
    _state["looked_at"] = True
    _told.clear()
    _told.update({(each["group"], each["target"]): bool(each["healthy"]) for each in targets})


def forget() -> None:
    """Take what was told as never told."""
    _told.clear()
    _state["looked_at"] = False


def complete_target_groups() -> None:
    """Make moto answer with what was told; with its own judgement as long as nobody told anything."""
    judge = FakeTargetGroup.health_for

    def health_for(group: Any, target: dict[str, str], backend: Any) -> Any:
        own = judge(group, target, backend)
        if not _state["looked_at"] or own.status != "healthy":
            return own
        healthy = _told.get((group.arn, target["Id"]))
        if healthy:
            return own
        reason = "Elb.RegistrationInProgress" if healthy is None else "Target.FailedHealthChecks"
        state = "initial" if healthy is None else "unhealthy"
        return FakeHealthStatus(target["Id"], own.port, own.health_check_port, state, reason)

    FakeTargetGroup.health_for = health_for  # type: ignore[method-assign, assignment]
