"""The stack's secret configuration: each key that is named has to be set, and set as a secret.

The program finds a missing one too, but in the middle of what it declares, when other resources are on their way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.workloads.load import place_in_files

Setting = Literal["missing", "plain", "secret"]


def check_secret_config(spec: EnvironmentSpec, setting: Callable[[str], Setting]) -> list[Problem]:
    """Return a problem for each key that is named and that ``setting`` does not call a secret."""
    found = [(problem, name) for at, key, name in _named(spec) for problem in _judge(spec, at, key, setting)]
    return [problem if name is None else place_in_files(problem, spec, name) for problem, name in found]


def named_settings(spec: EnvironmentSpec) -> set[str]:
    """Return the keys of the stack's configuration that an environment names, without the project's name."""
    return {key for _, key, _ in _named(spec)}


def _named(spec: EnvironmentSpec) -> Iterator[tuple[Location, str, str | None]]:
    """Give where a key is named, the key, and the workload whose file names it."""
    yield from ((at, key, None) for at, key in _of_stack(spec))
    for workload in spec.declared_workloads:
        for index, secret in enumerate(workload.secrets):
            if secret.config is not None:
                yield ("secrets", index, "config"), secret.config, workload.name


def _of_stack(spec: EnvironmentSpec) -> Iterator[tuple[Location, str]]:
    store, alerting = spec.logging.elasticsearch, spec.monitoring.alerting
    if store is not None:
        yield ("logging", "elasticsearch", "secret"), store.secret
    if alerting.secret is not None:
        yield ("monitoring", "alerting", "secret"), alerting.secret


def _judge(spec: EnvironmentSpec, at: Location, key: str, setting: Callable[[str], Setting]) -> Iterator[Problem]:
    command = f"pulumi config set --secret slipway:{key} --stack {spec.name}"
    match setting(key):
        case "missing":
            yield Problem(at, "is not in the stack's configuration", f"run {command}", repr(key))
        case "plain":
            problem = "stands unencrypted in the stack's configuration"
            yield Problem(at, problem, f"give it another value by {command}: this one is in the repository", repr(key))
        case "secret":
            return
