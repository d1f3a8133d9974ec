"""Numbers that may be written as a share of others: of pods, or of machines."""

from __future__ import annotations


def count_or_share(text: str) -> int | str:
    """Return what Kubernetes takes for a number of pods or a share of them: ``1`` or ``"25%"``."""
    return text if text.endswith("%") else int(text)


def count_of(value: int | str, size: int, *, up: bool) -> int:
    """Return a number, or a share of ``size`` such as ``"25%"`` as a whole number, rounded up or down."""
    if isinstance(value, int):
        return value
    share = int(value.removesuffix("%")) * size
    return -(-share // 100) if up else share // 100
