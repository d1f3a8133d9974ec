"""Runs of the engine, made by hand where a recorded one would hide what a test is about."""

from __future__ import annotations

import base64
import json
from typing import Any

from infra.ops.preview.events import Run, read_events
from infra.ops.preview.meaning import Report, interpret
from infra.ops.preview.prices import price_table

REGION = "eu-central-1"
SECRET_VALUE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "W3NlY3JldF0="}
UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

VOLUME = "aws:ebs/volume:Volume"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:autoscaling/group:Group"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:test::slipway::{kind}::{name}"


def step(
    op: str,
    kind: str,
    name: str,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return the event of a step; ``more`` goes to the metadata, and ``state`` to both states."""
    state = {"custom": True, "id": f"id-{name}", "outputs": {}, "parent": "", **more.pop("state", {})}
    metadata = {
        "op": op,
        "urn": urn(kind, name),
        "type": kind,
        "old": None if old is None else {**state, "inputs": old},
        "new": None if new is None else {**state, "inputs": new},
        "detailedDiff": None,
        **more,
    }
    return {"sequence": 1, "resourcePreEvent": {"metadata": metadata}}


def error(message: str, about: str = "") -> dict[str, Any]:
    """Return the event of an error; ``about`` is a URN."""
    return {"sequence": 1, "diagnosticEvent": {"severity": "error", "message": message, "urn": about}}


def component(kind: str, name: str) -> dict[str, Any]:
    return step("same", f"slipway:index:{kind}", name, {}, {}, state={"custom": False})


def group(
    name: str,
    role: str,
    *,
    op: str = "same",
    count: int = 1,
    template: tuple[dict[str, Any], dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """Return the events of an instance group; ``template`` is its launch template's inputs before and after."""
    parent = urn("slipway:index:InstanceGroup", name)
    tags = {"slipway/instance-group": name, "slipway/role": role}
    old, new = template or ({"instanceType": "m7i.large"}, {"instanceType": "m7i.large"})
    scaling = {
        "minSize": count,
        "maxSize": count,
        "tags": [{"key": key, "value": value, "propagateAtLaunch": True} for key, value in tags.items()],
    }
    return [
        component("InstanceGroup", name),
        step(op, TEMPLATE, name, {**old, "tags": tags}, {**new, "tags": tags}, state={"parent": parent}),
        step("same", GROUP, name, scaling, scaling, state={"parent": parent}),
    ]


def run_of(*events: dict[str, Any], result: str = "succeeded") -> Run:
    summary = {"sequence": 9, "summaryEvent": {"resourceChanges": {}, "result": result}}
    return read_events("\n".join(json.dumps(event) for event in (*events, summary)), "test")


def report_of(*events: dict[str, Any], waivers: tuple[str, ...] = (), result: str = "succeeded") -> Report:
    return interpret(
        run_of(*events, result=result), environment="test", region=REGION, prices=price_table(), waivers=waivers
    )


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


PLANE = step("same", SECURITY_GROUP, "control-plane", {"name": "control-plane.test"}, {"name": "control-plane.test"},
             state={"id": "sg-cp"})  # fmt: skip
"""The security group of the control plane, which stays as it is."""
LARGER = ({"instanceType": "m7i.large"}, {"instanceType": "m7i.xlarge"})
"""Two inputs of a launch template, whose machine type differs."""


def replaced(kind: str = VOLUME, name: str = "etcd-a", **state: object) -> list[dict[str, object]]:
    """Return the steps of a replacement that creates first."""
    old, new = {"availabilityZone": "a"}, {"availabilityZone": "b"}
    more = {"keys": ["availabilityZone"], "state": state}
    return [
        step("create-replacement", kind, name, old, new, **more),
        step("replace", kind, name, old, new, **more),
        step("delete-replaced", kind, name, old, None, **more),
    ]
