"""One environment of Slipway: the stack's spec, read once, and its components in order."""

from infra.program import run

run()
