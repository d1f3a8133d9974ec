"""The report for a terminal: plain lines, with Rich styles beside them."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from infra.ops.preview.changes import REPLACE
from infra.ops.preview.meaning import Report, Verdict, money
from infra.ops.preview.render_markdown import OP_WORDS

STYLES: dict[Verdict, str] = {
    "failed": "bold red",
    "stop": "bold red",
    "attention": "bold yellow",
    "fine": "bold green",
    "nothing": "bold",
}
_OP_STYLES = {"delete": "red", "replace": "red", "update": "yellow", "create": "green", "import": "cyan"}
_Line = tuple[str, str]
"""Text and its Rich style."""


def render_text(report: Report) -> Text:
    """Return the report as styled text; ``.plain`` is the same without style."""
    text = Text()
    for line, style in _lines(report):
        text.append(f"{line}\n", style=style or None)
    return text


def _lines(report: Report) -> Iterator[_Line]:
    yield report.headline, STYLES[report.verdict]
    for each in report.diagnostics:
        if each.severity == "error":
            yield from ((f"  error: {line}", "red") for line in each.message.splitlines())
    for danger in report.dangers:
        yield f"  {'waived' if danger.waived else 'STOP'}: {danger.words()}", "" if danger.waived else "red"
        yield f"        {danger.urn}", "dim"
    for word in report.unknown_waivers:
        yield f"  The waiver {word!r} fits nothing here.", "yellow"
    told = report.sentences[len(report.dangers) :]
    if told:
        yield "", ""
        yield "What will happen", "bold"
        yield from ((f"  {sentence}", "") for sentence in told)
    yield from _parts(report)
    yield from _changes(report)


def _parts(report: Report) -> Iterator[_Line]:
    if report.violations:
        yield from _heading("Rules of policy packs that are broken")
        for each in report.violations:
            yield f"  {each.policy} ({each.level}): {' '.join(each.message.split())}", "red"
    if report.rolls:
        yield from _heading("Machines to replace, by `slipway roll` after the update, in this order")
        for at, roll in enumerate(report.rolls, 1):
            yield f"  {at}. {roll.group} ({roll.role}): {roll.machines}, because {'; '.join(roll.reasons)}", ""
    if report.openings:
        yield from _heading("Security rules")
        for opening in report.openings:
            alarm = "  OPEN TO THE WHOLE INTERNET" if opening.alarming else ""
            yield f"  {opening.words()}{alarm}", "red" if opening.alarming else ""
    if report.permissions:
        yield from _heading("Permissions")
        yield from ((f"  {each.words()}", "red" if each.alarming else "") for each in report.permissions)
    if report.cost.lines or report.cost.not_priced:
        yield from _heading(f"Monthly cost: {money(report.cost.change)} ({report.cost.basis})")
        for line in report.cost.lines:
            yield f"  {line.what}: ${line.before:,.2f} → ${line.after:,.2f} ({money(line.change)})", ""
        yield from ((f"  {each}: not priced", "dim") for each in report.cost.not_priced)
    if report.cross_zone is not None:
        yield from _heading("Traffic between zones")
        yield f"  {report.cross_zone.words()}.", ""
        yield from ((f"  {each.words()}", "") for each in report.cross_zone.routings)


def _changes(report: Report) -> Iterator[_Line]:
    if not report.changes:
        return
    counts = ", ".join(f"{number} to {OP_WORDS[op]}" for op, number in report.counts.items())
    yield from _heading(f"All changes: {counts}")
    last = None
    for change in sorted(report.changes, key=lambda each: each.component):
        if change.component != last:
            last = change.component
            yield f"  {last or 'without a component'}", "bold"
        yield f"    {OP_WORDS[change.op]} {change.label}", _OP_STYLES[change.op]
        for each in change.differences:
            forces = "  (forces the replacement)" if each.replaces and change.op == REPLACE else ""
            if each.lines:
                yield f"      {each.path}:{forces}", ""
                yield from ((f"        {line}", _diff_style(line)) for line in each.lines)
            else:
                yield f"      {each.path}: {each.old} → {each.new}{forces}", ""


def _heading(text: str) -> Iterator[_Line]:
    yield "", ""
    yield text, "bold"


def _diff_style(line: str) -> str:
    return {"+": "green", "-": "red"}.get(line[:1], "dim")
