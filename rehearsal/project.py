"""A Pulumi project elsewhere that runs this checkout's program: for tests and benchmarks."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]


def write_project(
    folder: Path, stack: str, spec: Mapping[str, Any], *, program: Path | None = None, **config: Any
) -> Path:
    """Write a project for one stack into ``folder`` and return it.

    ``program`` takes the place of Slipway's own ``__main__.py``; ``config`` is further configuration of the project.
    """
    (folder / "stacks").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "Pulumi.yaml", folder / "Pulumi.yaml")
    shutil.copyfile(program or ROOT / "__main__.py", folder / "__main__.py")
    if not (folder / "infra").exists():
        (folder / "infra").symlink_to(ROOT / "infra")
    write_stack_file(folder, stack, spec, **config)
    return folder


def write_stack_file(folder: Path, stack: str, spec: Mapping[str, Any], **config: Any) -> Path:
    """Write the stack's configuration file of a project and return its path."""
    path = folder / "stacks" / f"Pulumi.{stack}.yaml"
    settings = {"slipway:environment": spec, **{f"slipway:{key}": value for key, value in config.items()}}
    path.write_text(yaml.safe_dump({"config": settings}, sort_keys=False), encoding="utf-8")
    return path
