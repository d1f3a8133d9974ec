"""What a preview says where the pod network stops encrypting."""

from __future__ import annotations

import pytest

from tests.infra.ops.preview.made import INGRESS, report_of, step

AGENTS = "kubernetes:apps/v1:DaemonSet"
NAME = "cilium/DaemonSet/kube-system/cilium"


def told(op: str, port: int, agents: str = NAME) -> bool:
    rule = {"securityGroupId": "sg-1", "ipProtocol": "udp", "fromPort": port, "toPort": port}
    rule["referencedSecurityGroupId"] = "sg-1"
    old, new = (rule, None) if op == "delete" else (None, rule)
    template = {"metadata": {}, "spec": {"containers": [{"name": "agent", "image": "a"}]}}
    pods = [{"metadata": {"name": "cilium"}, "spec": {"template": template, "x": each}} for each in "ab"]
    report = report_of(step(op, INGRESS, "wireguard", old, new), step("update", AGENTS, agents, *pods))
    return any(sentence.startswith("Encryption of pods' traffic goes off") for sentence in report.sentences)


@pytest.mark.parametrize(
    ("op", "port", "agents", "expected"),
    [
        ("delete", 51871, NAME, True),
        ("create", 51871, NAME, False),
        ("delete", 8472, NAME, False),
        ("delete", 51871, "fluent-bit/DaemonSet/logging/fluent-bit", False),
    ],
)
def test_a_port_that_is_closed_before_all_agents_know(op: str, port: int, agents: str, expected: bool) -> None:
    assert told(op, port, agents) is expected
