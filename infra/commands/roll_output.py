"""How a rolling update is shown: live on a terminal, as lines in a log, as JSON lines for a machine."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from infra.commands.common import console, show

if TYPE_CHECKING:
    from infra.ops.roll.estimate import Estimate
    from infra.ops.roll.progress import Event

_STYLES = {"paused": "bold red", "invalid": "red", "blocked": "yellow", "unreachable": "yellow", "done": "green"}


class Output:
    """Lines with the time of day, as a log has them."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        """End, whatever happened."""

    def tell(self, event: Event) -> None:
        """Print an event."""
        console.print(line_of(event, datetime.now(UTC)), markup=False, highlight=False)


class JsonOutput(Output):
    """JSON lines on stdout, each written out at once."""

    def tell(self, event: Event) -> None:
        """Write an event."""
        sys.stdout.write(json.dumps(event.as_json(datetime.now(UTC))) + "\n")
        sys.stdout.flush()


class LiveOutput(Output):
    """A bar for each group below the lines."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Show the bars."""
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        """Leave the bars as they stand."""
        self._progress.stop()

    def tell(self, event: Event) -> None:
        """Print an event above the bars and move them."""
        if event.total:
            if event.group not in self._bars:
                self._bars[event.group] = self._progress.add_task(event.group, total=event.total)
            self._progress.update(self._bars[event.group], total=event.total, completed=event.replaced)
        style = _STYLES.get(event.kind)
        self._progress.console.print(line_of(event, datetime.now(UTC)), style=style, markup=False, highlight=False)


def output_for(*, as_json: bool, terminal: bool) -> Output:
    """Return the output that suits: JSON where asked for, bars on a terminal, else plain lines."""
    return JsonOutput() if as_json else LiveOutput() if terminal else Output()


def line_of(event: Event, at: datetime) -> str:
    """Return an event as a line."""
    subject = " ".join(filter(None, [event.group, event.node or event.instance]))
    return f"{at:%H:%M:%S} {subject + ': ' if subject else ''}{event.text}"


def show_estimates(estimates: list[Estimate], budgets: list[str]) -> None:
    """Print what would be replaced, group by group, about how long it takes, and which budgets it would wait for."""
    table = Table(
        "instance group", "role", Column("replace", justify="right"), "surge, unavailable",
        Column("about", justify="right"), "because",
    )  # fmt: skip
    for each in estimates:
        reasons = sorted({reason for member in each.members for reason in member.reasons})
        table.add_row(
            each.group,
            each.role,
            # With those taken out by a roll that has not ended there are more than the group's size.
            f"{len(each.members)} of {max(each.size, len(each.members))}",
            f"{each.pace.surge}, {each.pace.unavailable}",
            span(each.seconds),
            "; ".join(reasons) or "nothing differs",
        )
    show(table)
    for each in estimates:
        for member in each.members:
            node = f" ({member.node.name})" if member.node else ""
            console.print(f"  {each.group}: {member.instance.id}{node}", markup=False, highlight=False)
        if each.blink:
            console.print(f"  {each.group}: the API will not answer meanwhile: it is the only member", style="yellow")
    if any(each.members for each in estimates):
        for told in budgets:
            console.print(f"  {told}", style="yellow", markup=False, highlight=False)
    total = sum(each.seconds for each in estimates)
    measured = all(each.measured for each in estimates if each.members)
    basis = "as long as the groups' nodes took to boot" if measured else "3 min for a boot where none was measured"
    console.print(f"About {span(total)} in all (1 min a drain; {basis}). Nothing was changed.", highlight=False)


def span(seconds: float) -> str:
    """Return a length of time in words: ``45 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
