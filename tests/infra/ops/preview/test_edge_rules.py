from __future__ import annotations

from typing import Any

import pytest
import yaml

from infra.ops.preview.edge_rules import edge_openings
from infra.plan.stateful import OBJECT_TYPE
from tests.infra.ops.preview.made import report_of, step

TCP = [{"name": "postgres", "port": 5432}]


def record(*rules: tuple[list[str], list[Any], list[str]]) -> dict[str, Any]:
    firewall = [
        {"name": f"r{at}", "sources": sources, "ports": ports, "hosts": hosts}
        for at, (sources, ports, hosts) in enumerate(rules)
    ]
    return {"content": yaml.safe_dump({"kind": "Cluster", "spec": {"edge": {"firewall": firewall, "tcpPorts": TCP}}})}


OFFICE = (["198.51.100.0/24"], [80, 443], ["admin.example.com"])
WEB = (["anywhere"], [80, 443], ["example.com"])
DATA: tuple[list[str], list[Any], list[str]] = (["198.51.100.0/24"], ["postgres"], [])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ([WEB, OFFICE], [WEB, (["anywhere"], [443], ["admin.example.com"])],
         ["! opens TCP port 443 (HTTPS) from 0.0.0.0/0 (everyone) to admin.example.com; "
          "until now from 198.51.100.0/24"]),
        ([WEB, (["anywhere"], [443], ["admin.example.com"])], [WEB, OFFICE],
         ["closes TCP port 443 (HTTPS) from 0.0.0.0/0 (everyone) to admin.example.com"]),
        ([OFFICE], [OFFICE, DATA], ["opens TCP port 5432 from 198.51.100.0/24 to the edge"]),
        ([OFFICE, WEB], [WEB, OFFICE], []),
        ([WEB], [WEB, (["203.0.113.7/32"], [443], ["example.com"])], []),
        ([OFFICE], [(["198.51.100.0/24", "203.0.113.7/32"], [80, 443], ["admin.example.com"])],
         ["opens TCP port 443 (HTTPS) from 203.0.113.7/32 to admin.example.com; until now from 198.51.100.0/24"]),
    ],
)  # fmt: skip
def test_what_the_policy_opens_and_closes_by_name(old: list[Any], new: list[Any], told: list[str]) -> None:
    report = report_of(step("update", OBJECT_TYPE, "config", record(*old), record(*new)))
    found = edge_openings(report.changes)
    words = [f"{'! ' if each.alarming else ''}{each.words()}" for each in found]
    assert words == [
        f"{rule} — firewall policy of the edge{sign}{before}"
        for rule, sign, before in (e.partition("; ") for e in told)
    ]
    assert set(found) <= set(report.openings)


def test_an_opening_to_everyone_is_said_among_what_will_happen() -> None:
    new = record((["anywhere"], [443], ["admin.example.com"]))
    report = report_of(step("update", OBJECT_TYPE, "config", record(OFFICE), new))
    assert report.verdict == "attention"
    assert (
        "Everyone on the internet: opens TCP port 443 (HTTPS) from 0.0.0.0/0 (everyone) to admin.example.com — "
        "firewall policy of the edge; until now from 198.51.100.0/24."
    ) in report.sentences


@pytest.mark.parametrize("content", ["a: [", "- 1", "", None, {"secret": 1}])
def test_a_record_that_says_nothing_of_an_edge(content: Any) -> None:
    report = report_of(step("update", OBJECT_TYPE, "config", {"content": content}, {"content": "spec: {}"}))
    assert edge_openings(report.changes) == ()


@pytest.mark.parametrize("opened", [True, False])
def test_a_host_that_is_called_like_the_api_is_not_the_kubernetes_api(opened: bool) -> None:
    office = (["198.51.100.0/24"], [443], ["api.example.com"])
    sides = [record(WEB), record(WEB, office)]
    old, new = sides if opened else reversed(sides)
    report = report_of(step("update", OBJECT_TYPE, "config", old, new))
    assert [each.rule.group for each in edge_openings(report.changes)] == ["api.example.com"]
    assert "The Kubernetes API is not interrupted." in report.sentences
    assert not any("Kubernetes API can be reached" in sentence for sentence in report.sentences)
