"""A whole environment to be validated: its account, its API server, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from infra.ops.kube import ClusterUnreachableError, Proxy
from infra.ops.validate.run import Report, Validation
from infra.plan.node.registration import GROUP_LABEL
from infra.spec import EnvironmentSpec
from infra.spec.workloads.workload import WorkloadSpec
from tests.infra.ops.roll.simulation import FakeClock
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec

SERVER = "https://127.0.0.1:1"
READY = "[+]ping ok\n[+]etcd ok\n[+]etcd-readiness ok\n"
PLANES = ("control-plane-a", "control-plane-b", "control-plane-c")
COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")


def environment() -> EnvironmentSpec:
    one = {"role": "ControlPlane", "minSize": 1, "maxSize": 1}
    planes = [group_mapping(name, zones=[f"eu-central-1{name[-1]}"], **one) for name in PLANES]
    others = [group_mapping("nodes"), group_mapping("batch"), group_mapping("edge", role="Edge")]
    network = {**ENVIRONMENT["network"], "zones": [f"eu-central-1{zone}" for zone in "abc"]}
    return sample_spec(network=network, instanceGroups=[*planes, *others])


class Account:
    """An AWS account in which each group has one machine, ``i-<group>``."""

    def __init__(self, **targets: str) -> None:
        self.targets = targets
        """Health of each plane's target; without any, the API has no load balancer."""
        self.machines = dict.fromkeys((*PLANES, "nodes", "batch", "edge"), 1)
        self.backups: list[datetime] = [FakeClock().now()]

    def client(self, _: str) -> Any:
        return self

    def describe_auto_scaling_groups(self, AutoScalingGroupNames: list[str]) -> dict[str, Any]:  # noqa: N803
        (full,) = AutoScalingGroupNames
        name = full.partition(".")[0]
        template = {"LaunchTemplateId": "lt-1", "Version": "1"}
        machine = {"InstanceId": f"i-{name}", "AvailabilityZone": "a", "LifecycleState": "InService"}
        described = {
            "DesiredCapacity": 1, "MinSize": 1, "MaxSize": 1, "LaunchTemplate": template,
            "Instances": [{**machine, "LaunchTemplate": template}] * self.machines[name],
            "TargetGroupARNs": ["arn:x:targetgroup/api/1"] if name in PLANES and self.targets else [],
        }  # fmt: skip
        return {"AutoScalingGroups": [described]}

    def describe_target_health(self, **_: str) -> dict[str, Any]:
        found = [{"Target": {"Id": name}, "TargetHealth": {"State": state}} for name, state in self.targets.items()]
        return {"TargetHealthDescriptions": found}

    def get_paginator(self, name: str) -> Any:
        pages: dict[str, dict[str, Any]] = {
            "describe_instances": {"Reservations": []},
            "list_objects_v2": {"Contents": []},
        }
        folder = "test.example.com/backups/etcd/"
        contents = [
            {"Key": f"{folder}{time:%Y%m%dT%H%M%SZ}-a.{ending}", "LastModified": time, "Size": 1}
            for time in self.backups
            for ending in ("db", "json")
        ]
        return Pages(pages[name], contents)


class Pages:
    def __init__(self, page: dict[str, Any], backups: list[dict[str, Any]]) -> None:
        self.page, self.backups = page, backups

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        return [{"Contents": self.backups}] if asked.get("Prefix", "").endswith("/etcd/") else [self.page]


class Cluster:
    """An API server with a node for each machine, and the control plane's pods."""

    server = SERVER
    proxy: Proxy | None = None

    def __init__(self, status: int = 200, text: str = READY, fails: str = "") -> None:
        self.status, self.text, self.fails = status, text, fails
        self.nodes = [node(name) for name in (*PLANES, "nodes", "batch", "edge")]
        self.pods = [pod(f"{part}-{plane}", plane, component=part) for plane in PLANES for part in COMPONENTS]
        self.budgets: list[dict[str, Any]] = []
        self.asked = 0

    def raw(self, *_: Any, **__: Any) -> tuple[int, str]:
        self.asked += 1
        if self.fails:
            raise ClusterUnreachableError("cannot GET /readyz", self.fails, "check the API server and the way to it")
        return self.status, self.text

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        self.asked += 1
        if path == "/api/v1/nodes":
            return self.nodes
        if path.startswith("/apis/policy/"):
            return self.budgets
        if "/namespaces/web/" in path:
            return []
        wanted = query.get("labelSelector", "")
        return [
            each for each in self.pods if not wanted or each["metadata"]["labels"].get("component", "other") in wanted
        ]


def node(name: str, *, ready: bool = True) -> dict[str, Any]:
    return {
        "metadata": {"name": f"n-{name}", "labels": {GROUP_LABEL: name}, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"providerID": f"aws:///a/i-{name}"},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}], "nodeInfo": {"kubeletVersion": "v1.37.2"}},
    }


def pod(name: str, on: str, *, ready: bool = True, component: str = "") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "kube-system", "labels": {"component": component} if component else {}},
        "spec": {"nodeName": f"n-{on}", "priorityClassName": "system-node-critical"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def look(
    cluster: Cluster,
    account: Account | None = None,
    *groups: str,
    spec: EnvironmentSpec | None = None,
    workloads: Sequence[WorkloadSpec] = (),
) -> Report:
    spec = spec or environment()
    made: Any = account or Account()
    kube: Any = cluster
    chosen = [group for group in spec.instance_groups if group.name in groups]
    return Validation(spec, made, kube, FakeClock()).report(chosen, workloads)


def said(report: Report) -> list[tuple[str, str, str]]:
    return [(each.check, each.severity, f"{each.subject}: {each.problem}") for each in report.findings]


def without_certificate(found: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [each for each in found if each[0] != "certificates"]
