"""A report is made whatever part of a resource is known only during the update."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.ops.preview.render_markdown import render_markdown
from infra.ops.preview.render_text import render_text
from tests.infra.ops.preview.made import GROUP, TEMPLATE, UNKNOWN_VALUE, group, report_of, step

METADATA = {"name": "db", "namespace": "web"}
POD = {"metadata": {"labels": {"app": "db"}}, "spec": {"nodeSelector": {"a": "b"}, "containers": [{"name": "db"}]}}
CLAIM = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
DISK = {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 20, "volumeType": "gp3"}}
BACKEND = {"name": "db", "port": 80}

SAMPLES: dict[str, dict[str, Any]] = {
    "kubernetes:apps/v1:StatefulSet": {
        "metadata": METADATA,
        "spec": {"replicas": 2, "template": POD, "volumeClaimTemplates": [CLAIM]},
    },
    "kubernetes:apps/v1:Deployment": {"metadata": METADATA, "spec": {"replicas": 2, "template": POD}},
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": {
        "metadata": {"name": "b"},
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "User", "name": "ada"}],
    },
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": {
        "metadata": METADATA,
        "spec": {"minReplicas": 2, "maxReplicas": 4, "scaleTargetRef": {"kind": "Deployment", "name": "db"}},
    },
    "kubernetes:core/v1:Service": {
        "metadata": METADATA,
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}], "loadBalancerSourceRanges": ["0.0.0.0/0"]},
    },
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute": {
        "metadata": METADATA,
        "spec": {
            "hostnames": ["a.example.com"],
            "rules": [{"matches": [{"path": {"value": "/a"}}], "filters": [{"type": "x"}], "backendRefs": [BACKEND]}],
        },
    },
    "kubernetes:gateway.networking.k8s.io/v1:Gateway": {
        "metadata": METADATA,
        "spec": {"listeners": [{"hostname": "a.example.com", "tls": {"certificateRefs": [{"name": "a"}]}}]},
    },
    "kubernetes:cert-manager.io/v1:Certificate": {
        "metadata": METADATA,
        "spec": {"secretName": "a", "dnsNames": ["a.example.com"]},
    },
    "aws:ec2/securityGroup:SecurityGroup": {
        "name": "g",
        "ingress": [{"protocol": "tcp", "fromPort": 1, "toPort": 1, "cidrBlocks": ["::/0"], "securityGroups": ["sg"]}],
    },
    "aws:ec2/securityGroupRule:SecurityGroupRule": {
        "type": "ingress",
        "protocol": "tcp",
        "fromPort": 1,
        "toPort": 1,
        "ipv6CidrBlocks": ["::/0"],
        "prefixListIds": ["pl-1"],
    },
    "aws:iam/role:Role": {"name": "r", "permissionsBoundary": "arn:b", "assumeRolePolicy": "{}"},
}

LETTERS = re.compile(r"(\b\w\b(, | and )){4}")
"""A text that was taken for a list."""


def without_knowing(value: Any) -> Iterator[Any]:
    """Yield a value with each of its parts in turn not known yet."""
    yield UNKNOWN_VALUE
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        for unknown in without_knowing(part):
            changed = copy.copy(value)
            changed[key] = unknown
            yield changed


@pytest.mark.parametrize("kind", SAMPLES)
def test_any_part_of_a_resource_may_be_unknown(kind: str) -> None:
    for unknown in (each for each in without_knowing(SAMPLES[kind]) if isinstance(each, dict)):
        for op, old, new in (
            ("create", None, unknown),
            ("update", SAMPLES[kind], unknown),
            ("replace", SAMPLES[kind], unknown),
            ("delete", unknown, None),
        ):
            report = report_of(*group("nodes", "Node"), step(op, kind, "db", old, new))
            assert report.changes
            assert not LETTERS.search(render_text(report).plain)
            assert render_markdown(report)


@pytest.mark.parametrize("kind", [TEMPLATE, GROUP])
def test_any_part_of_a_group_may_be_unknown(kind: str) -> None:
    events = group("nodes", "Node", template=({"blockDeviceMappings": [DISK]}, {"blockDeviceMappings": [DISK]}))
    metadata = next(
        each["resourcePreEvent"]["metadata"] for each in events if each["resourcePreEvent"]["metadata"]["type"] == kind
    )
    known = metadata["new"]["inputs"]
    metadata["op"] = "update"
    for unknown in (each for each in without_knowing(known) if isinstance(each, dict)):
        metadata["new"]["inputs"] = unknown
        assert not LETTERS.search(render_text(report_of(*events)).plain)
