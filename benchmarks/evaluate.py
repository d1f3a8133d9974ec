"""Evaluates the program alone, as a unit test does: no engine, no plugin. Run as a process of its own to be timed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

from infra.program import declare
from infra.spec import load


class Answers(Mocks):
    """Gives each resource an id, and each lookup what the program reads of it."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Return the inputs as outputs."""
        return f"{args.name}-id", {"arn": f"arn:aws:mock:::{args.name}", **args.inputs}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """Return an image, a parameter, a key or no objects, whichever was asked for."""
        del args  # one answer does for all: each look-up reads what concerns it
        answer = {
            "id": "ami-0123456789abcdef0",
            "imageId": "ami-0123456789abcdef0",
            "architecture": "x86_64",
            "rootDeviceName": "/dev/xvda",
            "value": "ami-0123456789abcdef0",
            "targetKeyId": "00000000-0000-4000-8000-000000000000",
            "keys": [],
        }
        return answer, []


def main() -> None:
    """Evaluate the stack file named on the command line."""
    path = Path(sys.argv[1])
    spec = load(path, path.name.split(".")[1])
    pulumi.runtime.set_mocks(Answers(), project="slipway", stack=spec.name)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> None:
        declare(spec)

    run()


if __name__ == "__main__":
    main()
