"""The whole program under mocks: what it registers for an environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def declared(spec: EnvironmentSpec, running: str | None = None) -> Recorder:
    """Return what the program registers for an environment whose cluster runs a version, if it runs.

    It is run once for equal environments: a run takes seconds, and nobody changes what it has recorded.
    """
    key = f"{spec.name} {running} {spec.model_dump_json()}"
    if key not in _DECLARED:
        _DECLARED[key] = _declared(spec, running)
    return _DECLARED[key]


_DECLARED: dict[str, Recorder] = {}


def _declared(spec: EnvironmentSpec, running: str | None) -> Recorder:
    calls = {
        "aws:ec2/getAmi:getAmi": image_of,
        "aws:s3/getObjects:getObjects": lambda given: {**given, "keys": [given["prefix"]] if running else []},
        "aws:s3/getObject:getObject": lambda given: {
            **given,
            "body": f"spec: {{cluster: {{kubernetesVersion: {running}}}}}",
        },
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
