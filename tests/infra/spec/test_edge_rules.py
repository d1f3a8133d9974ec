"""What the spec refuses of an edge: path, value, fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.plan.edge.samples import ACM, EDGE, edge_mapping
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_mapping
from tests.infra.spec.reports import report

WEB, OFFICE, PARTNERS = EDGE["firewall"]
SHOP, APPS, ADMIN = EDGE["routes"]
POSTGRES = EDGE["tcpPorts"][0]
NARROW = "remove what is told twice; a rule cannot narrow another, so if it was meant to, take hosts, ports or sources"
NO_SSH = "is SSH, which is never open to the outside"
NO_HTTP01 = "set edge.tls.acm, or edge.tls.acme.solver: dns01 with edge.dns."


def rules(*changed: dict[str, Any]) -> dict[str, Any]:
    """The sample policy with rules after its own."""
    return edge_mapping(firewall=[*EDGE["firewall"], *changed])


def test_the_sample_edge_is_good() -> None:
    assert report(edge_mapping()) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"sources": ["10.0.0.1"]},
         "sources[0]: '10.0.0.1' is an address without a prefix length. Fix: write 10.0.0.1/32."),
        ({"sources": ["10.0.0.1/8"]},
         "sources[0]: '10.0.0.1/8' has address bits set beyond its prefix length. Fix: write 10.0.0.0/8."),
        ({"sources": ["0.0.0.0/0"]}, "sources[0]: '0.0.0.0/0' is every address. Fix: write anywhere."),
        ({"sources": ["office"]},
         "sources[0]: 'office' is not a source. Fix: write an IPv4 block, as 198.51.100.0/24, or anywhere."),
        ({"sources": ["169.254.0.0/24"]},
         "sources[0]: '169.254.0.0/24' has addresses of 169.254.0.0/16 (link-local), from which nothing reaches a load "
         "balancer. Fix: remove it."),
        ({"sources": ["10.1.0.0/16", "10.0.0.0/8"]},
         "sources[0]: '10.1.0.0/16' adds nothing to 10.0.0.0/8 of the same rule. Fix: remove it."),
        ({"sources": ["10.1.0.0/16", "10.1.0.0/16"]}, "sources[1]: '10.1.0.0/16' is listed twice. Fix: remove it."),
        ({"ports": [22]}, f"ports[0]: 22 {NO_SSH}. Fix: use a session of AWS Systems Manager, and remove it."),
        ({"ports": [8080]},
         "ports[0]: 8080 is neither 80 nor 443. Fix: declare the port under edge.tcpPorts and write its name here."),
        ({"ports": ["443"]}, "ports[0]: '443' is a number in quotes. Fix: write 443 without quotes."),
        ({"ports": [True]},
         "ports[0]: true is not a port. Fix: write 80, 443 or the name of one of edge.tcpPorts."),
        ({"ports": [443, 443]}, "ports[1]: 443 is listed twice. Fix: remove it."),
        ({"ports": [80]}, "ports: [80] open 80 without 443, and 80 only redirects to 443. Fix: add 443."),
        ({"ports": ["mysql"], "hosts": []},
         "ports[0]: 'mysql' is no port of edge.tcpPorts. Fix: write 80, 443 or one of postgres."),
        ({"ports": [443, "postgres"]},
         "ports: [443, 'postgres'] mix ports that carry host names with plain TCP, which carries none. Fix: make two "
         "rules of it."),
        ({"ports": ["postgres"]},
         "hosts: ['new.example.com'] are names, and plain TCP carries none. Fix: remove them."),
        ({"hosts": []},
         "hosts: are missing: on 80 and 443 nothing is open but by name. Fix: add hosts, for example "
         "['shop.example.com']."),
        ({"hosts": ["*"]},
         "hosts[0]: '*' would open every name. Fix: name the hosts, or a wildcard below a domain of yours, as "
         "*.example.com."),
        ({"hosts": ["a.*.com"]},
         "hosts[0]: 'a.*.com' has a wildcard that is not the whole first label. Fix: write the wildcard as "
         "*.example.com."),
        ({"hosts": ["*.com"]},
         "hosts[0]: '*.com' is a wildcard over a whole top-level domain. Fix: write it below a domain of yours, as "
         "*.example.com."),
        ({"hosts": ["192.0.2.1"]},
         "hosts[0]: '192.0.2.1' is an address, and a route needs a name. Fix: write a host name, as shop.example.com."),
        ({"hosts": ["Shop.example.com"]},
         "hosts[0]: 'Shop.example.com' is not a host name. Fix: write lower-case labels of letters, digits and hyphens "
         "joined by dots, as shop.example.com, and at most 230 characters."),
        ({"hosts": ["*.new.example.com", "one.new.example.com"]},
         "hosts[1]: 'one.new.example.com' adds nothing to *.new.example.com of the same rule. Fix: remove it."),
        ({"name": "web"}, "name: 'web' is declared twice among the rules. Fix: rename or remove one."),
    ],
)  # fmt: skip
def test_a_bad_rule(change: dict[str, Any], line: str) -> None:
    rule = {"name": "new", "sources": ["192.0.2.0/24"], "ports": [443], "hosts": ["new.example.com"], **change}
    assert report(rules(rule)) == [f"edge.firewall[3].{line}"]


@pytest.mark.parametrize(
    ("rule", "problem", "by"),
    [
        ({"sources": ["192.0.2.0/24"], "ports": [443], "hosts": ["one.apps.example.com"]},
         "is shadowed: all that it allows is allowed by web already", "web"),
        ({"sources": ["198.51.100.0/25"], "ports": [443], "hosts": ["admin.example.com", "shop.example.com"]},
         "is shadowed: all that it allows is allowed by office, web already", "office, web"),
        ({"sources": ["198.51.100.0/24"], "ports": [443], "hosts": ["admin.example.com"]},
         "is shadowed: all that it allows is allowed by office already", "office"),
        ({"sources": ["198.51.100.0/25", "192.0.2.0/24"], "ports": [443], "hosts": ["admin.example.com"]},
         "overlaps office: 198.51.100.0/25 to admin.example.com:443 is allowed by office already", "office"),
        ({"sources": ["10.8.1.0/24", "192.0.2.0/24"], "ports": ["postgres"]},
         "overlaps partners: 10.8.1.0/24 to port postgres is allowed by partners already", "partners"),
    ],
)  # fmt: skip
def test_a_rule_that_another_makes_idle(rule: dict[str, Any], problem: str, by: str) -> None:
    assert report(rules({"name": "new", **rule})) == [f"edge.firewall[3]: 'new' {problem}. Fix: {NARROW} out of {by}."]


def test_a_rule_that_says_twice_what_another_allows_is_shadowed_all_the_same() -> None:
    hosts = ["one.apps.example.com"] * 2
    assert report(rules({"name": "new", "sources": ["192.0.2.0/24"], "ports": [443], "hosts": hosts})) == [
        f"edge.firewall[3]: 'new' is shadowed: all that it allows is allowed by web already. Fix: {NARROW} out of web.",
        "edge.firewall[3].hosts[1]: 'one.apps.example.com' is listed twice. Fix: remove it.",
    ]


@pytest.mark.parametrize(
    ("of_rule", "of_route", "places"),
    [
        ("x.new.example.com", "*.new.example.com", ["firewall[3]"]),
        ("*.new.example.com", "x.new.example.com", ["routes[3]"]),
        ("x.new.example.com", "x.new.example.com", []),
    ],
)
def test_a_name_as_long_as_a_wildcard_that_covers_it(of_rule: str, of_route: str, places: list[str]) -> None:
    rule = {"name": "new", "sources": ["anywhere"], "ports": [443], "hosts": [of_rule]}
    mapping = edge_mapping(
        firewall=[*EDGE["firewall"], rule], routes=[*EDGE["routes"], {**SHOP, "name": "new", "hosts": [of_route]}]
    )
    assert report(mapping) == [
        f"edge.{at}.hosts[0]: 'x.new.example.com' is as long as *.new.example.com, and the router takes the longer "
        "name for the more exact one. Fix: use a first label of two characters or more."
        for at in places
    ]


def test_a_later_rule_may_shadow_an_earlier_one() -> None:
    wide = {"name": "wide", "sources": ["anywhere"], "ports": [443], "hosts": ["*.example.com"]}
    found = report(edge_mapping(firewall=[OFFICE, PARTNERS, {**WEB, "ports": [80, 443]}, wide]))
    assert [line.split(" Fix:")[0] for line in found] == [
        "edge.firewall[0]: 'office' is shadowed: all that it allows is allowed by wide already.",
        "edge.firewall[2]: 'web' overlaps wide: anywhere to shop.example.com:443 is allowed by wide already.",
    ]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"routes": [SHOP, APPS, {**ADMIN, "name": "shop"}]},
         ["edge.routes[2].name: 'shop' is declared twice among the routes. Fix: rename or remove one."]),
        ({"routes": [SHOP, APPS, {**ADMIN, "path": "/admin/./x"}]},
         ["edge.routes[2].path: '/admin/./x' has '/./', which the router takes in no path. Fix: remove it."]),
        ({"routes": [SHOP, APPS, {**ADMIN, "hosts": ["other.example.com"]}]},
         ["edge.routes[2].hosts[0]: 'other.example.com' can be reached by nobody: no rule of the firewall allows it on "
          "443. Fix: add it to the hosts of a rule of edge.firewall with port 443, or "
          "remove it."]),
        ({"firewall": [WEB, {**OFFICE, "ports": [80]}, PARTNERS]},
         ["edge.firewall[1].ports: [80] open 80 without 443, and 80 only redirects to 443. Fix: add 443.",
          "edge.routes[2].hosts[0]: 'admin.example.com' can be reached by nobody: no rule of the firewall allows it on "
          "443. Fix: add it to the hosts of a rule of edge.firewall with port 443, or remove it."]),
        ({"routes": [SHOP, APPS, {**ADMIN, "namespace": "else"}]},
         ["edge.routes[2].namespace: 'else' is none of cluster.namespaces, so no network policy guards it. Fix: "
          "declare it there, or write one of shop, back."]),
        ({"routes": [SHOP, APPS, {**ADMIN, "podLabels": {}}]},
         ["edge.routes[2].podLabels: {} would select every pod of the namespace. Fix: write the labels of the pods "
          "behind the Service."]),
        ({"tcpPorts": [POSTGRES, {**POSTGRES, "name": "idle"}]},
         ["edge.tcpPorts[1].name: 'idle' is opened by no rule of the firewall. Fix: add a rule, or remove it.",
          "edge.tcpPorts[1].port: 5432 is declared twice among the TCP ports. Fix: rename or remove one."]),
        ({"tcpPorts": [POSTGRES, {**POSTGRES, "port": 5433}]},
         ["edge.tcpPorts[1].name: 'postgres' is declared twice among the TCP ports. Fix: rename or remove one."]),
        ({"tcpPorts": [POSTGRES, {**POSTGRES, "name": "https", "port": 9}]},
         ["edge.tcpPorts[1].name: 'https' is the name of a port that the router has. Fix: choose another name."]),
    ],
)  # fmt: skip
def test_bad_routes_and_ports(change: dict[str, Any], lines: list[str]) -> None:
    assert report(edge_mapping(**change)) == lines


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"tls": {"acm": ACM.replace("eu-central-1", "us-east-1")}},
         [f"edge.tls.acm: {ACM.replace('eu-central-1', 'us-east-1')!r} is not of the environment's region and account, "
          "from which alone a load balancer takes certificates. Fix: name one of eu-central-1 and 111122223333."]),
        ({"tls": {"acm": ACM, "acme": {}}},
         ["edge.tls.acme: is of no use where the load balancer ends TLS with acm. Fix: remove one of both."]),
        ({"tls": {}},
         [f"edge.routes[1].hosts[0]: '*.apps.example.com' is a wildcard, and http01 proves single names only. Fix: "
          f"{NO_HTTP01}",
          "edge.routes[2].hosts[0]: 'admin.example.com' is not open on 80 from anywhere, so Let's Encrypt cannot prove "
          f"it by http01. Fix: {NO_HTTP01}"]),
        ({"tls": {}, "internal": True, "routes": [SHOP]},
         ["edge.routes[0].hosts[0]: 'shop.example.com' is behind an internal load balancer, which Let's Encrypt cannot "
          f"reach. Fix: {NO_HTTP01}"]),
        ({"tls": {"acme": {"solver": "dns01"}}},
         ["edge.tls.acme.solver: 'dns01' needs a zone to write into. Fix: declare edge.dns."]),
        ({"tls": {"acme": {"solver": "dns01"}}, "dns": {"zone": "apps.example.com", "zoneId": "Z0123456789EXAMPLE"}},
         [f"edge.routes[{index}].hosts[0]: {host!r} is outside the zone apps.example.com, so dns01 cannot prove it. "
          "Fix: use acm or another zone." for index, host in ((0, "shop.example.com"), (2, "admin.example.com"))]),
    ],
)  # fmt: skip
def test_certificates_that_cannot_be_had(change: dict[str, Any], lines: list[str]) -> None:
    assert report(edge_mapping(**change)) == lines


def test_namespaces_of_backends_where_none_is_declared() -> None:
    assert report(sample_mapping(edge=EDGE)) == [
        f"edge.{at}.namespace: {namespace!r} is none of cluster.namespaces, so no network policy guards it. Fix: "
        "declare it under cluster.namespaces."
        for at, namespace in (
            ("routes[0]", "shop"), ("routes[1]", "shop"), ("routes[2]", "back"), ("tcpPorts[0]", "back"),
        )
    ]  # fmt: skip


def blocks(count: int) -> list[str]:
    return [f"10.{number}.0.0/24" for number in range(count)]


def test_as_many_sources_as_a_security_group_has_rules_for() -> None:
    # The sample's own rules become four: 80 and 443 from anywhere, and two blocks on 5432.
    new = {"name": "new", "ports": [443], "hosts": ["new.example.com"]}
    tcp = {"name": "new", "sources": blocks(56), "ports": ["postgres"]}
    without = edge_mapping(firewall=[WEB, OFFICE, {**tcp, "sources": blocks(58)}])
    assert report(without) == []
    assert report(edge_mapping(firewall=[WEB, OFFICE, {**tcp, "sources": blocks(59)}])) == [
        "edge.firewall: becomes 61 inbound rules of the load balancer's security group, one for each port and source, "
        "and AWS allows 60. Fix: take wider blocks or fewer ports."
    ]
    # Sources inside anywhere cost nothing.
    assert report(rules({**new, "sources": blocks(60)})) == []


def test_an_edge_without_machines() -> None:
    groups = [group for group in ENVIRONMENT["instanceGroups"] if group["role"] != "Edge"]
    assert report({**edge_mapping(), "instanceGroups": groups}) == [
        "edge: has no machines: no instance group has the role Edge. Fix: add an instance group with role: Edge, of "
        "two machines or more."
    ]


def test_a_wrong_value_in_a_group_does_not_hide_that_the_edge_has_no_machines() -> None:
    groups = [group for group in ENVIRONMENT["instanceGroups"] if group["role"] != "Edge"]
    lines = report({**edge_mapping(), "instanceGroups": [*groups, group_mapping("wrong", machineType="m7i-large")]})
    assert [line.partition(" ")[0] for line in lines] == [f"instanceGroups[{len(groups)}].machineType:", "edge:"]


def test_no_edge_needs_no_machines() -> None:
    groups = [group for group in ENVIRONMENT["instanceGroups"] if group["role"] != "Edge"]
    assert report(sample_mapping(instanceGroups=groups)) == []


def test_all_problems_are_reported_together() -> None:
    bad = {"name": "bad", "sources": ["10.0.0.1"], "ports": [22], "hosts": ["*"]}
    assert len(report(edge_mapping(firewall=[WEB, bad], routes=[{**SHOP, "namespace": "else"}], tcpPorts=[]))) == 4
