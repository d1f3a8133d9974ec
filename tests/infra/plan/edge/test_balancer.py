"""The load balancer of the edge: names, rules of security groups, listeners, records."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.edge import plan_edge
from infra.plan.edge.balancer import BalancerPlan, elb_name
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec, SpecError, from_mapping
from tests.infra.plan.edge.samples import ACM, EDGE, edge_mapping, edge_spec
from tests.infra.samples import merged, sample_spec

WEB, OFFICE, PARTNERS = EDGE["firewall"]


def balancer(spec: EnvironmentSpec) -> BalancerPlan:
    plan = plan_edge(spec)
    assert plan is not None
    return plan.balancer


def test_without_a_policy_there_is_no_edge() -> None:
    assert plan_edge(sample_spec()) is None


def test_the_rules_of_both_security_groups() -> None:
    rules = [(r.name, r.side, r.direction, r.peer or r.peer_cidr, r.port, r.why) for r in balancer(edge_spec()).rules]
    assert rules == [
        ("edge-in-80-anywhere", "balancer", "ingress", "0.0.0.0/0", 80, "Firewall rules: web"),
        ("edge-in-443-anywhere", "balancer", "ingress", "0.0.0.0/0", 443, "Firewall rules: office, web"),
        ("edge-in-5432-10-8-0-0-16", "balancer", "ingress", "10.8.0.0/16", 5432, "Firewall rules: partners"),
        ("edge-in-5432-203-0-113-7-32", "balancer", "ingress", "203.0.113.7/32", 5432, "Firewall rules: partners"),
        *(
            rule
            for port, what in ((8080, "http"), (8443, "https"), (5432, "postgres"), (8081, "health checks"))
            for rule in (
                (f"edge-lb-out-{port}", "balancer", "egress", "edge", port, f"Router: {what}"),
                (f"edge-lb-to-edge-{port}", "edge", "ingress", "balancer", port, f"Router: {what}"),
            )
        ),
    ]


def test_rules_are_tagged_by_their_names() -> None:
    spec = edge_spec()
    rule = balancer(spec).rules[0]
    assert rule.tags == resource_tags(spec, "edge-in-80-anywhere.test.example.com")


def test_a_description_names_the_rules_that_open_to_its_block() -> None:
    rules = balancer(edge_spec(firewall=[{**WEB, "sources": ["203.0.113.0/24"]}, OFFICE, PARTNERS])).rules
    assert {rule.peer_cidr: rule.why for rule in rules if rule.port == 443} == {
        "203.0.113.0/24": "Firewall rules: web",
        "198.51.100.0/24": "Firewall rules: office",
    }


@pytest.mark.parametrize(("longest", "end"), [(36, ", web"), (37, "...")])
def test_a_description_fits_into_what_ec2_takes(longest: int, end: str) -> None:
    names = [*(f"{'n' * 29}-{number}" for number in range(6)), "n" * longest]
    many = [{**OFFICE, "name": name, "hosts": [f"{name}.example.com"]} for name in names]
    why = balancer(edge_spec(firewall=[*many, WEB, PARTNERS], routes=[])).rules[1].why
    assert (len(why), why[-len(end) :]) == (255, end)


def test_listeners_and_target_groups() -> None:
    plan = balancer(edge_spec())
    listeners = [(each.key, each.port, each.protocol, each.certificate_arn, each.tls_policy) for each in plan.listeners]
    assert listeners == [
        ("edge-http", 80, "TCP", None, None),
        ("edge-https", 443, "TLS", ACM, "ELBSecurityPolicy-TLS13-1-2-2021-06"),
        ("edge-postgres", 5432, "TCP", None, None),
    ]
    # Who ends TLS says whether a client may speak HTTP/2.
    assert [each.alpn_policy for each in plan.listeners] == [None, "HTTP2Preferred", None]
    assert [(each.key, each.name, each.port, each.health_port) for each in plan.target_groups] == [
        ("edge-http", "edge-8080-test-example-com", 8080, 8081),
        ("edge-https", "edge-8443-test-example-com", 8443, 8081),
        ("edge-postgres", "edge-5432-test-example-com", 5432, 8081),
    ]
    assert {(each.health_path, each.health_interval, each.health_timeout) for each in plan.target_groups} == {
        ("/ping", 10, 5)
    }
    assert {each.deregistration_seconds for each in plan.target_groups} == {90}


def test_where_the_router_ends_tls_the_load_balancer_passes_it_on() -> None:
    spec = edge_spec(tls={}, routes=EDGE["routes"][:1])
    https = next(each for each in balancer(spec).listeners if each.port == 443)
    assert (https.protocol, https.certificate_arn, https.tls_policy, https.alpn_policy) == ("TCP", None, None, None)


def test_the_oldest_tls_version_chooses_the_policy() -> None:
    spec = edge_spec(tls={"acm": ACM, "minVersion": "1.3"})
    assert balancer(spec).listeners[1].tls_policy == "ELBSecurityPolicy-TLS13-1-3-2021-06"


def test_ports_that_no_rule_opens_have_no_listener() -> None:
    plan = balancer(edge_spec(firewall=[OFFICE], routes=EDGE["routes"][2:], tcpPorts=[]))
    assert [each.port for each in plan.listeners] == [443]


def test_a_port_below_1024_is_another_one_of_the_router() -> None:
    ldap = {**EDGE["tcpPorts"][0], "name": "ldap", "port": 389}
    plan = balancer(edge_spec(firewall=[{**PARTNERS, "ports": ["ldap"]}], routes=[], tcpPorts=[ldap]))
    assert [(each.port, target.port) for each, target in zip(plan.listeners, plan.target_groups, strict=True)] == [
        (389, 20389)
    ]


@pytest.mark.parametrize(("internal", "kind"), [(False, "public"), (True, "private")])
def test_internal_load_balancers_stand_in_private_subnets(internal: bool, kind: str) -> None:
    plan = balancer(edge_spec(internal=internal))
    assert (plan.internal, plan.subnet_kind) == (internal, kind)


def test_the_load_balancer_by_default() -> None:
    plan = balancer(edge_spec())
    assert (plan.name, plan.cross_zone, plan.deletion_protection) == ("edge-test-example-com", True, True)
    assert plan.security_group_name == "edge-lb.test.example.com"
    # The AWS cloud provider takes a group with this tag for one of machines.
    assert not any(key.startswith("kubernetes.io/cluster/") for key in plan.security_group_tags)
    assert plan.records == ()


def test_records_of_the_hosts_in_the_zone() -> None:
    hosts = ["*.apps.example.com", "admin.example.com", "shop.example.com"]
    plan = balancer(edge_spec(dns={"zone": "apps.example.com", "zoneId": "Z0123456789EXAMPLE"}))
    assert [(each.key, each.zone_id, each.host) for each in plan.records] == [
        ("edge-wildcard.apps.example.com", "Z0123456789EXAMPLE", "*.apps.example.com")
    ]
    for zone, inside in (("example.com", hosts), ("shop.example.com", hosts[2:])):
        records = balancer(edge_spec(dns={"zone": zone, "zoneId": "Z0123456789EXAMPLE"})).records
        assert [each.host for each in records] == inside


def test_long_names_are_cut_and_told_apart() -> None:
    long = "a-rather-long-name.of-a-cluster.example.com"
    spec = from_mapping(merged(edge_mapping(), {"cluster": {"name": long}}), "test")
    names = [elb_name(spec, what) for what in ("edge-8080", "edge-8443")]
    assert names == ["edge-8080-a-rather-long-n-1f19da", "edge-8443-a-rather-long-n-1564b4"]
    assert {len(name) for name in names} == {32}


def with_ports(count: int, **cluster: Any) -> EnvironmentSpec:
    ports = [{**EDGE["tcpPorts"][0], "name": f"port-{number}", "port": 11000 + number} for number in range(count)]
    rule = {**PARTNERS, "sources": ["10.8.0.0/16"], "ports": [port["name"] for port in ports]}
    return from_mapping(merged(edge_mapping(firewall=[rule], routes=[], tcpPorts=ports), {"cluster": cluster}), "test")


def test_more_ports_than_the_machines_group_has_rules_for() -> None:
    assert plan_edge(with_ports(50, cni="amazonVpc", networkPolicies="notEnforced")) is not None
    assert plan_edge(with_ports(48, cni="cilium")) is not None
    with pytest.raises(SpecError) as refused:
        plan_edge(with_ports(50, cni="cilium"))
    assert [str(problem) for problem in refused.value.problems] == [
        "edge.firewall: makes 62 inbound rules of the security group of Edge machines, and AWS allows 60. Fix: open 2 "
        "ports less."
    ]
