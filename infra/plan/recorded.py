"""The environment read back from the records that an update has written (:mod:`infra.plan.records`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml

from infra.spec import EnvironmentSpec
from infra.spec.workloads.workload import WorkloadSpec

_Read = TypeVar("_Read")


def spec_recorded(cluster: str) -> dict[str, Any]:
    """Return the environment in the text of its cluster's record, by the keys of a stack file, groups left out.

    Raises:
        ValueError: it is no such record.
    """
    spec = _whole(lambda: dict(_document(cluster)["spec"]))
    _whole(lambda: spec["cluster"]["kubernetesVersion"])
    return spec


@dataclass(frozen=True)
class Noted:
    """What a member's machine noted when it booted."""

    version: str
    """Of Kubernetes."""
    encryption: str
    """What encrypts Secrets; notes of before there was a choice do not say, and those members know one way."""


def noted(note: str) -> Noted:
    """Return what the text of a member's note says.

    Raises:
        ValueError: it is no such note.
    """
    document = _document(note)
    return Noted(
        _whole(lambda: str(document["kubernetesVersion"])), str(document.get("secretsEncryption", "secretbox"))
    )


def groups_recorded(cluster: str) -> tuple[str, ...]:
    """Return the identities of the groups that the text of a cluster's record says were declared.

    Raises:
        ValueError: it is no record of this version of Slipway, or not whole.
    """
    return tuple(_whole(lambda: _document(cluster)["declared"]["instanceGroups"]))


def environment_recorded(cluster: str, groups: Iterable[str]) -> EnvironmentSpec:
    """Return the environment as the texts of its cluster's record and of its declared groups' have it.

    Its workloads are as that update declared them. Rules between values are not judged anew: they were when it was
    written. Its own rules and dashboards of monitoring are no part of a record.

    Raises:
        ValueError: a record is none of this version of Slipway, or not whole.
    """
    record, texts = _document(cluster), [_document(text) for text in groups]
    spec = _whole(lambda: {**record["spec"], "name": record["spec"]["environment"]})
    del spec["environment"]
    spec["instanceGroups"] = _whole(lambda: [{"name": each["metadata"]["name"], **each["spec"]} for each in texts])
    declared = _whole(lambda: [json.dumps(each) for each in record["declared"]["workloads"]])
    workloads = tuple(WorkloadSpec.model_validate_json(each) for each in declared)
    return EnvironmentSpec.model_validate_json(json.dumps(spec)).with_declared(workloads)


def _whole(read: Callable[[], _Read]) -> _Read:
    try:
        return read()
    except KeyError as error:
        raise ValueError(f"it has no {error}") from None
    except TypeError as error:
        raise ValueError(f"a value in it is of another kind: {error}") from None


def _document(text: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    if not isinstance(document, dict):
        raise ValueError("it holds no keys and values")  # noqa: TRY004 (of a text, not of an argument's type)
    return document
