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
    assert [each for each in report.sentences if each.startswith("Deleted first")] == [
        f"Deleted first and then made again: Service shop/database ({words}). In between nothing answers to the name, "
        "and callers that keep the old address reach nothing until they ask for the name anew."
    ]
