from __future__ import annotations

from typing import Any

import pytest

from infra.plan.workloads.workload import plan_backends, plan_workloads
from tests.infra.workload_samples import IMAGE, environment

SELECTOR = {"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "web-test"}
WEB = {"image": IMAGE, "ports": [{"name": "http", "port": 8080, "servicePort": 80}]}
PORT = {"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}
NLB = "service.beta.kubernetes.io/aws-load-balancer-"


def backend(**change: Any) -> list[dict[str, Any]]:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    written = {"name": "db", "namespace": "web", "ports": ports, **change}
    (plan,) = plan_backends(environment({"web": WEB}, backends=[written]))
    return [each.manifest() for each in plan.objects]


@pytest.mark.parametrize(
    ("written", "spec"),
    [
        ({"type": "clusterIP"}, {"type": "ClusterIP", "ports": [PORT]}),
        (
            {"type": "clusterIP", "trafficDistribution": "PreferSameZone"},
            {"type": "ClusterIP", "ports": [PORT], "trafficDistribution": "PreferSameZone"},
        ),
        (
            {"type": "headless", "ports": [{"name": "http", "port": 8080}]},
            {"clusterIP": "None", "ports": [{**PORT, "port": 8080}]},
        ),
        (
            {"type": "nodePort", "nodePort": 30080},
            {"type": "NodePort", "ports": [{**PORT, "nodePort": 30080}], "externalTrafficPolicy": "Local"},
        ),
        (
            {"type": "loadBalancer", "loadBalancer": {"sourceRanges": ["10.0.0.0/8", "192.0.2.0/24"]}},
            {
                "type": "LoadBalancer",
                "ports": [PORT],
                "externalTrafficPolicy": "Local",
                "loadBalancerSourceRanges": ["10.0.0.0/8", "192.0.2.0/24"],
            },
        ),
        (
            {"type": "loadBalancer", "trafficDistribution": "PreferSameZone"},
            {
                "type": "LoadBalancer",
                "ports": [PORT],
                "externalTrafficPolicy": "Local",
                "loadBalancerSourceRanges": ["10.20.0.0/16"],
                "trafficDistribution": "PreferSameZone",
            },
        ),
    ],
)
def test_backends_that_select_pods(written: dict[str, Any], spec: dict[str, Any]) -> None:
    (service,) = backend(workload="web", **written)
    assert service["spec"] == {**spec, "selector": SELECTOR}


@pytest.mark.parametrize(
    ("balancer", "told"),
    [
        ({}, {"internal": "true"}),
        ({"scheme": "internet-facing", "sourceRanges": ["192.0.2.0/24"]}, {}),
        ({"proxyProtocol": True}, {"internal": "true", "target-group-attributes": "proxy_protocol_v2.enabled=true"}),
    ],
)
def test_a_load_balancer_is_described_to_the_cloud_controller_manager(
    balancer: dict[str, Any], told: dict[str, str]
) -> None:
    (service,) = backend(workload="web", type="loadBalancer", loadBalancer=balancer)
    always = {
        "type": "nlb",
        "target-group-attributes": "proxy_protocol_v2.enabled=false",
        "target-node-labels": "slipway/role=Node",
        "additional-resource-tags": "slipway/environment=test,team=platform",
    }
    assert service["metadata"]["annotations"] == {f"{NLB}{key}": value for key, value in {**always, **told}.items()}


@pytest.mark.parametrize("proxied", [True, False])
def test_one_straight_to_pods_is_described_to_its_own_controller(proxied: bool) -> None:
    spec = environment({"web": {**WEB, "service": {"type": "loadBalancer", "loadBalancer": {
        "target": "ip", "proxyProtocol": proxied,
    }}}}, cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"})  # fmt: skip
    (plan,) = plan_workloads(spec)
    (service,) = (each.body for each in plan.beside if each.kind == "Service")
    assert service["metadata"]["annotations"] == {
        f"{NLB}scheme": "internal",
        f"{NLB}nlb-target-type": "ip",
        **({f"{NLB}proxy-protocol": "*"} if proxied else {}),
    }
    assert service["spec"] == {
        "type": "LoadBalancer",
        "loadBalancerClass": "service.k8s.aws/nlb",
        "allocateLoadBalancerNodePorts": False,
        "loadBalancerSourceRanges": ["10.20.0.0/16"],
        "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
        "selector": SELECTOR,
    }


def test_one_name_is_answered_from_without_and_from_within() -> None:
    same = [{"name": "http", "port": 80}]
    (production,) = backend(type="externalName", host="db.example.com", ports=same)
    (test,) = backend(type="clusterIP", workload="web")
    assert production["metadata"]["name"] == test["metadata"]["name"] == "db"
    port = {"name": "http", "port": 80, "targetPort": 80, "protocol": "TCP"}
    assert production["spec"] == {"type": "ExternalName", "externalName": "db.example.com", "ports": [port]}
    (elsewhere,) = backend(type="otherNamespace", workload="web", namespace="data", ports=same)
    assert elsewhere["spec"]["externalName"] == "web.web.svc.cluster.local"
    assert elsewhere["metadata"]["namespace"] == "data"


def test_fixed_addresses_are_an_endpoint_slice_tied_to_the_service() -> None:
    service, endpoints = backend(type="addresses", addresses=["10.9.0.4", "10.9.0.5"])
    assert service["spec"] == {"type": "ClusterIP", "ports": [PORT]}
    assert endpoints["kind"] == "EndpointSlice"
    assert endpoints["metadata"]["labels"]["kubernetes.io/service-name"] == "db"
    assert endpoints["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] == "slipway"
    assert endpoints["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    assert [each["addresses"] for each in endpoints["endpoints"]] == [["10.9.0.4"], ["10.9.0.5"]]


def services(**change: Any) -> dict[str, Any]:
    (plan,) = plan_workloads(environment({"web": {**WEB, **change}}))
    return {each.name: each.body["spec"] for each in plan.beside if each.kind == "Service"}


def test_the_services_of_a_workload() -> None:
    named = {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}
    own = {"type": "ClusterIP", "ports": [named], "selector": SELECTOR}
    pods = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": SELECTOR, "ports": [named]}
    assert services() == {"web": own}
    assert services(kind="StatefulSet") == {"web": own, "web-pods": pods}
    # Callers find ready pods alone, members find all.
    written = {"ports": [{"name": "http", "port": 8080}], "service": {"type": "headless"}}
    ports = [{**named, "port": 8080}]
    assert services(kind="StatefulSet", **written) == {
        "web": {"clusterIP": "None", "ports": ports, "selector": SELECTOR}, "web-pods": {**pods, "ports": ports},
    }  # fmt: skip
    assert services(kind="StatefulSet", ports=[])["web-pods"] == {
        "clusterIP": "None", "publishNotReadyAddresses": True, "selector": SELECTOR,
    }  # fmt: skip
    assert services(ports=[]) == {}


def test_a_port_of_members_is_at_the_pods_own_service_alone() -> None:
    ports = [{"name": "http", "port": 9200}, {"name": "transport", "port": 9300, "membersOnly": True}]

    def named(**change: Any) -> dict[str, list[str]]:
        files = {"web": {"image": IMAGE, "kind": "StatefulSet", "ports": ports, **change}}
        (plan,) = plan_workloads(environment(files))
        return {
            each.name: [port["name"] for port in each.body["spec"]["ports"]]
            for each in plan.beside
            if each.kind == "Service"
        }

    assert named() == {"web": ["http"], "web-pods": ["http", "transport"]}
    assert named(service={"type": "headless"}) == {"web": ["http"], "web-pods": ["http", "transport"]}
    assert named(ports=ports[1:]) == {"web-pods": ["transport"]}


def test_what_a_port_speaks_and_whom_an_address_is_led_to() -> None:
    ports = [
        {"name": "grpc", "port": 9090, "appProtocol": "h2c"},
        {"name": "https", "port": 8443, "appProtocol": "http"},
    ]
    written = {"image": IMAGE, "ports": ports, "service": {"sessionAffinity": "ClientIP"}}
    (plan,) = plan_workloads(environment({"web": written}))
    (service,) = (each for each in plan.objects if each.kind == "Service")
    assert [each["appProtocol"] for each in service.body["spec"]["ports"]] == ["kubernetes.io/h2c", "http"]
    assert service.body["spec"]["sessionAffinity"] == "ClientIP"
    (plain,) = plan_workloads(environment({"web": WEB}))
    (service,) = (each for each in plain.objects if each.kind == "Service")
    assert "appProtocol" not in service.body["spec"]["ports"][0]
    assert "sessionAffinity" not in service.body["spec"]


@pytest.mark.parametrize(
    ("change", "skipped"),
    [
        ({}, False),
        ({"replicas": 0}, True),
        # Its pods start when the other is ready, which may take longer than Pulumi waits for a Service.
        ({"after": ["first"]}, True),
        ({"update": {"progressDeadlineSeconds": 1800}}, True),
    ],
)
def test_a_service_is_waited_for_where_its_pods_come_in_time(change: dict[str, Any], skipped: bool) -> None:
    plans = plan_workloads(environment({"web": {**WEB, **change}, "first": {"image": IMAGE}}))
    (service,) = (each for plan in plans for each in plan.objects if each.kind == "Service")
    assert ("pulumi.com/skipAwait" in service.body["metadata"].get("annotations", {})) is skipped
