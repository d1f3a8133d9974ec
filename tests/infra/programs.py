"""The whole program under mocks: what it registers for an environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.plan.state_layout import config_key, running_key
from infra.program import declare
from infra.spec import EnvironmentSpec
from tests.infra.mocks import CLUSTER_OUTPUTS, Recorder, record

ROOT = Path(__file__).resolve().parents[2]

ARM_IMAGE = "ami-0123456789abcdef1"
"""ID of the one image that is of arm64; every other is of amd64."""


def image_of(arguments: Any) -> dict[str, Any]:
    """Answer a look-up of an image as AWS would: of the architecture that its name or ID tells."""
    filters = {each["name"]: each["values"][0] for each in arguments["filters"]}
    is_arm = "arm64" in filters["name"] if "name" in filters else filters["image-id"] == ARM_IMAGE
    architecture = "arm64" if is_arm else "x86_64"
    return {"id": f"ami-{architecture}", "imageId": "ami", "rootDeviceName": "/dev/xvda", "architecture": architecture}


def declared(spec: EnvironmentSpec, recorded: str | None = None, **noted: str) -> Recorder:
    """Return what the program registers for an environment of which a version was recorded, if it was made before.

    ``noted`` is member -> the version that it has noted; underscores stand for hyphens.

    It is run once for equal environments: a run takes seconds, and nobody changes what it has recorded.
    """
    key = f"{spec.name} {recorded} {noted} {spec.model_dump_json()}"
    if key not in _DECLARED:
        _DECLARED[key] = _declared(spec, recorded, noted)
    return _DECLARED[key]


_DECLARED: dict[str, Recorder] = {}


def _declared(spec: EnvironmentSpec, recorded: str | None, noted: Mapping[str, str]) -> Recorder:
    objects = {} if recorded is None else {config_key(spec): f"spec: {{cluster: {{kubernetesVersion: {recorded}}}}}"}
    for member, version in noted.items():
        objects[running_key(spec, member.replace("_", "-"))] = json.dumps({"kubernetesVersion": version})
    calls = {
        "aws:ec2/getAmi:getAmi": image_of,
        "aws:s3/getObjects:getObjects": lambda given: {
            **given,
            "keys": [key for key in objects if key.startswith(given["prefix"])],
        },
        "aws:s3/getObject:getObject": lambda given: {**given, "body": objects[given["key"]]},
        "aws:kms/getAlias:getAlias": lambda _: {"targetKeyId": "00000000-0000-4000-8000-000000000000"},
    }
    return record(lambda: declare(spec), Recorder(outputs=CLUSTER_OUTPUTS, calls=calls))


def stack_files() -> list[Path]:
    """Return the committed stack files."""
    return sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))


def names_of(recorder: Recorder) -> list[str]:
    """Return the type path and name of each resource: what its URN is made of, project and stack aside."""
    found = []
    for (token, name), request in recorder.requests.items():
        parent = request.parent.split("::")[2] if request.parent else ""
        path = f"{parent}${token}" if parent and parent != "pulumi:pulumi:Stack" else token
        found.append(f"{path}::{name}")
    return sorted(found)
