"""The drift report as text, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from infra.ops.drift.beside import Beside
from infra.ops.drift.report import Drifted, DriftReport, Unfinished
from infra.ops.preview.fold import COMMENT_LIMIT, NEVER, Block, Section, folded
from infra.ops.preview.markdown_text import code, escaped, fenced, prose

MARKS = {"none": "🟢", "drift": "🟠", "failed": "🔴"}

_MOVED_SHOWN = 5
"""Values that are no drift which a terminal is told: to be recognised, and not to bury what is."""


def render_text(report: DriftReport) -> str:
    """Return the report for a terminal or a log."""
    return "".join(f"{line}\n" for line in _text_lines(report))


def _text_lines(report: DriftReport) -> Iterator[str]:
    yield report.headline
    for error in report.errors:
        yield from (f"  error: {line}" for line in error.message.splitlines())
    for gone in report.gone:
        yield f"  GONE  {gone.label} ({gone.id})"
    for rule in report.beside:
        yield f"  BESIDE THE PROGRAM  {rule.words} ({rule.id})"
        yield f"    to remove it: {rule.remove}"
    for policy in report.policies:
        yield f"  BESIDE THE PROGRAM  {policy.words}"
        yield f"    to remove it: {policy.remove}"
    last = ""
    for each in report.drifted:
        if each.urn != last:
            last = each.urn
            yield f"  {each.label}"
            yield f"    {each.urn}"
        if each.lines:
            yield f"    {each.path}: from expected (-) to found (+)"
            yield from (f"      {line}" for line in each.lines)
        else:
            note = f" ({each.note})" if each.note else ""
            yield f"    {each.path}: expected {each.expected}, found {each.found}{note}"
    if report.repair:
        yield f"  to set it back: {report.repair}"
    yield from (f"  NOT FINISHED  {_unfinished(each, report.environment)}" for each in report.unfinished)
    for moved in report.moved[:_MOVED_SHOWN]:
        yield f"  (not declared, no drift) {moved.label}: {moved.path} {moved.before} → {moved.found}"
    more = len(report.moved) - _MOVED_SHOWN
    if more > 0:
        yield f"  (not declared, no drift) and {more} more, which --format json names"


def render_markdown(report: DriftReport, *, limit: int = COMMENT_LIMIT) -> str:
    """Return the report as a comment or an issue's text, of at most ``limit`` characters."""
    head = f"<!-- slipway-drift: {report.environment} -->\n## {MARKS[report.verdict]} {escaped(report.headline)}\n\n"
    errors = [Block(1, fenced(each.message), label="errors") for each in report.errors]
    gone = [Block(2, f"- {code(each.label)} ({code(each.id)})\n", label="resources gone") for each in report.gone]
    beside = [Block(2, _rule(each), label="rules beside") for each in report.beside]
    policies = [
        Block(2, f"- {escaped(each.words)}; to remove it: {code(each.remove)}\n", label="policies beside")
        for each in report.policies
    ]
    drifted = [Block(10, _row(each), label="drifted properties") for each in report.drifted]
    unfinished = [
        Block(12, f"- {prose(_unfinished(each, report.environment))}\n", label="updates not finished")
        for each in report.unfinished
    ]
    moved = [
        Block(
            20, f"- {code(each.label)}: {escaped(f'{each.path} {each.before} → {each.found}')}\n", label="moved values"
        )
        for each in report.moved
    ]
    sections = [
        Section("", [Block(NEVER, head)]),
        Section("", errors, "\n"),
        Section("### Gone\n\n", gone, "\n"),
        Section("### Security group rules that the program does not declare\n\n", beside, "\n"),
        Section("### Policies of its roles that the program does not declare\n\n", policies, "\n"),
        Section(
            "### Changed outside\n\n| resource | property | expected | found |\n|---|---|---|---|\n", drifted, "\n"
        ),
        Section("", _texts(report), "\n"),
        Section("", [Block(NEVER, f"To set it back: {code(report.repair)}\n\n")] if report.repair else []),
        Section("### Updates that have not finished: no drift\n\n", unfinished, "\n"),
        Section(
            "<details><summary>Set by AWS or a controller, not declared: no drift</summary>\n\n",
            moved,
            "\n</details>\n",
        ),
    ]
    return folded(sections, limit)


def _unfinished(each: Unfinished, environment: str) -> str:
    """Return what to know of an update that has not finished, and the way on."""
    on = f"after that, {each.again}" if each.again else f"correct that, and run `pulumi up --stack {environment}` again"
    way = (
        f"`{each.look}` says what is wrong; {on}."
        if each.now
        else f"It is well by now: `pulumi up --stack {environment}` takes note of that."
    )
    return f"{each.label}: its last update was sent and did not come to its end: {each.now or each.reasons}. {way}"


def _rule(each: Beside) -> str:
    mark = "🔴 " if each.alarming else ""
    return f"- {mark}{escaped(each.words)} ({code(each.id)}); to remove it: {code(each.remove)}\n"


def _row(each: Drifted) -> str:
    expected, found = ("a text, see below",) * 2 if each.lines else (each.expected, each.found)
    note = f" ({each.note})" if each.note else ""
    return f"| {escaped(each.label)} | {escaped(each.path)} | {escaped(expected)} | {escaped(found + note)} |\n"


def _text(each: Drifted) -> str:
    title = code(f"{each.label}: {each.path}")
    return f"{title}, from expected (-) to found (+):\n\n{fenced(chr(10).join(each.lines), 'diff')}\n"


def _texts(report: DriftReport) -> list[Block]:
    return [Block(15, _text(each), label="diffs of texts") for each in report.drifted if each.lines]


def render_json(report: DriftReport) -> str:
    """Return the report for machines."""
    return (
        json.dumps({"version": 1, **asdict(report), "exitCode": report.exit_code}, indent=2, ensure_ascii=False) + "\n"
    )
