"""Turns names of tools into paths of programs that can be run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console

from rehearsal.toolchain.build import build
from rehearsal.toolchain.cache import release_folder
from rehearsal.toolchain.locate import Location, locate
from rehearsal.toolchain.table import tools_named


def resolve(names: Sequence[str], console: Console) -> dict[str, Path]:
    """Return the absolute path of each tool, building those neither suitable on PATH nor in the cache.

    Raises ToolchainError when a name is unknown or a tool can be neither found nor built.
    """
    locations = [locate(tool) for tool in tools_named(names)]
    missing = [location for location in locations if location.path is None]
    for location in missing:
        _tell_refusals(location, console)
    missing_tools = sorted(
        (location.tool for location in missing), key=lambda tool: (tool.release.build_minutes, tool.release.key)
    )
    builds = [(release, list(tools)) for release, tools in groupby(missing_tools, lambda tool: tool.release)]
    if len(builds) > 1:
        minutes = sum(release.build_minutes for release, _ in builds)
        console.print(
            f"{len(builds)} builds to do, about {minutes} min in all on two cores when nothing is compiled yet.",
            highlight=False,
            soft_wrap=True,
        )
    for release, tools in builds:
        build(release, tools, console)
    return {
        location.tool.name: location.path or release_folder(location.tool.release) / location.tool.name
        for location in locations
    }


def _tell_refusals(location: Location, console: Console) -> None:
    for refusal in location.refusals:
        console.print(f"{refusal.path} will not do: {refusal.reason}.", highlight=False, markup=False, soft_wrap=True)
