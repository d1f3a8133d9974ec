from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.edge.manifest import Manifest
from infra.plan.workloads.objects import selector
from infra.plan.workloads.workload import plan_workloads
from tests.infra.plan.edge.layers import Pod, policies_admit
from tests.infra.workload_samples import IMAGE, environment

ROOT = Path(__file__).resolve().parents[4]

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
    router = {**edge, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "edge-router"}}}
    assert found["web"]["ingress"] == [{"from": [router], "ports": TCP}]
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


MEMBERS = [
    {"name": "http", "port": 9200},
    {"name": "transport", "port": 9300, "membersOnly": True},
]


def test_a_port_of_members_is_open_to_members_alone() -> None:
    files = {
        "web": {"image": IMAGE, "to": ["store"]},
        "store": {"image": IMAGE, "kind": "StatefulSet", "ports": MEMBERS, "from": ["web"],
                  "service": {"type": "loadBalancer", "loadBalancer": {"sourceRanges": ["203.0.113.0/24"]}}},
    }  # fmt: skip
    found = policies(files)
    http, both = [{"port": 9200, "protocol": "TCP"}], [{"port": each, "protocol": "TCP"} for each in (9200, 9300)]
    own = {"podSelector": pods("store", "")["podSelector"]}
    assert found["web"]["egress"] == [{"to": [pods("store", "web")], "ports": http}]
    blocks = [{"ipBlock": {"cidr": "10.20.0.0/16"}}, {"ipBlock": {"cidr": "203.0.113.0/24"}}]
    assert found["store"]["ingress"] == [
        {"from": [pods("web", "web"), *blocks], "ports": http},
        {"from": [own], "ports": both},
    ]
    assert found["store"]["egress"] == [{"to": [own], "ports": both}]


def example(callers: list[str]) -> tuple[list[Manifest], dict[str, Pod]]:
    """Return the objects of apps/opensearch.yaml beside two other workloads, and the pods of all."""
    written = yaml.safe_load((ROOT / "apps" / "opensearch.yaml").read_text(encoding="utf-8"))
    other = {"image": IMAGE, "ports": HTTP, "to": ["opensearch"] if callers else []}
    files = {"opensearch": {**written, "from": callers}, "search": other, "curious": {"image": IMAGE, "ports": HTTP}}
    spec = environment(files, pinned=False)
    objects: list[Manifest] = [each.manifest() for plan in plan_workloads(spec) for each in plan.objects]
    places = {name: ("web", selector(spec, name)) for name in files}
    return objects, {**places, "edge": ("slipway-edge", {}), "prometheus": ("monitoring", {}), "foreign": ("data", {})}


@pytest.mark.parametrize("callers", [[], ["search"]])
def test_the_example_of_a_search_store_without_users_is_reached_by_its_callers_alone(callers: list[str]) -> None:
    objects, places = example(callers)
    store = places["opensearch"]
    assert [name for name, pod in places.items() if policies_admit(objects, pod, store, 9300)] == ["opensearch"]
    reached = [name for name, pod in places.items() if policies_admit(objects, pod, store, 9200)]
    assert reached == ["opensearch", *callers]
    # What cannot be refused by its own end is refused by the store's, whatever a pod may send.
    open_end = {
        "kind": "NetworkPolicy",
        "metadata": {"namespace": "web"},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"ports": [{"port": 9200, "protocol": "TCP"}]}],
        },
    }
    assert not policies_admit([*objects, open_end], places["curious"], store, 9200)
    assert policies_admit([*objects, open_end], places["opensearch"], store, 9200)
