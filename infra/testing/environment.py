"""An environment as the program would declare it, read from its stack file."""

from __future__ import annotations

import copy
import difflib
import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi.runtime.config import set_all_config

from infra.program import declare
from infra.spec import CONFIG_KEY, EnvironmentSpec
from infra.spec.load import settings_in, whole_environment
from infra.spec.secret_config import named_settings
from infra.spec.stack_file import config_in
from infra.spec.workloads.load import apps_folder
from infra.testing.account import OUTPUTS, answers
from infra.testing.recorder import Recorder, record
from infra.testing.resource import Resource, resource_of

Key = tuple[str, str]
"""Type token and logical name of a resource."""

Edit = Callable[[dict[str, Any]], object]
"""Changes the mapping of ``slipway:environment`` in place."""

_IN_CLUSTER = "kubernetes:"


@dataclass(frozen=True)
class Environment:
    """What the program registers for one environment."""

    spec: EnvironmentSpec
    """What the stack file declares, defaults filled in."""
    resources: Mapping[Key, Resource]

    def of(self, token: str) -> list[Resource]:
        """Return the resources of a type, in the order of their names.

        Raises:
            LookupError: there is none, and a loop over them would assert nothing; it names the nearest type.
        """
        found = [self.resources[key] for key in sorted(self.resources) if key[0] == token]
        if not found:
            known = sorted({each for each, _ in self.resources})
            raise LookupError(f"{self.spec.name} has no resource of type {token!r}{_nearest(token, known)}")
        return found

    def get(self, token: str, name: str) -> Resource:
        """Return one resource by type token and logical name.

        Raises:
            LookupError: there is none; it names the nearest of the type.
        """
        if (token, name) not in self.resources:
            known = [each.name for each in self.of(token)]
            raise LookupError(f"{self.spec.name} has no {token} {name!r}{_nearest(name, known)}")
        return self.resources[token, name]

    def manifest(self, kind: str, name: str, namespace: str | None = None) -> Mapping[str, Any]:
        """Return an object in the cluster as it would be applied: ``apiVersion``, ``kind``, ``metadata``, ``spec``...

        ``namespace`` is None of what lies in none. An object whose name the provider makes up, as that of a workload's
        Secret, has none here: :meth:`get` it by its resource's name.

        Raises:
            LookupError: there is none; it names the nearest.
        """
        known = {_place(each): each for each in self.manifests() if "name" in each["metadata"]}
        wanted = (kind, namespace, name)
        if wanted not in known:
            near = _nearest(_words(wanted), [_words(place) for place in known])
            raise LookupError(f"{self.spec.name} has no {_words(wanted)}{near}")
        return known[wanted]

    def manifests(self, kind: str | None = None) -> list[Mapping[str, Any]]:
        """Return the objects in the cluster, those of one kind or all, in the order of their resources' names."""
        found = [self.resources[key].inputs for key in sorted(self.resources) if key[0].startswith(_IN_CLUSTER)]
        return [each for each in found if "kind" in each and kind in {None, each["kind"]}]


def environments(project: Path = Path()) -> list[str]:
    """Return the names of the environments in ``stacks`` of a project's folder, in order."""
    return sorted(path.stem.removeprefix("Pulumi.") for path in (project / "stacks").glob("Pulumi.*.yaml"))


def environment(name: str, *, project: Path = Path(), edit: Edit | None = None) -> Environment:
    """Return what the program registers for an environment that was never made, as its stack file declares it.

    ``project`` is the folder that holds ``stacks`` and ``apps``. ``edit`` is given the mapping of
    ``slipway:environment``, and changes it before it is read: what would this change do? Secrets of the configuration
    are stood in for, so no passphrase is needed. It takes a second or two, and is done once for equal environments.

    Raises:
        SpecError: the file, or what ``edit`` made of it, declares no valid environment. It names every problem.
    """
    path = project / "stacks" / f"Pulumi.{name}.yaml"
    config = config_in(path)
    declared = copy.deepcopy(config[CONFIG_KEY])
    # What is no mapping is refused below, in the words of its file.
    if edit is not None and isinstance(declared, dict):
        edit(declared)
    spec = whole_environment(declared, name, apps_folder(path), settings_in(config), source=str(path))
    known = spec.model_dump_json()
    if known not in _REGISTERED:
        recorder = registered(spec)
        resources = {
            key: resource_of(recorder.urns[key], recorder.requests[key], inputs)
            for key, inputs in recorder.resources.items()
        }
        _REGISTERED[known] = Environment(spec, resources)
    return _REGISTERED[known]


_REGISTERED: dict[str, Environment] = {}


def registered(spec: EnvironmentSpec, objects: Mapping[str, str] | None = None) -> Recorder:
    """Return what the program registers, as it goes over the wire; ``objects`` are what the state bucket holds."""

    def run() -> Recorder:
        _stand_in_for_secrets(spec)
        recorder = Recorder(outputs=OUTPUTS, calls=answers(spec, objects))
        return record(lambda: declare(spec), recorder, stack=spec.name)

    with _no_search_for_garbage():
        # In a context of its own, so that the caller's configuration and mocks are as they were.
        return copy_context().run(run)


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Look for garbage later: among the SDKs' objects, all of which stay, it takes most of a run's time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _stand_in_for_secrets(spec: EnvironmentSpec) -> None:
    """Have each secret that the environment names in the stack's configuration, as a text that tells its key."""
    project = CONFIG_KEY.partition(":")[0]
    named = {f"{project}:{key}": f"the secret {key}" for key in named_settings(spec)}
    set_all_config(named, list(named))


def _place(manifest: Mapping[str, Any]) -> tuple[str, str | None, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace"), metadata["name"]


def _words(place: tuple[str, str | None, str]) -> str:
    kind, namespace, name = place
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _nearest(wanted: str, known: list[str]) -> str:
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=0)
    return f"; the nearest is {near[0]!r}" if near else ""
