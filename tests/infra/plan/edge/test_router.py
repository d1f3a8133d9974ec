"""What the edge puts into the cluster: the router, its configuration, its routes, the policies around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import yaml

from infra.plan.edge import EdgePlan, plan_edge
from infra.plan.edge.router import kinds
from infra.plan.edge.router_config import ACCEPT_GRACE, REQUEST_GRACE
from infra.plan.subnets import plan_subnets
from infra.spec import EnvironmentSpec
from tests.infra.plan.edge.layers import of_kind
from tests.infra.plan.edge.samples import EDGE, edge_spec


def planned(spec: EnvironmentSpec) -> EdgePlan:
    plan = plan_edge(spec)
    assert plan is not None
    return plan


def body(plan: EdgePlan, kind: str, name: str, namespace: str | None = "slipway-edge") -> Mapping[str, Any]:
    """Return one object's body, metadata aside."""
    (found,) = (
        each
        for each in of_kind(plan.objects, kind)
        if (each["metadata"]["name"], each["metadata"].get("namespace")) == (name, namespace)
    )
    return found


def config(plan: EdgePlan) -> Any:
    return yaml.safe_load(body(plan, "ConfigMap", "edge-router")["data"]["traefik.yaml"])


def test_names_are_unique_and_kinds_come_first() -> None:
    plan = planned(edge_spec())
    names = Counter(each.logical_name for each in plan.router.objects)
    assert max(names.values()) == 1
    order = [each.kind for each in plan.router.objects]
    assert order[0] == "Namespace"
    assert {*order[1 : 1 + len(kinds())]} == {"CustomResourceDefinition"}
    assert "CustomResourceDefinition" not in order[1 + len(kinds()) :]


def test_every_object_is_of_a_kind_that_the_cluster_has() -> None:
    known = {
        (f"{kind['spec']['group']}/{version['name']}", kind["spec"]["names"]["kind"])
        for kind in kinds()
        for version in kind["spec"]["versions"]
        if version["served"]
    }
    used = {(each["apiVersion"], each["kind"]) for each in planned(edge_spec()).objects}
    own = {each for each in used if each[0].split("/")[0] in ("traefik.io", "gateway.networking.k8s.io")}
    assert own <= known
    assert len(own) == 7


def test_the_configuration_of_the_router() -> None:
    plan = planned(edge_spec())
    written = config(plan)
    blocks = ["10.20.0.0/22", "10.20.4.0/22", "10.20.8.0/22"]
    transport = {
        "lifeCycle": {"requestAcceptGraceTimeout": "30s", "graceTimeOut": "60s"},
        "respondingTimeouts": {"readTimeout": "60s", "idleTimeout": "180s"},
    }
    assert written["entryPoints"] == {
        "http": {"address": ":8080", "proxyProtocol": {"trustedIPs": blocks}, "transport": transport},
        "https": {
            "address": ":8443", "proxyProtocol": {"trustedIPs": blocks}, "transport": transport, "asDefault": True,
        },
        "postgres": {"address": ":5432", "proxyProtocol": {"trustedIPs": blocks}, "transport": transport},
        "ping": {"observability": {"accessLogs": False}, "address": ":8081", "proxyProtocol": {"trustedIPs": blocks}},
        "metrics": {"address": ":9101", "observability": {"accessLogs": False}},
    }  # fmt: skip
    assert written["ping"] == {"entryPoint": "ping", "terminatingStatusCode": 503}
    assert written["accessLog"]["format"] == "json"
    assert written["providers"] == {
        "kubernetesGateway": {"namespaces": ["slipway-edge", "back", "shop"]},
        "kubernetesCRD": {
            "namespaces": ["slipway-edge", "back", "shop"],
            "allowCrossNamespace": True,
            "safeNaming": False,
        },
    }


def test_addresses_that_are_believed_are_those_of_the_load_balancers_subnets() -> None:
    for internal, kind in ((False, "public"), (True, "private")):
        spec = edge_spec(internal=internal)
        plan = planned(spec)
        trusted = config(plan)["entryPoints"]["http"]["proxyProtocol"]["trustedIPs"]
        ingress = body(plan, "NetworkPolicy", "edge-router")["spec"]["ingress"]
        assert [each["ipBlock"]["cidr"] for each in ingress[0]["from"]] == trusted
        assert trusted == [getattr(zone, kind) for zone in plan_subnets(spec.network.cidr, spec.network.zones)]
        assert plan.balancer.subnet_kind == kind


def test_a_pod_lives_as_long_as_the_configuration_needs_to_shut_down() -> None:
    pod = body(planned(edge_spec()), "DaemonSet", "edge-router")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= ACCEPT_GRACE + REQUEST_GRACE
    # Two failed checks of the load balancer fit into the time in which the router still answers.
    (target, *_) = planned(edge_spec()).balancer.target_groups
    assert 2 * target.health_interval + target.health_timeout <= ACCEPT_GRACE


def test_the_pods_run_on_the_edge_and_offer_each_port_of_the_machine() -> None:
    plan = planned(edge_spec())
    pod = body(plan, "DaemonSet", "edge-router")["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"slipway/role": "Edge"}
    assert pod["tolerations"] == [{"key": "slipway/role", "operator": "Equal", "value": "Edge", "effect": "NoSchedule"}]
    (container,) = pod["containers"]
    host_ports = {port["hostPort"] for port in container["ports"] if "hostPort" in port}
    assert host_ports == {8080, 8443, 5432, 8081}
    assert host_ports == {rule.port for rule in plan.balancer.rules if rule.side == "edge"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "hostNetwork" not in pod


def test_another_configuration_is_another_pod() -> None:
    def digest(spec: EnvironmentSpec) -> str:
        template = body(planned(spec), "DaemonSet", "edge-router")["spec"]["template"]
        return str(template["metadata"]["annotations"]["slipway/config-digest"])

    assert digest(edge_spec()) == digest(edge_spec(crossZone=False))
    assert digest(edge_spec()) != digest(edge_spec(internal=True))


def test_a_route_with_an_allow_list() -> None:
    plan = planned(edge_spec())
    assert body(plan, "Middleware", "allow.office")["spec"] == {
        "ipAllowList": {"sourceRange": ["198.51.100.0/24"], "rejectStatusCode": 403}
    }
    assert body(plan, "HTTPRoute", "https-host.admin.example.com")["spec"] == {
        "parentRefs": [{"name": "edge-router", "sectionName": "https-host.admin.example.com"}],
        "hostnames": ["admin.example.com"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"name": "admin", "namespace": "back", "port": 8000}],
                "filters": [
                    {
                        "type": "ExtensionRef",
                        "extensionRef": {"group": "traefik.io", "kind": "Middleware", "name": "allow.office"},
                    },
                    {
                        "type": "RequestHeaderModifier",
                        "requestHeaderModifier": {"set": [{"name": "X-Forwarded-Proto", "value": "https"}]},
                    },
                ],
            }
        ],
    }


def test_port_80_redirects_and_does_nothing_else() -> None:
    plan = planned(edge_spec())
    routes = [each for each in of_kind(plan.objects, "HTTPRoute") if each["metadata"]["name"].startswith("http-")]
    assert [each["spec"]["hostnames"] for each in routes] == [["*.apps.example.com"], ["shop.example.com"]]
    for route in routes:
        (rule,) = route["spec"]["rules"]
        assert rule["filters"][-1] == {
            "type": "RequestRedirect",
            "requestRedirect": {"scheme": "https", "statusCode": 301},
        }
        assert "backendRefs" not in rule
        assert route["spec"]["parentRefs"] == [{"name": "edge-router", "sectionName": "http"}]


def test_the_gateway_takes_routes_of_its_own_namespace_only() -> None:
    listeners = body(planned(edge_spec()), "Gateway", "edge-router")["spec"]["listeners"]
    assert [(each["name"], each.get("hostname"), each["port"], each["protocol"]) for each in listeners] == [
        ("http", None, 8080, "HTTP"),
        ("https-below.apps.example.com", "*.apps.example.com", 8443, "HTTP"),
        ("https-host.admin.example.com", "admin.example.com", 8443, "HTTP"),
        ("https-host.shop.example.com", "shop.example.com", 8443, "HTTP"),
    ]
    assert {each["allowedRoutes"]["namespaces"]["from"] for each in listeners} == {"Same"}


def test_the_router_ends_tls_with_a_secret_of_each_host() -> None:
    plan = planned(edge_spec(tls={}, routes=EDGE["routes"][:1]))
    listener = body(plan, "Gateway", "edge-router")["spec"]["listeners"][1]
    assert (listener["protocol"], listener["tls"]) == (
        "HTTPS",
        {
            "mode": "Terminate",
            "certificateRefs": [{"group": "", "kind": "Secret", "name": "host.shop.example.com-tls"}],
        },
    )


def test_where_the_router_ends_tls_a_route_from_anywhere_changes_nothing_of_a_request() -> None:
    plan = planned(edge_spec(tls={}, routes=EDGE["routes"][:1]))
    assert body(plan, "HTTPRoute", "https-host.shop.example.com")["spec"]["rules"] == [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
            "backendRefs": [{"name": "web", "namespace": "shop", "port": 80}],
        }
    ]


def test_tcp_with_an_allow_list() -> None:
    plan = planned(edge_spec())
    assert body(plan, "MiddlewareTCP", "tcp-postgres")["spec"] == {
        "ipAllowList": {"sourceRange": ["10.8.0.0/16", "203.0.113.7/32"]}
    }
    assert body(plan, "IngressRouteTCP", "tcp-postgres")["spec"] == {
        "entryPoints": ["postgres"],
        "routes": [
            {
                "match": "HostSNI(`*`)",
                "services": [{"name": "db", "namespace": "back", "port": 5432}],
                "middlewares": [{"name": "tcp-postgres"}],
            }
        ],
    }


def test_tcp_alone_from_anywhere_has_no_gateway_and_no_allow_list() -> None:
    partners, postgres = EDGE["firewall"][2], EDGE["tcpPorts"][0]
    plan = planned(
        edge_spec(
            firewall=[{**partners, "sources": ["anywhere"]}], routes=[], tcpPorts=[{**postgres, "servicePort": 6432}]
        )
    )
    made = {each["kind"] for each in plan.objects}
    assert "IngressRouteTCP" in made
    assert made.isdisjoint({"Gateway", "MiddlewareTCP", "HTTPRoute"})
    assert body(plan, "IngressRouteTCP", "tcp-postgres")["spec"]["routes"] == [
        {"match": "HostSNI(`*`)", "services": [{"name": "db", "namespace": "back", "port": 6432}]}
    ]


def test_the_policies_of_the_routers_namespace() -> None:
    plan = planned(edge_spec())
    assert body(plan, "NetworkPolicy", "default-deny")["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    egress = body(plan, "NetworkPolicy", "edge-router")["spec"]["egress"]
    assert [[port["port"] for port in rule["ports"]] for rule in egress] == [
        [53, 53],
        [443],
        [8000],
        [80],
        [8080],
        [5432],
    ]
    names = {
        (each["metadata"]["namespace"], each["metadata"]["name"]) for each in of_kind(plan.objects, "NetworkPolicy")
    }
    assert names == {
        ("slipway-edge", "default-deny"), ("slipway-edge", "edge-router"), ("shop", "allow-edge-route-shop"),
        ("shop", "allow-edge-route-apps"), ("back", "allow-edge-route-admin"), ("back", "allow-edge-tcp-postgres"),
    }  # fmt: skip


def test_a_service_admits_the_router_and_on_one_port() -> None:
    assert body(planned(edge_spec()), "NetworkPolicy", "allow-edge-route-admin", "back")["spec"] == {
        "podSelector": {"matchLabels": {"app": "admin"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [
                    {
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "slipway-edge"}},
                        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "edge-router"}},
                    }
                ],
                "ports": [{"port": 8000, "protocol": "TCP"}],
            }
        ],
    }


def test_the_router_reads_nothing_outside_what_it_serves() -> None:
    plan = planned(edge_spec())
    cluster = body(plan, "ClusterRole", "slipway:edge-router", None)["rules"]
    assert {resource for rule in cluster for resource in rule["resources"]} == {
        "namespaces", "nodes", "ingressclasses", "gatewayclasses", "gatewayclasses/status",
    }  # fmt: skip
    assert [each["metadata"]["namespace"] for each in of_kind(plan.objects, "Role")] == ["slipway-edge", "back", "shop"]


def test_a_request_may_take_as_long_as_the_file_says() -> None:
    # Traefik knows no days.
    points = config(planned(edge_spec(readTimeout="1d")))["entryPoints"]
    assert points["https"]["transport"]["respondingTimeouts"]["readTimeout"] == "86400s"
