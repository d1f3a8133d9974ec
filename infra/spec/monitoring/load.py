"""Reading what ``monitoring.rules`` and ``monitoring.grafana.dashboards`` name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from infra.spec.environment import EnvironmentSpec, OwnMonitoring
from infra.spec.errors import Location, Problem, SpecError
from infra.spec.judge import judge, position
from infra.spec.monitoring.dashboard import check_dashboard, dashboard_of
from infra.spec.monitoring.rule_file import RuleFileSpec
from infra.spec.monitoring.rules import check_rule_file
from infra.spec.plain import plain_data
from infra.spec.side_file import read_text, yaml_mapping

FOLDER = "monitoring"
"""Folder of the files, beside ``stacks``."""

_Judge = Callable[[str, str], list[Problem]]


def judge_monitoring(spec: EnvironmentSpec, beside: Path) -> tuple[EnvironmentSpec, list[Problem]]:
    """Return the environment with its own rules and dashboards read, and every problem of theirs.

    ``beside`` is the folder that ``monitoring`` lies in. It is as declared only where there are no problems.
    """
    rules, problems = _read(spec.monitoring.rules, beside, "rules", ".yaml", judge_rules)
    dashboards, found = _read(spec.monitoring.grafana.dashboards, beside, "dashboards", ".json", judge_dashboard)
    whole = spec.with_own_monitoring(OwnMonitoring(rules, dashboards))
    return whole, [*problems, *found, *_check_uids(dashboards)]


def check_monitoring_files(written: object, beside: Path) -> list[Problem]:
    """Return what is wrong with the files by themselves, where the environment cannot be used.

    ``written`` is what stands under ``monitoring`` in the stack file; what is wrong with the names has been said.
    """
    if not isinstance(written, Mapping):
        return []
    grafana = written.get("grafana")
    rules, dashboards = written.get("rules"), grafana.get("dashboards") if isinstance(grafana, Mapping) else None
    return [
        *_read(_names(rules), beside, "rules", ".yaml", judge_rules)[1],
        *_read(_names(dashboards), beside, "dashboards", ".json", judge_dashboard)[1],
    ]


def _names(written: object) -> list[str]:
    """Return the names among a list that may hold anything: such as are no way out of the folder."""
    found = written if isinstance(written, list) else []
    return [each for each in found if isinstance(each, str) and re.fullmatch("[a-z0-9-]+", each)]


def judge_rules(text: str, file: str) -> list[Problem]:
    """Return what is wrong with a file of rules.

    Raises:
        SpecError: it is not YAML, or no mapping.
    """
    data, problems = plain_data(yaml_mapping(text, file, "groups: [...]"))
    replaced = {problem.location for problem in problems}
    _, found = judge(RuleFileSpec, data, check_rule_file, replaced)
    return sorted([*problems, *found], key=lambda problem: position(data, problem.location))


def judge_dashboard(text: str, file: str) -> list[Problem]:
    """Return what is wrong with a file of a dashboard.

    Raises:
        SpecError: it is not JSON, or no object.
    """
    return [*check_dashboard(dashboard_of(text, file))]


def _read(
    names: Iterable[str], beside: Path, kind: str, ending: str, judged: _Judge
) -> tuple[dict[str, str], list[Problem]]:
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for name in names:
        file = f"{FOLDER}/{kind}/{name}{ending}"
        try:
            text = read_text(beside / file, file)
            found: Sequence[Problem] = judged(text, file)
        except SpecError as error:
            problems += error.problems
            continue
        problems += [dataclasses.replace(problem, file=file) for problem in found]
        texts[name] = text
    return texts, problems


def _check_uids(dashboards: Mapping[str, str]) -> list[Problem]:
    """Return the dashboards whose ``uid`` another has: Grafana would show one of them."""
    owners: dict[object, str] = {}
    problems = []
    for name, text in dashboards.items():
        file = f"{FOLDER}/dashboards/{name}.json"
        uid = dashboard_of(text, file).get("uid")
        if uid in owners:
            at: Location = ("uid",)
            problems.append(Problem(at, f"is that of {owners[uid]}", "write another", repr(uid), (), file))
        owners.setdefault(uid, file)
    return problems
