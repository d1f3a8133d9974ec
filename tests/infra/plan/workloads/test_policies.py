from __future__ import annotations

from typing import Any

from infra.plan.workloads.workload import plan_workloads
from tests.infra.workload_samples import IMAGE, environment

HTTP = [{"name": "http", "port": 8080, "servicePort": 80}]
TCP = [{"port": 8080, "protocol": "TCP"}]


def policies(files: dict[str, Any], **keywords: Any) -> dict[str, dict[str, Any]]:
    plans = plan_workloads(environment(files, **keywords))
    return {
        plan.name: next(each for each in plan.beside if each.kind == "NetworkPolicy").body["spec"] for plan in plans
    }


def pods(name: str, namespace: str) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": f"{name}-test"}},
    }


def test_nobody_comes_in_and_nothing_goes_out_unless_named() -> None:
    (found,) = policies({"web": {"image": IMAGE, "ports": HTTP}}).values()
    assert found == {
        "podSelector": pods("web", "")["podSelector"],
        "policyTypes": ["Ingress", "Egress"],
    }


def test_both_ends_of_a_connection_across_namespaces() -> None:
    files = {
        "web": {"image": IMAGE, "ports": HTTP, "from": ["edge"], "to": ["api"]},
        "api": {"image": IMAGE, "ports": HTTP, "from": ["web", "monitoring"]},
    }
    uses = [{"name": "web", "namespace": "web"}, {"name": "api", "namespace": "data"}]
    found = policies(files, uses=uses)
    assert found["web"]["egress"] == [{"to": [pods("api", "data")], "ports": TCP}]
    edge, monitoring = (
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
        for name in ("slipway-edge", "monitoring")
    )
    assert found["web"]["ingress"] == [{"from": [edge], "ports": TCP}]
    assert found["api"]["ingress"] == [{"from": [pods("web", "web"), monitoring], "ports": TCP}]


def test_ways_to_backends() -> None:
    ports = [{"name": "sql", "port": 5432, "targetPort": 15432}]
    plain = [{"name": "sql", "port": 443}]
    backends = [
        {"name": "fixed", "namespace": "web", "type": "addresses", "addresses": ["10.9.0.4"], "ports": ports},
        {"name": "open", "namespace": "web", "type": "externalName", "host": "a.example.com", "ports": plain},
        {
            "name": "known", "namespace": "web", "type": "externalName", "host": "b.example.com",
            "reachableIn": ["203.0.113.0/24"], "ports": plain,
        },
        {"name": "own", "namespace": "web", "type": "clusterIP", "workload": "db", "ports": ports},
    ]  # fmt: skip
    files = {
        "web": {"image": IMAGE, "to": ["fixed", "open", "known", "own"]},
        "db": {"image": IMAGE, "ports": [{"name": "sql", "port": 15432}], "from": ["web"]},
    }
    private = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
    sql, https = [{"port": 15432, "protocol": "TCP"}], [{"port": 443, "protocol": "TCP"}]
    assert policies(files, backends=backends)["web"]["egress"] == [
        {"to": [{"ipBlock": {"cidr": "10.9.0.4/32"}}], "ports": sql},
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": private}}], "ports": https},
        {"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}], "ports": https},
        {"to": [pods("db", "web")], "ports": sql},
    ]


def test_members_of_a_set_talk_to_each_other_and_load_balancers_come_from_the_vpc() -> None:
    (found,) = policies({"web": {"image": IMAGE, "kind": "StatefulSet", "ports": HTTP}}).values()
    own = {"podSelector": pods("web", "")["podSelector"]}
    assert found["ingress"] == [{"from": [own], "ports": TCP}]
    assert found["egress"] == [{"to": [own], "ports": TCP}]
    service = {"type": "loadBalancer", "loadBalancer": {"sourceRanges": ["203.0.113.0/24"]}}
    (found,) = policies({"web": {"image": IMAGE, "ports": HTTP, "service": service}}).values()
    blocks = [{"ipBlock": {"cidr": "10.20.0.0/16"}}, {"ipBlock": {"cidr": "203.0.113.0/24"}}]
    assert found["ingress"] == [{"from": blocks, "ports": TCP}]
