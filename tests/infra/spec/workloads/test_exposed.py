"""What is said of workloads that ask to be reached from outside, where something of their own is wrong already."""

from __future__ import annotations

from typing import Any

import pytest

from infra.spec.workloads.exposed import exposed_workloads, route_of
from tests.infra.workload_samples import EDGE, IMAGE, environment, problems

WEB: dict[str, Any] = {"image": IMAGE, "ports": [{"name": "http", "port": 8080}], "from": ["edge"]}


def test_the_route_of_a_workload_leads_to_its_first_tcp_port() -> None:
    ports = [{"name": "dns", "port": 5353, "protocol": "UDP"}, *WEB["ports"], {"name": "admin", "port": 9090}]
    front = {**WEB, "ports": ports, "expose": {"host": "go.example.com"}}
    (route,) = map(route_of, exposed_workloads(environment({"front": front, "web": WEB})))
    assert (route.name, route.service, route.port, route.target_port) == ("app-front", "front", 8080, 8080)


def test_a_workload_without_a_tcp_port_has_nothing_that_can_be_exposed() -> None:
    dns = {**WEB, "ports": [{"name": "dns", "port": 5353, "protocol": "UDP"}], "expose": {"host": "go.example.com"}}
    assert problems({"dns": dns}) == ["apps/dns.yaml: expose: needs a TCP port to reach. Fix: add ports."]


@pytest.mark.parametrize(
    ("workload", "route"),
    [
        (36 * "w", f"app-{36 * 'w'}"),
        (37 * "w", f"app-{29 * 'w'}-6b089c"),
        (f"{28 * 'w'}-{8 * 'w'}", f"app-{28 * 'w'}-a55561"),
    ],
)
def test_a_route_is_called_as_its_workload_in_40_characters(workload: str, route: str) -> None:
    spec = environment({workload: {**WEB, "expose": {"host": "go.example.com"}}})
    assert [route_of(each).name for each in exposed_workloads(spec)] == [route]


def listed(*hosts: str, path: str = "/") -> list[dict[str, Any]]:
    """Routes of the stack file, one for each host."""
    route = {"namespace": "web", "service": "listed", "path": path}
    return [{**route, "name": f"listed-{number}", "hosts": [host]} for number, host in enumerate(hosts)]


@pytest.mark.parametrize(
    ("routes", "problem"),
    [
        (listed(*(f"{number:02}.example.com" for number in range(63))),
         "edge.routes: have 64 hosts, and the router's Gateway has 64 listeners, one of them for port 80."),
        (listed("*.example.com", path="/api"),
         "edge.routes[0].hosts[0]: '*.example.com' covers go.example.com of route app-web, whose requests for paths "
         "under /api would be led here: the router looks at paths before names."),
    ],
)  # fmt: skip
def test_what_a_workload_makes_wrong_of_the_stack_file_is_told_of_the_stack_file(
    routes: list[dict[str, Any]], problem: str
) -> None:
    web = {**WEB, "expose": {"host": "go.example.com"}}
    assert [line.partition(" Fix:")[0] for line in problems({"web": web}, edge={**EDGE, "routes": routes})] == [problem]


def test_a_bad_path_is_not_taken_for_every_path() -> None:
    api = {**WEB, "expose": {"host": "go.example.com", "path": "api/"}}
    web = {**WEB, "expose": {"host": "go.example.com"}}
    assert problems({"api": api, "web": web}) == [
        "apps/api.yaml: expose.path: 'api/' is not a path of a URL. Fix: begin it with /, without spaces, as /healthz."
    ]


def test_a_missing_host_is_not_taken_for_the_example_of_one() -> None:
    edge = {
        "firewall": [{"name": "all", "sources": ["anywhere"], "ports": [443], "hosts": ["go.example.com"]}],
        "tls": {"acm": "arn:aws:acm:eu-central-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"},
    }
    assert problems({"web": {**WEB, "expose": {"hosts": ["go.example.com"]}}}, edge=edge) == [
        "apps/web.yaml: expose.hosts: is not a known key. Fix: write one name as host, and the others as furtherHosts.",
        "apps/web.yaml: expose.host: is missing. Fix: add host, for example 'app.example.com'.",
    ]


def test_another_problem_of_the_file_does_not_hide_what_is_wrong_with_the_host() -> None:
    web = {**WEB, "replica": 3, "expose": {"host": "go.example.org"}}
    assert [line.partition(" Fix:")[0] for line in problems({"web": web})] == [
        "apps/web.yaml: replica: is not a known key.",
        "apps/web.yaml: expose.host: 'go.example.org' can be reached by nobody: no rule of the firewall allows it on "
        "443.",
    ]
