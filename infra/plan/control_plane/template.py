"""Files of the control plane that reach a member as they are."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def template(name: str) -> str:
    """Return a file of ``infra/templates/control_plane/``."""
    return files("infra.templates").joinpath("control_plane", name).read_text(encoding="utf-8")
