"""Reading a spec: from a stack file or from a mapping, with every problem reported together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem, SpecError, show
from infra.spec.judge import judge, position
from infra.spec.monitoring.load import check_monitoring_files, judge_monitoring
from infra.spec.plain import plain_data
from infra.spec.rules import check_environment
from infra.spec.secret_config import Setting, check_secret_config
from infra.spec.stack_file import CONFIG_KEY, config_in
from infra.spec.workloads.load import apps_folder, check_files, judge_workloads

__all__ = ["CONFIG_KEY", "from_mapping", "load", "whole_environment"]

_PROJECT = CONFIG_KEY.partition(":")[0]


def nowhere_else(_key: str) -> bool:
    """Say of each key that the stack file alone sets it."""
    return False


def load(path: Path, name: str, *, set_elsewhere: Callable[[str], bool] = nowhere_else) -> EnvironmentSpec:
    """Read the spec of environment ``name`` from its stack file, and its workloads from ``apps`` beside ``stacks``.

    ``set_elsewhere`` says of a key, as ``password``, whether its secret is set although the file does not have it.

    Raises:
        SpecError: a file cannot be read as YAML, holds no environment or workload, or holds a bad one.
    """
    config = config_in(path)
    settings = settings_in(config, set_elsewhere)
    return whole_environment(config[CONFIG_KEY], name, apps_folder(path), settings, source=str(path))


def settings_in(
    config: Mapping[str, Any], set_elsewhere: Callable[[str], bool] = nowhere_else
) -> Callable[[str], Setting]:
    """Return what says how a key stands in the configuration of a stack file."""

    def setting(key: str) -> Setting:
        value = config.get(f"{_PROJECT}:{key}")
        if value is None and set_elsewhere(key):
            return "secret"
        return "missing" if value is None else "secret" if isinstance(value, Mapping) and "secure" in value else "plain"

    return setting


def whole_environment(
    raw: object, name: str, apps: Path, setting: Callable[[str], Setting], *, source: str
) -> EnvironmentSpec:
    """Return the checked spec of environment ``name`` from plain data, with the workloads of the folder ``apps``.

    Its own rules and dashboards lie in ``monitoring`` beside that folder. ``setting`` says how a key stands in the
    stack's configuration.

    Raises:
        SpecError: naming every problem, those of the stack file first.
    """
    try:
        spec = from_mapping(raw, name, source=source)
    except SpecError as error:
        uses = raw.get("workloads") if isinstance(raw, Mapping) else None
        own = raw.get("monitoring") if isinstance(raw, Mapping) else None
        beside = [*check_files(uses, apps), *check_monitoring_files(own, apps.parent)]
        raise SpecError(source, [*error.problems, *beside]) from None
    declared, problems = judge_workloads(spec, apps)
    declared, found = judge_monitoring(declared, apps.parent)
    problems += found
    problems += [p for p in check_secret_config(declared, setting) if not _among_bad_secrets(p, problems)]
    if problems:
        raise SpecError(source, problems)
    return declared


def _among_bad_secrets(problem: Problem, found: Sequence[Problem]) -> bool:
    """Say whether another secret of the same list is bad in itself: their places in the list may have moved."""
    lists = [(each.file, _up_to_secrets(each.location)) for each in found if "secrets" in each.location]
    return (problem.file, _up_to_secrets(problem.location)) in lists


def _up_to_secrets(location: Location) -> Location:
    return location[: location.index("secrets") + 1] if "secrets" in location else location


def from_mapping(raw: object, name: str, *, source: str = "config") -> EnvironmentSpec:
    """Return the checked spec of environment ``name`` from plain data.

    Structure and cross-field rules are judged in one go.

    Raises:
        SpecError: naming every problem, in the order of the file.
    """
    if raw is None:
        missing = Problem((), f"{CONFIG_KEY} is missing", f"declare the environment under config: {CONFIG_KEY}:")
        raise SpecError(source, [missing])
    if not isinstance(raw, Mapping):
        raise SpecError(source, [Problem((), "is not a mapping", "write keys and values", show(raw))])
    written, problems = plain_data(raw)
    replaced = {problem.location for problem in problems}
    if "name" in written:
        value = show(written.pop("name"))
        problems.append(Problem(("name",), "is the stack's own name and not written here", "remove it", value))
    data = {**written, "name": name}
    spec, found = judge(EnvironmentSpec, data, check_environment, replaced)
    problems += [_of_stack(p) for p in found]
    if problems:
        raise SpecError(source, sorted(problems, key=lambda problem: position(written, problem.location)))
    assert isinstance(spec, EnvironmentSpec)  # noqa: S101 (no problems means that it parsed)
    return spec


def _of_stack(problem: Problem) -> Problem:
    """Say of the environment's name, which no file holds, where it comes from."""
    if problem.location != ("name",):
        return problem
    return Problem((), f"the name of the stack, {problem.value}, {problem.problem}", problem.fix)
