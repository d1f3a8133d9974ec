"""Generations of the cluster's certificate authorities."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.spec.base import SpecModel

Generation = Annotated[int, Field(ge=1, le=999)]


class PkiSpec(SpecModel):
    """Which generations of CAs and of the service-account key exist, and which one signs. `docs/rotate-cas.md` says
    how to rotate them in two steps without a moment in which somebody trusts too little."""

    signing: Generation = 1
    """The generation that signs new certificates and tokens."""

    trusted: Annotated[tuple[Generation, ...], Field(min_length=1, max_length=3)] = (1,)
    """The generations that everything trusts; `signing` is one of them."""
