"""The whole program under mocks: what it registers for an environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from infra.plan.state_layout import config_key, running_key
from infra.spec import EnvironmentSpec
from infra.testing.environment import registered
from infra.testing.recorder import Recorder

ROOT = Path(__file__).resolve().parents[2]


def declared(
    spec: EnvironmentSpec,
    recorded: str | None = None,
    *,
    network: Mapping[str, Any] = MappingProxyType({}),
    edge: Mapping[str, Any] = MappingProxyType({}),
    **noted: str | Mapping[str, str],
) -> Recorder:
    """Return what the program registers for an environment of which a version was recorded, if it was made before.

    ``noted`` is member -> the version that it has noted, or the whole note; underscores stand for hyphens. ``network``
    are further keys of the cluster in its record, ``edge`` those of its edge.

    It is run once for equal environments: a run takes seconds, and nobody changes what it has recorded.
    """
    cluster = {"kubernetesVersion": recorded, **network}
    record = {"cluster": cluster, "edge": dict(edge) or None} if recorded is not None else None
    key = f"{spec.name} {record} {noted} {spec.model_dump_json()}"
    if key not in _DECLARED:
        _DECLARED[key] = _declared(spec, record, noted)
    return _DECLARED[key]


_DECLARED: dict[str, Recorder] = {}


def _declared(spec: EnvironmentSpec, record: Mapping[str, Any] | None, noted: Mapping[str, Any]) -> Recorder:
    objects = {} if record is None else {config_key(spec): json.dumps({"spec": record})}
    for member, said in noted.items():
        note = {"kubernetesVersion": said} if isinstance(said, str) else dict(said)
        objects[running_key(spec, member.replace("_", "-"))] = json.dumps(note)
    return registered(spec, objects)


def stack_files() -> list[Path]:
    """Return the committed stack files."""
    return sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))


def names_of(recorder: Recorder) -> list[str]:
    """Return the type path and name of each resource: what its URN is made of, project and stack aside."""
    return sorted(urn.split("::", 2)[2] for urn in recorder.urns.values())
