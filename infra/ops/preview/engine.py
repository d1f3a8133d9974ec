"""Runs the engine so that it changes nothing, and reads what it says. It finds the project as ``pulumi`` does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from threading import Thread
from typing import IO

from infra.ops.preview.errors import PreviewError
from infra.ops.preview.events import Diagnostic, Run, read_events
from infra.ops.preview.secrets import scrubbed

STREAM = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"
"""Makes ``--json`` print each event as it happens, policy violations among them, instead of one digest at the end."""

SKIP = "PULUMI_SKIP_CONFIRMATIONS"
"""Means ``--yes``, which for the engine contradicts ``--preview-only``. Pipelines set it for their updates."""

Tell = Callable[[str], None]


def preview(stack: str, options: Sequence[str], tell: Tell) -> Run:
    """Return what ``pulumi preview`` says of a stack.

    Raises:
        PreviewError: the engine is not on PATH, or printed something else than events.
    """
    return _run(["preview", "--stack", stack, "--non-interactive", "--json", *options], tell)


def refresh_preview(stack: str, options: Sequence[str], tell: Tell) -> Run:
    """Return what a refresh would find; neither state nor cloud is changed.

    Raises:
        PreviewError: as for :func:`preview`.
    """
    command = ["refresh", "--preview-only", "--stack", stack, "--non-interactive", "--json", *options]
    return _run(command, _counted(tell))


_TOLD_EACH = 50
"""A refresh begins with every resource: so many are one line."""


def _counted(tell: Tell) -> Tell:
    begun = count(1)

    def tell_some(_line: str) -> None:
        number = next(begun)
        if number % _TOLD_EACH == 0:
            tell(f"  looked at {number} resources")

    return tell_some


def _run(arguments: list[str], tell: Tell) -> Run:
    try:
        process = subprocess.Popen(
            ["pulumi", *arguments],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise PreviewError("`pulumi` is not on PATH. Install the engine, or give recorded events by --from.") from None
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 (by PIPE above)
    said: list[str] = []
    with process:
        reader = Thread(target=_drain, args=(process.stderr, said), daemon=True)
        reader.start()
        lines = list(_read(process.stdout, tell))
        status = process.wait()
        reader.join()
    return _outcome(lines, "".join(said), status, " ".join(["pulumi", *arguments]))


def _environment() -> dict[str, str]:
    # The engine refuses to look only, where it is told beforehand to ask nothing.
    return {**{name: value for name, value in os.environ.items() if name != SKIP}, STREAM: "true"}


def _drain(stream: IO[str], into: list[str]) -> None:
    into.extend(stream)


def _read(stream: IO[str], tell: Tell) -> Iterator[str]:
    for line in stream:
        if urn := _urn_of(line):
            tell(f"  {urn.rpartition('::')[0].rpartition('$')[2].rpartition('::')[2]} {urn.rpartition('::')[2]}")
        yield line


def _urn_of(line: str) -> str:
    """Return the URN of a resource that the engine begins with and does not leave as it is."""
    if '"resourcePreEvent"' not in line or '"op":"same"' in line:
        return ""
    try:
        return str(json.loads(line)["resourcePreEvent"]["metadata"]["urn"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return ""


def _outcome(lines: Sequence[str], said: str, status: int, command: str) -> Run:
    if status != 0 and lines and not lines[-1].endswith("\n"):
        lines = lines[:-1]  # an engine that was killed has begun this event and not ended it
    events = [line for line in lines if line.lstrip().startswith("{")]
    other = scrubbed("".join(line for line in lines if not line.lstrip().startswith("{")) + said).strip()
    run = read_events("".join(events), f"`{command}`") if events else Run()
    if status == 0:
        return run
    reason = other or f"`{command}` ended with status {status}"
    told = run.diagnostics if run.errors else (*run.diagnostics, Diagnostic("error", reason))
    return Run(run.steps, run.results, told, run.violations, run.counts, finished=False)
