"""Golden documents: what a plan renders, kept beside the tests for a reader to judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> Any:
    """Return the document kept under ``name``."""
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
