"""Evaluates the program alone, as a unit test does: no engine, no plugin. Run as a process of its own to be timed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

from infra.program import declare
from infra.spec import EnvironmentSpec, load
from infra.testing.account import OUTPUTS, answers


class Answers(Mocks):
    """Gives each resource an id, and each lookup what an account would answer. Unlike a recorder, it keeps nothing."""

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.calls = answers(spec)

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Return the inputs as outputs, and what the provider would add."""
        return f"{args.name}-id", {"arn": f"arn:aws:mock:::{args.name}", **args.inputs, **OUTPUTS.get(args.typ, {})}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """Return what was asked for."""
        return dict(self.calls[args.token](args.args)), []


def main() -> None:
    """Evaluate the stack file named on the command line."""
    path = Path(sys.argv[1])
    spec = load(path, path.name.split(".")[1])
    pulumi.runtime.set_mocks(Answers(spec), project="slipway", stack=spec.name)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> None:
        declare(spec)

    run()


if __name__ == "__main__":
    main()
