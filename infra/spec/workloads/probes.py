"""Probes of a container: how the kubelet asks whether it is well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from infra.spec.base import SpecModel, checked, refuse, refuse_entries
from infra.spec.scalars import UrlPath
from infra.spec.workloads import foreign
from infra.spec.workloads.scalars import PortName

ProbeType = Literal["http", "https", "tcp", "grpc", "exec", "none"]


def _by_name(value: object) -> object:
    if isinstance(value, int):
        refuse("is a number, and a probe asks a port by its name", "write the name that ports gives it, as http")
    return value


def _headers(values: dict[str, str]) -> dict[str, str]:
    refuse_entries(
        [
            (key, "is not a name of a header", "use letters, digits and hyphens, as Host")
            for key in values
            if not re.fullmatch("[A-Za-z0-9-]+", key)
        ],
        told=False,
    )
    return values


class ProbeSpec(SpecModel):
    """How the kubelet asks whether a container is well. What is unset comes from `probes.common`, then from Slipway."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_PROBE

    type: ProbeType | None = None
    """`http`: GET answers 200 to 399; `https`: the same, whatever the certificate; `tcp`: the port accepts; `grpc`:
    gRPC health; `exec`: the command exits with 0; `none`: no probe. Unset: `http`, or `none` where the workload has no
    TCP port."""

    port: Annotated[PortName, BeforeValidator(_by_name)] | None = None
    """Name of the port asked. Unset: the first TCP port."""

    path: UrlPath | None = None
    """Path of an `http` or `https` probe. Unset: `/`."""

    headers: Annotated[dict[str, str], checked(_headers)] | None = None
    """Headers of an `http` or `https` probe, as `Host: shop.example.com` for a program that answers known hosts alone.
    Unset: none, and `Host` is the pod's address."""

    service: str | None = None
    """Service named in a `grpc` probe. Unset: the server as a whole."""

    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Command of an `exec` probe: program and arguments, no shell."""

    period_seconds: Annotated[int, Field(ge=1, le=300)] | None = None
    """Seconds between two questions. Unset: 10, at startup 5."""

    timeout_seconds: Annotated[int, Field(ge=1, le=60)] | None = None
    """Seconds until no answer counts as a bad one. Unset: 2."""

    failure_threshold: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Bad answers in a row that count. Unset: readiness 3, liveness 6, startup 30."""


class ProbesSpec(SpecModel):
    """Probes of the container."""

    common: ProbeSpec = ProbeSpec()
    """What all three probes share."""

    readiness: ProbeSpec = ProbeSpec()
    """Fails: the pod gets no traffic."""

    liveness: ProbeSpec = ProbeSpec()
    """Fails: the container is restarted. It must not ask for what a restart cannot mend, such as a database."""

    startup: ProbeSpec = ProbeSpec()
    """Holds the other two back until it has succeeded once; fails: the container is restarted."""
