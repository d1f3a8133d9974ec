"""Rules of a file of Prometheus's rules that no single field can judge: names, and expressions that it can evaluate."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.errors import Location, Problem
from infra.spec.monitoring.rule_file import RuleFileSpec, RuleSpec


def check_rule_file(file: RuleFileSpec) -> list[Problem]:
    """Return all problems of a structurally sound file of rules."""
    return [*_check_groups(file)]


def _check_groups(file: RuleFileSpec) -> Iterator[Problem]:
    names = [group.name for group in file.groups]
    for index, group in enumerate(file.groups):
        if group.name in names[:index]:
            yield Problem(("groups", index, "name"), "is declared twice in the file", "rename one", repr(group.name))
        for position, rule in enumerate(group.rules):
            at: Location = ("groups", index, "rules", position)
            yield from _check_kind(at, rule)
            yield from _check_expression(at, rule)


def _check_kind(at: Location, rule: RuleSpec) -> Iterator[Problem]:
    if (rule.alert is None) == (rule.record is None):
        problem = "says neither alert nor record" if rule.alert is None else "says alert and record"
        yield Problem(at, problem, "write one of them", None)
    if rule.record is None:
        return
    for key, value in (("for", rule.for_), ("keep_firing_for", rule.keep_firing_for)):
        if value is not None:
            yield Problem((*at, key), "is of alerts, and this rule records", "remove it", repr(value))
    if rule.annotations:
        yield Problem((*at, "annotations"), "are of alerts, and this rule records", "remove them", None)


def _check_expression(at: Location, rule: RuleSpec) -> Iterator[Problem]:
    # Most environments have no rules of their own, and importing it takes a moment.
    import promql_parser

    where: Location = (*at, "expr")
    try:
        parsed = promql_parser.parse(rule.expr)
    except ValueError as error:
        words = " ".join(str(error).split())
        yield Problem(where, f"is no PromQL that Prometheus takes: {words}", "correct it", repr(rule.expr))
        return
    several = (promql_parser.MatrixSelector, promql_parser.SubqueryExpr)
    if isinstance(parsed, (*several, promql_parser.StringLiteral)):
        what = "a range of values for each series" if isinstance(parsed, several) else "a text"
        fix = "use a function that makes one value of it, as rate(...)" if isinstance(parsed, several) else "correct it"
        yield Problem(where, f"is {what}, and a rule has one number for each", fix, repr(rule.expr))
