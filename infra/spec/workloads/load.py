"""Reading the workloads of an environment: their files, with the environment's overrides laid over them."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem, SpecError, show
from infra.spec.judge import judge, position
from infra.spec.plain import plain_data
from infra.spec.side_file import read_text, yaml_mapping
from infra.spec.workloads.backend_port_rules import check_backend_ports, check_names_of_pods
from infra.spec.workloads.edge_port_rules import check_edge_ports
from infra.spec.workloads.environment_rules import check_declared, check_links
from infra.spec.workloads.exposed import check_exposed
from infra.spec.workloads.node_rules import check_node_ports
from infra.spec.workloads.order_rules import check_order
from infra.spec.workloads.quota_rules import check_quotas
from infra.spec.workloads.rules import check_workload
from infra.spec.workloads.workload import WorkloadSpec, WorkloadUse

APPS = "apps"
"""Folder of the workloads' files, beside ``stacks``."""


def apps_folder(stack_file: Path) -> Path:
    """Return where the workloads of an environment are: in ``apps``, beside the folder of its stack file."""
    return stack_file.resolve().parent.parent / APPS


def judge_workloads(spec: EnvironmentSpec, folder: Path) -> tuple[EnvironmentSpec, list[Problem]]:
    """Return the environment with its workloads read from ``folder``, and every problem of theirs.

    It is as declared only where there are no problems.
    """

    files = frozenset(path.stem for path in folder.glob("*.yaml"))

    def rules(workload: WorkloadSpec) -> list[Problem]:
        return [*check_workload(workload), *check_declared(spec, workload, files)]

    problems: list[Problem] = []
    declared: list[WorkloadSpec] = []
    sound: list[WorkloadSpec] = []
    reached: list[WorkloadSpec] = []
    for index, use in enumerate(spec.workloads):
        workload, found = _workload(index, use, folder, rules)
        problems += found
        if workload is not None:
            declared.append(workload)
            sound += [] if found else [workload]
            reached += [] if any("expose" in each.location[:-1] for each in found) else [workload]
    problems += [place_in_files(problem, spec, workload.name) for workload, problem in check_links(declared, spec)]
    problems += [place_in_files(problem, spec, workload.name) for workload, problem in check_order(declared)]
    whole = spec.with_declared(tuple(declared))
    problems += [
        problem if workload is None else place_in_files(problem, spec, workload.name)
        for workload, problem in check_node_ports(whole)
    ]
    right = spec.with_declared(tuple(sound))
    asked = spec.with_declared(tuple(reached))
    problems += [*check_quotas(whole), *check_edge_ports(right), *check_exposed(asked), *check_backend_ports(right)]
    return whole, [*problems, *check_names_of_pods(whole)]


def check_files(uses: object, folder: Path) -> list[Problem]:
    """Return what is wrong with the workloads' files by themselves, where the environment cannot be used.

    ``uses`` is what stands under ``workloads`` in the stack file; entries that are wrong are left out, since what is
    wrong with them has been said. What a workload needs of the environment is not judged.
    """
    plain, unreadable = plain_data({"workloads": uses})
    entries = plain["workloads"] if isinstance(plain["workloads"], list) else []
    problems = []
    for index, written in enumerate(entries):
        if not isinstance(written, Mapping) or any(each.location[:2] == ("workloads", index) for each in unreadable):
            continue
        use, wrong = judge(WorkloadUse, written, lambda _: [])
        if use is not None and not wrong:
            problems += _workload(index, use, folder, check_workload)[1]
    return problems


def _workload(
    index: int, use: WorkloadUse, folder: Path, rules: Callable[[WorkloadSpec], Sequence[Problem]]
) -> tuple[WorkloadSpec | None, list[Problem]]:
    file = f"{APPS}/{use.name}.yaml"
    try:
        written = yaml_mapping(read_text(folder / f"{use.name}.yaml", file), file, "image: ...")
    except SpecError as error:
        return None, list(error.problems)
    base, problems = plain_data(written)
    replaced = {problem.location for problem in problems}
    for key, where in (("name", "is the file's own name"), ("namespace", "is chosen by the stack file")):
        if key in base:
            problems.append(Problem((key,), f"{where} and not written here", "remove it", show(base.pop(key))))
    data = {**_merged(base, use.overrides), "name": use.name, "namespace": use.namespace}
    workload, found = judge(WorkloadSpec, data, rules, replaced)
    problems = sorted([*problems, *found], key=lambda problem: position(data, problem.location))
    return workload, [_placed(problem, index, use, file) for problem in problems]


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(dict(base))
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def _placed(problem: Problem, index: int, use: WorkloadUse, file: str) -> Problem:
    """Say where the value at fault was written: among the stack file's overrides or in the workload's file."""
    if _overridden(use.overrides, problem.location):
        return dataclasses.replace(problem, location=("workloads", index, "overrides", *problem.location))
    return dataclasses.replace(problem, file=file)


def place_in_files(problem: Problem, spec: EnvironmentSpec, name: str) -> Problem:
    """Return a problem of the declared workload ``name`` with the file and path where its value was written."""
    index, use = next((i, use) for i, use in enumerate(spec.workloads) if use.name == name)
    return _placed(problem, index, use, f"{APPS}/{name}.yaml")


def _overridden(overrides: Mapping[str, Any], location: Location) -> bool:
    value: Any = overrides
    for part in location:
        if not isinstance(value, Mapping):
            return True
        if part not in value:
            return False
        value = value[part]
    return bool(location)
