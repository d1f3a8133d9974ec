"""An add-on as a list of Kubernetes objects, read from ``infra/templates/<folder>/<add-on>/`` and edited as structure.

The files hold what is the same in every environment. What differs is put in by the module of the add-on, on the parsed
objects: no text is substituted in YAML, so a value can neither break the document nor become a key of it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from infra.plan.addons.images import images
from infra.plan.naming import kubernetes_token
from infra.spec import EnvironmentSpec

Body = dict[str, Any]

MANAGED_BY = {"app.kubernetes.io/managed-by": "slipway"}
ADDON_LABEL = "slipway/addon"

SKIP_AWAIT = "pulumi.com/skipAwait"
"""Says that ``up`` does not wait for the object to be ready. Nothing of an add-on is before there are nodes, and nodes
are not before the add-ons are."""

_WORKLOADS = ("DaemonSet", "Deployment", "Job", "StatefulSet")
_WAITED_FOR = (*_WORKLOADS, "PersistentVolumeClaim", "Service")
"""Kinds for whose readiness the Kubernetes provider would wait."""

_LAST = 99
_ORDER = {"Namespace": 0, "CustomResourceDefinition": 1}


@dataclass(frozen=True)
class Later:
    """A value that AWS gives: known when the resource it belongs to has been made, and put in by the component."""

    name: str


@dataclass(frozen=True)
class AddonObject:
    """One Kubernetes object of an add-on."""

    addon: str
    body: Mapping[str, Any]
    """The manifest; a leaf may be a :class:`Later`."""
    protect: bool = False
    """Whether the engine refuses to delete it, since what people would miss goes with it."""
    stage: int = 0
    """It is made after everything of the add-on with a lower number, and deleted before it."""

    @property
    def kind(self) -> str:
        """The object's kind."""
        return str(self.body["kind"])

    @property
    def name(self) -> str:
        """The object's name in the cluster."""
        return str(self.body["metadata"]["name"])

    @property
    def namespace(self) -> str | None:
        """The object's namespace; None for what belongs to the whole cluster."""
        namespace: str | None = self.body["metadata"].get("namespace")
        return namespace

    @property
    def logical_name(self) -> str:
        """``<add-on>/<kind>/<namespace>/<name>``, without the namespace for what has none."""
        return "/".join(part for part in (self.addon, self.kind, self.namespace, self.name) if part)

    @property
    def token(self) -> str:
        """The type token of pulumi-kubernetes: the core group is written out in it."""
        return kubernetes_token(self.body["apiVersion"], self.kind)


@dataclass(frozen=True)
class AddonPlan:
    """One add-on of the cluster."""

    name: str
    objects: tuple[AddonObject, ...]
    """Namespaces first, then definitions of kinds, then the rest in the order of the files."""


class Manifest:
    """A copy of an add-on's objects, to be filled in and made a plan of."""

    def __init__(
        self, addon: str, spec: EnvironmentSpec, *, folder: str = "addons", pinned: Mapping[str, str] | None = None
    ) -> None:
        """Read the add-on's files; ``pinned`` are the images that they name by key, the add-ons' unless given."""
        self._addon = addon
        self._images = images(spec.cluster.kubernetes_version) if pinned is None else pinned
        self._objects = [copy.deepcopy(body) for body in _parsed(folder, addon)]
        self._protected: list[Body] = []

    def get(self, kind: str, name: str) -> Body:
        """Return one object, to be changed in place.

        Raises:
            LookupError: the files hold no such object.
        """
        for body in self._objects:
            if (body["kind"], body["metadata"]["name"]) == (kind, name):
                return body
        raise LookupError(f"add-on {self._addon} has no {kind} {name}")

    def add(self, *bodies: Body) -> None:
        """Append objects that no file holds."""
        self._objects.extend(bodies)

    def protect(self, kind: str, name: str) -> None:
        """Have the engine refuse to delete an object."""
        self._protected.append(self.get(kind, name))

    def drop(self, kind: str, name: str) -> None:
        """Leave an object out."""
        self._objects.remove(self.get(kind, name))

    def pod(self, kind: str, name: str) -> Body:
        """Return the pod template's spec of a workload."""
        spec: Body = self.get(kind, name)["spec"]["template"]["spec"]
        return spec

    def containers(self, kind: str, name: str) -> list[Body]:
        """Return all containers of a workload, those that run before the others too."""
        return _containers(self.pod(kind, name))

    def container(self, kind: str, name: str, container: str) -> Body:
        """Return a container of a workload, an init container too.

        Raises:
            LookupError: the workload has no such container.
        """
        for candidate in self.containers(kind, name):
            if candidate["name"] == container:
                return candidate
        raise LookupError(f"{kind} {name} of add-on {self._addon} has no container {container}")

    def plan(self) -> AddonPlan:
        """Return the add-on's plan: images pinned, objects labelled and in order."""
        for body in self._objects:
            self._finish(body)
        made = (AddonObject(self._addon, body, body in self._protected) for body in in_order(self._objects))
        return AddonPlan(self._addon, tuple(made))

    def _finish(self, body: Body) -> None:
        labels = {**MANAGED_BY, ADDON_LABEL: self._addon}
        metadata = body["metadata"]
        metadata["labels"] = {**metadata.get("labels", {}), **labels}
        if body["kind"] in _WAITED_FOR:
            metadata["annotations"] = {**metadata.get("annotations", {}), SKIP_AWAIT: "true"}
        if body["kind"] in _WORKLOADS:
            for container in _containers(body["spec"]["template"]["spec"]):
                container["image"] = self._images[container["image"]]


def in_order(bodies: Iterable[Body]) -> list[Body]:
    """Return manifests as a server needs them: namespaces, definitions of kinds, the rest in the order they had."""
    return sorted(bodies, key=lambda body: _ORDER.get(body["kind"], _LAST))


def add_arguments(container: Body, arguments: Iterable[str | Later]) -> None:
    """Append arguments to a container's command line."""
    container.setdefault("args", []).extend(arguments)


def set_environment(container: Body, variables: Mapping[str, str | Later]) -> None:
    """Set environment variables of a container.

    Raises:
        ValueError: one is set already; the same name twice would leave which one counts to the order.
    """
    environment = container.setdefault("env", [])
    known = {variable["name"] for variable in environment}
    if twice := known & set(variables):
        raise ValueError(f"{container['name']} has {', '.join(sorted(twice))} already")
    environment.extend({"name": name, "value": value} for name, value in variables.items())


def leaves(value: Any) -> Iterable[Any]:
    """Yield every value of a manifest that is neither a mapping nor a list."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def _containers(pod: Body) -> list[Body]:
    return [*pod.get("initContainers", []), *pod["containers"]]


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, ten times as fast, where PyYAML was built with it; both read the same."""


@cache
def _parsed(folder_name: str, addon: str) -> tuple[Body, ...]:
    folder = files("infra.templates").joinpath(folder_name, addon)
    documents = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return tuple(
        body
        for file in documents
        for body in yaml.load_all(file.read_text(encoding="utf-8"), Loader=_LOADER)
        if body is not None
    )
