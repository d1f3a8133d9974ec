"""`python -m rehearsal.toolchain`: find or build the tools, or list where each of them is."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rehearsal.toolchain.errors import ToolchainError
from rehearsal.toolchain.locate import locate
from rehearsal.toolchain.provide import resolve
from rehearsal.toolchain.table import DEFAULT_TOOLS, TOOLS, tools_named

_INTERRUPTED = 130
_PIPED_WIDTH = 200  # a pipe has no width of its own; wide enough to keep each tool on a line


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Tools to provide; without names: {', '.join(DEFAULT_TOOLS)}.")
    ] = None,
    only_list: Annotated[bool, typer.Option("--list", help="Tell where each tool is, and build nothing.")] = False,
) -> None:
    """Find the programs that a rehearsal runs on PATH or in the cache, and build the others."""
    console = Console(stderr=True)
    try:
        if only_list:
            width = None if sys.stdout.isatty() else _PIPED_WIDTH
            Console(width=width).print(_listing(names or list(TOOLS)))
            return
        for name, path in resolve(names or DEFAULT_TOOLS, console).items():
            typer.echo(f"{name}\t{path}")
    except ToolchainError as error:
        console.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None


def _listing(names: list[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("tool", "pinned", "from", "path"):
        table.add_column(heading, overflow="fold")
    for tool in tools_named(names):
        location = locate(tool)
        where = str(location.path) if location.path else f"go build {tool.package}"
        table.add_row(tool.name, str(tool.release.version), location.source, where)
        for refusal in location.refusals:
            table.add_row("", "", "not", f"{refusal.path}: {refusal.reason}")
    return table


if __name__ == "__main__":
    sys.argv[0] = "python -m rehearsal.toolchain"
    typer.run(main)
