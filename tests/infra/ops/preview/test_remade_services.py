from __future__ import annotations

from typing import Any

import pytest

from tests.infra.ops.preview.made import report_of, step

SERVICE = "kubernetes:core/v1:Service"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"type": "ClusterIP"}, {"clusterIP": "None"}, "ClusterIP → headless"),
        ({"clusterIP": "None"}, {"type": "ExternalName", "externalName": "a.example.com"}, "headless → ExternalName"),
    ],
)
def test_a_service_that_is_made_anew_is_away_in_between(old: dict[str, Any], new: dict[str, Any], words: str) -> None:
    metadata = {"metadata": {"namespace": "shop", "name": "database"}}
    sides = ({**metadata, "spec": old}, {**metadata, "spec": new})
    report = report_of(step("replace", SERVICE, "shop-database", *sides), step("update", SERVICE, "other", *sides))
    assert [each for each in report.sentences if each.startswith("Made in")] == []
    assert [each for each in report.sentences if each.startswith("Deleted first")] == [
        f"Deleted first and then made again: Service shop/database ({words}). In between nothing answers to the name, "
        "and callers that keep the old address reach nothing until they ask for the name anew."
    ]


def test_a_service_of_another_namespace_has_another_name_and_the_old_one_goes_last() -> None:
    old, new = ({"metadata": {"namespace": space, "name": "web"}, "spec": {}} for space in ("shop", "back"))
    report = report_of(step("replace", SERVICE, "web", old, new))
    assert [each for each in report.sentences if "Service" in each] == [
        "Made in another place: Service shop/web → back/web. The old name answers to nobody after the update: callers "
        "in the cluster need the new one, with its namespace where theirs is another."
    ]


def test_ports_that_a_service_answers_at_no_more_are_told_and_noticed() -> None:
    metadata = {"metadata": {"namespace": "shop", "name": "web"}}
    http, dns = {"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": "UDP"}
    old, new = ({**metadata, "spec": {"ports": ports}} for ports in ([http, dns], [{**http, "port": 80}]))
    report = report_of(step("update", SERVICE, "web", old, new))
    assert report.verdict == "attention"
    assert [each for each in report.sentences if "Service" in each] == [
        "Ports that Services answer at no more: Service shop/web (TCP 8080, UDP 53). Who calls there reaches nothing."
    ]
    more = report_of(step("update", SERVICE, "web", new, {**metadata, "spec": {"ports": [{**http, "port": 80}, dns]}}))
    assert more.verdict == "fine"


def test_a_port_of_another_name_has_a_gap_and_one_of_another_number_has_none() -> None:
    def told(**change: Any) -> list[str]:
        metadata = {"metadata": {"namespace": "shop", "name": "web"}}
        port = {"name": "http", "port": 80, "targetPort": "http"}
        sides = ({**metadata, "spec": {"ports": [each]}} for each in (port, {**port, **change}))
        report = report_of(step("update", SERVICE, "web", *sides))
        assert (report.verdict == "attention") is any("Service" in each for each in report.sentences)
        return [each for each in report.sentences if "Service" in each]

    assert told(appProtocol="kubernetes.io/h2c") == []
    assert told(name="web", targetPort="web") == [
        "Ports of Services that lead to another port of the pods: Service shop/web (TCP 80: http → web). Nothing "
        "answers there until the new pods are ready. A port that keeps its name has no such gap, whatever its number."
    ]
