"""The log of the machines' process."""

from __future__ import annotations

import sys
import time


def tell(text: str) -> None:
    """Write a line."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()
