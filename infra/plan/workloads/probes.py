"""Probes of a container: the workload's words over the common ones over Slipway's defaults."""

from __future__ import annotations

from typing import Any

from infra.spec.workloads.probes import ProbeSpec
from infra.spec.workloads.workload import WorkloadSpec

# Liveness is slower to act than readiness: taken out of traffic first, restarted when that did not help. At startup
# 30 times 5 seconds leave a slow runtime two and a half minutes.
_PERIODS = {"readiness": 10, "liveness": 10, "startup": 5}
_FAILURES = {"readiness": 3, "liveness": 6, "startup": 30}
_TIMEOUT = 2

DEFAULT_STARTUP_SECONDS = _PERIODS["startup"] * _FAILURES["startup"]
"""How long a container may take that says nothing of its startup probe."""


def probes(workload: WorkloadSpec) -> dict[str, Any]:
    """Return the probes of the main container, as ``readinessProbe`` and so on; those of type ``none`` are left out."""
    made = {name: _probe(workload, name) for name in _PERIODS}
    return {f"{name}Probe": probe for name, probe in made.items() if probe is not None}


def startup_seconds(workload: WorkloadSpec) -> int:
    """Return how long a container may take until its startup probe has succeeded; 0 where it has none."""
    probe = _probe(workload, "startup")
    return 0 if probe is None else int(probe["periodSeconds"]) * int(probe["failureThreshold"])


def _probe(workload: WorkloadSpec, name: str) -> dict[str, Any] | None:
    own: ProbeSpec = getattr(workload.probes, name)
    common = workload.probes.common

    def setting(key: str, default: Any) -> Any:
        return next((value for each in (own, common) if (value := getattr(each, key)) is not None), default)

    first = next((port for port in workload.ports if port.protocol == "TCP"), None)
    kind = setting("type", "http" if first else "none")
    if kind == "none" or (first is None and kind != "exec"):
        return None
    return {
        **_handler(kind, workload, setting),
        "periodSeconds": setting("period_seconds", _PERIODS[name]),
        "timeoutSeconds": setting("timeout_seconds", _TIMEOUT),
        "failureThreshold": setting("failure_threshold", _FAILURES[name]),
    }


def _handler(kind: str, workload: WorkloadSpec, setting: Any) -> dict[str, Any]:
    if kind == "exec":
        return {"exec": {"command": list(setting("command", ()))}}
    tcp = [port for port in workload.ports if port.protocol == "TCP"]
    name = setting("port", tcp[0].name)
    if kind in ("http", "https"):
        headers = [{"name": key, "value": value} for key, value in setting("headers", {}).items()]
        asked = {"path": setting("path", "/"), "port": name, "scheme": kind.upper()}
        return {"httpGet": {**asked, "httpHeaders": headers} if headers else asked}
    if kind == "tcp":
        return {"tcpSocket": {"port": name}}
    number = next(port.port for port in tcp if port.name == name)
    # A gRPC probe takes a number only; an empty service asks for the server as a whole.
    return {"grpc": {"port": number, "service": setting("service", "")}}
