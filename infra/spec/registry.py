"""The registry: repositories for the images of the environment's own services."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.spec.base import SpecModel
from infra.spec.scalars import AccountId, DnsLabel


class RegistrySpec(SpecModel):
    """Repositories in ECR: for each service its build, test, service and installation image (docs/containers.md)."""

    services: Annotated[tuple[DnsLabel, ...], Field(min_length=1, examples=[["web"]])]
    """Services. Each has the repositories `<service>/build`, `/test`, `/service` and `/installation`."""

    pulled_from: tuple[AccountId, ...] = ()
    """Other accounts whose clusters pull the service and installation images: an image is built once and promoted."""

    keep_built: Annotated[int, Field(ge=1, le=1000)] = 20
    """Build and test images kept of each service, the newest."""

    keep_released: Annotated[int, Field(ge=10, le=10_000)] = 500
    """Service and installation images kept of each service, the newest. An older one may still run somewhere: it keeps
    running, and cannot be pulled again."""
