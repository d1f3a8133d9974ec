"""``slipway diagram``."""

from __future__ import annotations

from infra.commands.common import Env, Write, planned_environment, put
from infra.plan.diagram import diagram


def draw_diagram(env: Env, write: Write = None) -> None:
    """Draw an environment from its plan, as an SVG picture."""
    put(diagram(planned_environment(env)), write)
