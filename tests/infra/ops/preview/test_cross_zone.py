"""What traffic between zones costs, as a preview states it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.ops.preview.cross_zone import SERVICE, SUBNET
from infra.ops.preview.render_json import render_json
from infra.ops.preview.render_markdown import render_markdown
from infra.ops.preview.render_text import render_text
from tests.infra.ops.preview.made import report_of, step


def subnets(*zones: str) -> list[dict[str, Any]]:
    return [step("same", SUBNET, zone, {"availabilityZone": zone}, {"availabilityZone": zone}) for zone in zones]


def inputs(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "shop", "name": name}, "spec": {"type": "ClusterIP", **spec}}


THREE = subnets("eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1c")
SAME_ZONE = {"trafficDistribution": "PreferSameZone"}
PRICE = (
    "$20.00 for each TB that crosses zones (list price of 2025-01-01); of evenly spread traffic over 3 zones 67% does, "
    "unless trafficDistribution keeps it in its zone"
)


def test_services_that_are_made_and_changed() -> None:
    report = report_of(
        *THREE,
        step("create", SERVICE, "a", None, inputs("web")),
        step("create", SERVICE, "b", None, inputs("api")),
        step("create", SERVICE, "c", None, inputs("near", **SAME_ZONE)),
        step("update", SERVICE, "d", inputs("orders"), inputs("orders", **SAME_ZONE)),
        step("update", SERVICE, "e", inputs("back", **SAME_ZONE), inputs("back")),
        # Nothing that routes otherwise, or has no address.
        step("update", SERVICE, "f", inputs("ports"), inputs("ports", ports=[{"port": 1}])),
        step("create", SERVICE, "g", None, inputs("pods", clusterIP="None")),
        step("create", SERVICE, "h", None, inputs("outside", type="ExternalName")),
        step("delete", SERVICE, "i", inputs("gone"), None),
    )
    found = report.cross_zone
    assert found is not None
    assert found.words() == PRICE
    assert [each.words() for each in found.routings] == [
        "shop/back: PreferSameZone → Everywhere, $0.00 → $13.33 per TB",
        "shop/orders: Everywhere → PreferSameZone, $13.33 → $0.00 per TB",
        "shop/api, shop/web: Everywhere, $13.33 per TB",
        "shop/near: PreferSameZone, $0.00 per TB",
    ]
    text, markdown, document = render_text(report).plain, render_markdown(report), json.loads(render_json(report))
    assert f"\nTraffic between zones\n  {PRICE}.\n  shop/back:" in text
    assert f"### Traffic between zones\n\n{PRICE}.\n\n- shop/back:" in markdown
    assert (document["crossZone"]["zones"], document["crossZone"]["usd_per_tb_crossing"]) == (3, 20.0)
    assert document["crossZone"]["routings"][1]["services"] == ["shop/orders"]
    assert round(document["crossZone"]["routings"][1]["usd_per_tb_before"], 2) == 13.33


def test_many_services_are_counted() -> None:
    report = report_of(*THREE, *(step("create", SERVICE, f"s{at}", None, inputs(f"s{at}")) for at in range(8)))
    assert report.cross_zone is not None
    (routing,) = report.cross_zone.routings
    names = ", ".join(f"shop/s{at}" for at in range(6))
    assert routing.words() == f"{names} and 2 more: Everywhere, $13.33 per TB"


@pytest.mark.parametrize(
    "events",
    [
        [*subnets("eu-central-1a"), step("create", SERVICE, "a", None, inputs("web"))],
        [*THREE, step("same", SERVICE, "a", inputs("web"), inputs("web"))],
    ],
    ids=["one-zone", "nothing-changes"],
)
def test_nothing_is_said_where_nothing_can_cross_or_change(events: list[dict[str, Any]]) -> None:
    report = report_of(*events)
    assert report.cross_zone is None
    assert "between zones" not in render_text(report).plain
    assert json.loads(render_json(report))["crossZone"] is None
