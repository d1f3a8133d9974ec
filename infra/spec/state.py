"""The state bucket: where Pulumi's state and the cluster's own records are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from infra.spec import foreign
from infra.spec.base import SpecModel
from infra.spec.scalars import BucketName


class StateSpec(SpecModel):
    """The environment's state bucket. `slipway bootstrap` makes it; the program adopts, protects and retains it."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_STATE

    bucket: Annotated[BucketName, Field(examples=["acme-slipway-dev"])]
    """Name of the S3 bucket, unique in all of AWS. One bucket serves one environment."""

    noncurrent_version_days: Annotated[int, Field(ge=90, le=3650)] = 400
    """Days for which replaced or deleted versions of state objects can be brought back. Backups never expire by
    this rule."""

    issuer_bucket: BucketName | None = None
    """Name of the public bucket that holds the issuer's keys, by which AWS verifies service accounts. Unset: the state
    bucket's name with `-issuer` behind it. It cannot be changed later: every token names it."""
