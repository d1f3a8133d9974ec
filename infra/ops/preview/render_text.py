"""The report for a terminal: plain lines, with Rich styles beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rich.text import Text

from infra.ops.preview.changes import REPLACE, Change, by_component
from infra.ops.preview.dangers import Danger, waiver_words
from infra.ops.preview.fold_text import Line, Part, fitted
from infra.ops.preview.meaning import Report, Verdict
from infra.ops.preview.render_markdown import OP_WORDS
from infra.ops.preview.words import money

STYLES: dict[Verdict, str] = {
    "failed": "bold red",
    "stop": "bold red",
    "attention": "bold yellow",
    "fine": "bold green",
    "nothing": "bold",
}
_OP_STYLES = {
    "delete": "red",
    "replace": "red",
    "update": "yellow",
    "create": "green",
    "import": "cyan",
    "keep": "cyan",
}
_FEW, _SOME, _MANY = 8, 20, 30
"""Lines that stay of a part in a report that is folded."""
_Entry = tuple[Line, ...]


def render_text(report: Report) -> Text:
    """Return the report as styled text; ``.plain`` is the same without style.

    A change that is refused is told in few lines, since nothing of it will happen.
    """
    text = Text()
    for line, style in fitted(list(_parts(report)), fold=bool(report.ways_out)):
        text.append(f"{line}\n", style=style or None)
    return text


def _parts(report: Report) -> Iterator[Part]:
    head = ((report.headline, STYLES[report.verdict]),)
    yield Part((), [head], 1)
    yield Part((), [((f"  {each}", "bold"),) for each in report.ways_out], _SOME)
    yield Part((), list(_errors(report)), _SOME)
    yield Part((), [_danger(each, report) for each in report.dangers], _SOME)
    if waiver := waiver_words(report.dangers):
        yield Part((), [((f"  {' '.join(waiver)}", ""),)], 1)
    yield Part(
        (), [((f"  The waiver {word!r} fits nothing here.", "yellow"),) for word in report.unknown_waivers], _FEW
    )
    told = report.sentences[len(report.dangers) :]
    yield Part((("", ""), ("What will happen", "bold")), _lines(told), _MANY)
    yield from _lists(report)
    yield from _changes(report)


def _errors(report: Report) -> Iterator[_Entry]:
    for each in report.diagnostics:
        if each.severity == "error":
            yield tuple((f"  error: {line}", "red") for line in each.message.splitlines())


def _danger(danger: Danger, report: Report) -> _Entry:
    # Where ways out come first, each is said once there instead of with each danger.
    words = danger.words() if danger.waived or not report.ways_out else danger.loss()
    first = f"  {'waived' if danger.waived else 'STOP'}: {words}", "" if danger.waived else "red"
    return (first, (f"        {danger.urn}", "dim"))


def _lines(texts: Iterable[str], style: str = "") -> list[_Entry]:
    return [((f"  {text}", style),) for text in texts]


def _lists(report: Report) -> Iterator[Part]:
    violations = [f"{each.policy} ({each.level}): {' '.join(each.message.split())}" for each in report.violations]
    yield Part(_heading("Rules of policy packs that are broken"), _lines(violations, "red"), _FEW)
    rolls = [
        f"{at}. {roll.group} ({roll.role}): {roll.machines}, because {'; '.join(roll.reasons)}"
        for at, roll in enumerate(report.rolls, 1)
    ]
    yield Part(_heading("Machines to replace, by `slipway roll` after the update, in this order"), _lines(rolls), _FEW)
    openings = [
        (f"  {each.words()}{'  OPEN TO THE WHOLE INTERNET' if each.alarming else ''}", "red" if each.alarming else "")
        for each in report.openings
    ]
    yield Part(_heading("Security rules"), [(line,) for line in openings], _FEW)
    permissions = [(f"  {each.words()}", "red" if each.alarming else "") for each in report.permissions]
    yield Part(_heading("Permissions"), [(line,) for line in permissions], _FEW)
    costs = [
        f"{line.what}: ${line.before:,.2f} → ${line.after:,.2f} ({money(line.change)})" for line in report.cost.lines
    ]
    unpriced = _lines((f"{each}: not priced" for each in report.cost.not_priced), "dim")
    heading = f"Monthly cost: {money(report.cost.change)} ({report.cost.basis})"
    yield Part(_heading(heading), [*_lines(costs), *unpriced], _FEW)
    if report.cross_zone is not None:
        crossing = [f"{report.cross_zone.words()}.", *(each.words() for each in report.cross_zone.routings)]
        yield Part(_heading("Traffic between zones"), _lines(crossing), _FEW)


def _changes(report: Report) -> Iterator[Part]:
    counts = ", ".join(f"{number} to {OP_WORDS[op]}" for op, number in report.counts.items())
    found = {component or "without a component": of for component, of in by_component(report.changes).items()}
    entries: list[_Entry] = []
    for component, changes in found.items():
        entries += [((f"  {component}", "bold"),), *(tuple(_change(each)) for each in changes)]
    counted = {component: Counter(OP_WORDS[each.op] for each in of) for component, of in found.items()}
    short = [
        f"{component}: {', '.join(f'{number} to {word}' for word, number in words.items())}"
        for component, words in counted.items()
    ]
    yield Part(_heading(f"All changes: {counts}"), entries, _SOME, _lines(short))


def _change(change: Change) -> Iterator[Line]:
    yield f"    {OP_WORDS[change.op]} {change.label}", _OP_STYLES[change.op]
    for each in change.differences:
        forces = "  (forces the replacement)" if each.replaces and change.op == REPLACE else ""
        if each.lines:
            yield f"      {each.path}:{forces}", ""
            yield from ((f"        {line}", _diff_style(line)) for line in each.lines)
        else:
            yield f"      {each.path}: {each.old} → {each.new}{forces}", ""


def _heading(text: str) -> tuple[Line, ...]:
    return (("", ""), (text, "bold"))


def _diff_style(line: str) -> str:
    return {"+": "green", "-": "red"}.get(line[:1], "dim")
