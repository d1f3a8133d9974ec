"""``slipway diagram``."""

from __future__ import annotations

from infra.commands.common import Env, Write, load_environment, put
from infra.plan.diagram import diagram
from infra.plan.environment import plan_environment


def draw_diagram(env: Env, write: Write = None) -> None:
    """Draw an environment from its plan, as an SVG picture."""
    put(diagram(plan_environment(load_environment(env))), write)
