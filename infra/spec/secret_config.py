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
    found = [
        *((problem, None) for at, key in _of_stack(spec) for problem in _judge(spec, at, key, setting)),
        *(
            (problem, workload.name)
            for workload in spec.declared_workloads
            for index, secret in enumerate(workload.secrets)
            if secret.config is not None
            for problem in _judge(spec, ("secrets", index, "config"), secret.config, setting)
        ),
    ]
    return [problem if name is None else place_in_files(problem, spec, name) for problem, name in found]


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
