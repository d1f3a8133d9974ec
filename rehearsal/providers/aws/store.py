"""What the vendor's SDK says of the resource types here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rehearsal.providers.base.store import SdkStore


def _known() -> Iterable[str]:
    from rehearsal.providers.aws.types import KINDS  # which need this module

    return KINDS


STORE: Final = SdkStore("pulumi-aws", _known)
resource_shape = STORE.resource_shape
