"""The report as a pull request's comment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from infra.ops.preview.changes import CREATE, DELETE, IMPORT, KEEP, REPLACE, UPDATE, Change, by_component
from infra.ops.preview.dangers import Danger, waiver_words
from infra.ops.preview.engine_words import is_refusal
from infra.ops.preview.fold import COMMENT_LIMIT, GRAVE, NEVER, Block, Section, folded
from infra.ops.preview.markdown_text import code, escaped, fenced, prose
from infra.ops.preview.meaning import Report, Verdict
from infra.ops.preview.openings import Opening
from infra.ops.preview.permission import Permission
from infra.ops.preview.words import count, money, object_named

MARKS: dict[Verdict, str] = {"failed": "🔴", "stop": "🔴", "attention": "🟠", "fine": "🟢", "nothing": "⚪"}
OP_WORDS: dict[str, str] = {
    DELETE: "delete", REPLACE: "replace", UPDATE: "update", CREATE: "create", IMPORT: "adopt", KEEP: "keep",
}  # fmt: skip
_OP_MARKS: dict[str, str] = {DELETE: "🗑️", REPLACE: "♻️", UPDATE: "✏️", CREATE: "🆕", IMPORT: "📥", KEEP: "📌"}
_RANKS: dict[str, int] = {DELETE: 50, REPLACE: 51, UPDATE: 60, CREATE: 80, IMPORT: 81, KEEP: 82}
"""Operation -> rank of its property diffs: those of new resources are folded first."""
_INCOMPLETE = "The engine could not work out what this change would do. What follows is what it saw until then."
_REFUSED = "The engine refuses this change. What follows is what it saw until then."
_REFUSALS = 12
"""Refusals for a protection that are shown one by one: the way out, which comes before them, is of all."""
_LISTED = 40
"""Entries of a list that are shown one by one; those after them are folded first."""


def marker(environment: str) -> str:
    """Return the invisible line by which a later run finds this comment and updates it."""
    return f"<!-- slipway-preview: {environment} -->"


def render_markdown(report: Report, *, limit: int = COMMENT_LIMIT, where: str = "") -> str:
    """Return the report in at most ``limit`` characters. ``where`` says where the whole of it is."""
    return folded(list(_sections(report)), limit, where=where)


def _sections(report: Report) -> Iterator[Section]:
    head = f"{marker(report.environment)}\n## {MARKS[report.verdict]} {escaped(report.headline)}\n\n"
    yield Section("", [Block(NEVER, head)])
    yield _ways_out(report)
    yield from _errors(report)
    yield from _dangers(report)
    yield from _summary(report)
    yield from _violations(report)
    yield from _rolls(report)
    yield _list("### Security rules\n\n", [_opening(each) for each in report.openings], 20, "security rules")
    yield _list("### Permissions\n\n", [_permission(each) for each in report.permissions], 30, "permissions")
    objects = [f"- {_OP_MARKS[each.op]} {OP_WORDS[each.op]} {code(_object(each))}\n" for each in report.kubernetes]
    yield _list("### Kubernetes objects\n\n", objects, 40, "Kubernetes objects")
    yield from _cost(report)
    yield from _cross_zone(report)
    yield from _changes(report)
    yield from _messages(report)


def _list(head: str, lines: Sequence[str], rank: int, label: str) -> Section:
    blocks = [Block(rank if at < _LISTED else rank + 35, line, label=label) for at, line in enumerate(lines)]
    return Section(head, blocks, "\n")


def _ways_out(report: Report) -> Section:
    lines = "".join(f"> - {prose(' '.join(each.split()))}\n" for each in report.ways_out)
    return Section("> [!IMPORTANT]\n> **The way out**\n>\n", [Block(NEVER, lines)] if lines else [], "\n")


def _errors(report: Report) -> Iterator[Section]:
    errors = [each for each in report.diagnostics if each.severity == "error"]
    if report.verdict != "failed":
        return
    others = [each.message for each in errors if not is_refusal(each)]
    blocks = [Block(1 + at, f"{fenced(each)}\n", label="errors") for at, each in enumerate(others)]
    if refused := [each.message for each in errors if is_refusal(each)]:
        more = [f"and {left:,} more"] if (left := len(refused) - _REFUSALS) > 0 else []
        text = "\n".join([*refused[:_REFUSALS], *more])
        blocks.append(Block(GRAVE, f"{fenced(text)}\n", label="errors"))
    if not blocks and not report.violations:
        blocks = [Block(NEVER, "The engine ended without its summary: it was interrupted, or could not start.\n\n")]
    only_refused = bool(errors) and all(map(is_refusal, errors))
    why = "An update would fail." if report.complete else _REFUSED if only_refused else _INCOMPLETE
    yield Section(f"> [!CAUTION]\n> {why}\n\n", blocks)


def _dangers(report: Report) -> Iterator[Section]:
    for waived in (False, True):
        found = [danger for danger in report.dangers if danger.waived is waived]
        if not found:
            continue
        if waived:
            head = "> [!WARNING]\n> **Waived:** the following cannot be made again, and will go as was agreed.\n>\n"
        else:
            head = (
                "> [!CAUTION]\n> **Data, keys or machines would be lost.** Do not apply this unless each of these is "
                "meant.\n>\n"
            )
        told_once = bool(report.ways_out) and not waived
        blocks = [_danger(danger, 1 + min(at, 9), told_once=told_once) for at, danger in enumerate(found)]
        waiver = waiver_words(found)
        tail = f">\n> {waiver[0]} {code(waiver[1])}\n" if waiver else ""
        yield Section(head, blocks, f"{tail}\n")
    if report.unknown_waivers:
        words = ", ".join(code(word) for word in report.unknown_waivers)
        yield Section("", [Block(NEVER, f"Waivers that fit nothing here: {words}.\n\n")])


def _danger(danger: Danger, rank: int, *, told_once: bool) -> Block:
    """Return a danger; ``told_once`` where the ways out come first, each said once instead of with each danger."""
    way = "" if told_once else danger.way()
    text = f"> - 🔴 {escaped(danger.loss())}{prose(way)}\n>   {code(danger.urn)}\n"
    return Block(rank, text, f"> - 🔴 {OP_WORDS.get(danger.op, danger.op)} {code(danger.label)}\n", "dangers")


def _summary(report: Report) -> Iterator[Section]:
    if not report.changes:
        return
    table = "| " + " | ".join(OP_WORDS[op] for op in report.counts) + " |\n"
    table += "|" + "---:|" * len(report.counts) + "\n"
    table += "| " + " | ".join(str(number) for number in report.counts.values()) + " |\n\n"
    told = report.sentences[len(report.dangers) :]
    lines = "".join(f"- {prose(sentence)}\n" for sentence in told)
    yield Section(
        "### What will happen\n\n", [Block(NEVER, lines), Block(15, f"\n{table}", label="the table of counts")]
    )


def _violations(report: Report) -> Iterator[Section]:
    lines = [
        f"- {'🔴' if each.level == 'mandatory' else '🟠'} **{escaped(each.policy)}** ({each.level}): "
        f"{escaped(' '.join(each.message.split()))} {code(each.urn.rpartition('::')[2] or each.urn)}\n"
        for each in report.violations
    ]
    yield _list("### Rules of policy packs that are broken\n\n", lines, 11, "policy violations")


def _rolls(report: Report) -> Iterator[Section]:
    if not report.rolls:
        return
    head = "### Machines to replace\n\nIn this order, by `slipway roll` after the update:\n\n"
    head += "| | group | role | machines | because |\n|---:|---|---|---:|---|\n"
    blocks = [
        Block(
            12,
            f"| {at} | {escaped(roll.group)} | {escaped(roll.role)} | {roll.machines} | "
            f"{escaped('; '.join(roll.reasons))} |\n",
            label="groups to roll",
        )
        for at, roll in enumerate(report.rolls, 1)
    ]
    yield Section(head, blocks, "\n")


def _opening(opening: Opening) -> str:
    mark = "🔴" if opening.alarming else "🔓" if opening.opened else "🔒"
    alarm = " **Open to the whole internet.**" if opening.alarming else ""
    return f"- {mark} {escaped(opening.words())}{alarm}\n"


def _permission(permission: Permission) -> str:
    mark = "🔴" if permission.alarming else "🔓" if permission.added else "🔒"
    if permission.folded:
        return f"- {mark} {escaped(permission.words())}\n"
    may = permission.words().partition(": ")[0]
    return f"- {mark} {escaped(may)}: {code(permission.action)} on {code(permission.target)}\n"


def _object(change: Change) -> str:
    return object_named(change.type, change.name, change.step.state.inputs)


def _cost(report: Report) -> Iterator[Section]:
    cost = report.cost
    if not cost.lines and not cost.not_priced:
        return
    head = (
        f"### Monthly cost: {money(cost.change)}\n\nAt the number of machines that run now, or the least a group may "
        f"have. ${cost.before:,.2f} → ${cost.after:,.2f} of what is priced. {cost.basis.capitalize()}; "
        "traffic, requests, Spot and discounts are not in it.\n\n| | before | after | change |\n|---|---:|---:|---:|\n"
    )
    rows = [
        f"| {escaped(line.what)} | ${line.before:,.2f} | ${line.after:,.2f} | {money(line.change)} |\n"
        for line in cost.lines
    ]
    rows += [f"| {escaped(each)} | | | not priced |\n" for each in cost.not_priced]
    blocks = [Block(35, row, label="lines of the cost table") for row in rows]
    sources = "".join(f"- {escaped(each)}\n" for each in cost.sources)
    blocks.append(
        Block(70, f"\n<details><summary>Sources of the prices</summary>\n\n{sources}\n</details>\n", label="sources")
    )
    yield Section(head, blocks, "\n")


def _cross_zone(report: Report) -> Iterator[Section]:
    crossing = report.cross_zone
    if crossing is not None:
        rows = [f"- {escaped(each.words())}\n" for each in crossing.routings]
        head = f"### Traffic between zones\n\n{escaped(crossing.words())}.\n\n"
        yield Section(head, [Block(36, row, label="Services") for row in rows], "\n")


def _changes(report: Report) -> Iterator[Section]:
    ordered = sorted(by_component(report.changes).items(), key=lambda entry: min(_RANKS[each.op] for each in entry[1]))
    if ordered:
        yield Section("", [Block(NEVER, "### All changes\n\n")])
    for component, unordered in ordered:
        changes = sorted(unordered, key=lambda each: _RANKS[each.op])
        counted = Counter(OP_WORDS[change.op] for change in changes)
        words = ", ".join(f"{number} to {word}" for word, number in counted.items())
        title = escaped(component or "Without a component")
        yield Section(
            f"<details><summary><b>{title}</b>: {words}</summary>\n\n",
            [_change(change) for change in changes],
            "\n</details>\n",
        )


def _change(change: Change) -> Block:
    line = f"- {_OP_MARKS[change.op]} {OP_WORDS[change.op]} {code(change.label)}\n"
    label = f"resources to {OP_WORDS[change.op]}"
    diff = "\n".join(_diff_lines(change))
    if not diff:
        return Block(_RANKS[change.op], line, "", label)
    return Block(_RANKS[change.op], f"{line}\n{fenced(diff, 'diff')}\n", line, label)


def _diff_lines(change: Change) -> Iterator[str]:
    for each in change.differences:
        forces = "   # forces the replacement" if each.replaces and change.op == REPLACE else ""
        if each.lines:
            yield f"@@ {each.path} @@{forces}"
            yield from each.lines
        else:
            yield from _two(each.path, each.old, each.new, forces)


def _two(path: str, old: str, new: str, forces: str) -> Iterable[str]:
    return (f"- {path}: {old}{forces}", f"+ {path}: {new}")


def _messages(report: Report) -> Iterator[Section]:
    kept = [each for each in report.diagnostics if each.severity in ("warning", "info#err")]
    blocks = [Block(65, f"{fenced(each.message)}\n", label="messages") for each in kept]
    summary = count(len(kept), "message")
    yield Section(f"<details><summary>{summary} of the engine</summary>\n\n", blocks, "\n</details>\n")
