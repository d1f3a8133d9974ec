"""No rule of a security group is wider than what kops opens for the same intent (docs/compare-with-kops.md).

kops's rules are those of ``pkg/model/awsmodel/firewall.go``: machines of a cluster reach each other on every port, save
nodes etcd's ports of the control plane.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.scenarios.golden import RULES, SECURITY_GROUP, Scenario, scenario, scenarios

KOPS_CLOSED_TO_NODES = {2380, 2381, 4001, 4002}
"""TCP ports of the control plane that kops keeps from nodes: etcd's, whose client port is 4001 with kops."""

MACHINES = {"control-plane": "control-plane", "nodes": "node", "edge": "node"}
"""Security group -> what kops calls such machines. It knows no edge: its routers run on nodes."""

BALANCERS_OF_API = ("api-internal", "api-public")

ONLY_OURS = {
    ("edge", "edge-lb"): "the edge router's ports, from its load balancer alone",
    ("edge-lb", "0.0.0.0/0"): "what the firewall policy of the environment says",
    ("edge-lb", "198.51.100.0/24"): "what the firewall policy of the environment says",
}
"""Whom, who -> why kops has nothing to compare with: it makes no router."""


def ports(rule: Mapping[str, Any]) -> range:
    return range(int(rule["fromPort"]), int(rule["toPort"]) + 1)


def kops_opens(owner: str, source: str, rule: Mapping[str, Any], it: Scenario) -> bool:
    """Return whether kops lets ``source`` to ``owner`` at least as much."""
    whole = rule["ipProtocol"] == "-1"
    if owner in BALANCERS_OF_API:
        # It leads to port 443 of the control plane and nowhere else.
        to_api = (rule["ipProtocol"], ports(rule)) == ("tcp", range(443, 444))
        return to_api and (source in MACHINES or source in it.spec.cluster.api.allowed_cidrs)
    if source in BALANCERS_OF_API:
        return owner == "control-plane" and (rule["ipProtocol"], ports(rule)) == ("tcp", range(443, 444))
    if (MACHINES[source], MACHINES[owner]) != ("node", "control-plane"):
        return True
    if it.spec.cluster.cni == "amazonVpc":
        return True
    if rule["ipProtocol"] == "icmp":
        # The one rule that kops does not have: the document says why.
        return int(rule["fromPort"]) == 8
    return not whole and (rule["ipProtocol"] == "udp" or not KOPS_CLOSED_TO_NODES & set(ports(rule)))


@pytest.mark.parametrize("name", scenarios())
def test_no_rule_is_wider_than_kops_has_it(name: str) -> None:
    it = scenario(name)
    known = {f"{group}-id": group for group in it.recorder.names(SECURITY_GROUP)}
    wider = []
    for each in sorted(it.recorder.names(RULES["in"])):
        rule = it.recorder.inputs(RULES["in"], each)
        owner = known[rule["securityGroupId"]]
        source = known.get(rule.get("referencedSecurityGroupId", ""), rule.get("cidrIpv4", ""))
        if (owner, source) not in ONLY_OURS and not kops_opens(owner, source, rule, it):
            wider.append(each)
    assert wider == []


@pytest.mark.parametrize("name", scenarios())
def test_what_goes_out_goes_out_with_kops_as_well(name: str) -> None:
    """kops lets machines out to every address, and so do we; load balancers here reach what stands behind them."""
    it = scenario(name)
    known = {f"{group}-id": group for group in it.recorder.names(SECURITY_GROUP)}
    out = [it.recorder.inputs(RULES["out"], each) for each in it.recorder.names(RULES["out"])]
    free = {known[rule["securityGroupId"]] for rule in out if "cidrIpv4" in rule}
    assert free == {"control-plane", "nodes", "edge"}
