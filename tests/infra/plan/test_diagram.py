"""The picture of an environment: everything of the plan is on it, inside of what it belongs to, and legible."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import pytest

from infra.plan.diagram import STYLE, diagram
from infra.plan.environment import plan_environment
from infra.plan.svg import Box, Drawing, text_width
from infra.spec import EnvironmentSpec
from tests.infra.plan.edge.samples import edge_spec
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec

ZONES = [f"eu-central-1{letter}" for letter in "abcdef"]
SVG = "{http://www.w3.org/2000/svg}"
ROLES = ("ControlPlane", "Node", "Edge")


@dataclass(frozen=True)
class Picture:
    """A drawing, taken apart again."""

    boxes: tuple[tuple[str, Box], ...]
    texts: tuple[tuple[str, float, float, str, str], ...]
    """Class, x, y, the text as shown, and whole."""
    ends: tuple[tuple[float, float], ...]
    """Points of lines."""

    def of(self, look: str) -> list[Box]:
        return [box for each, box in self.boxes if each == look]

    def words(self, box: Box) -> list[str]:
        """Return the texts that begin inside a box, from the top."""
        inside = [t for t in self.texts if box.x <= t[1] <= box.right and box.y <= t[2] <= box.bottom]
        return [whole for *_, whole in sorted(inside, key=lambda t: t[2])]


def picture(svg: str) -> Picture:
    root = ElementTree.fromstring(svg)  # noqa: S314 (drawn by ourselves)
    boxes = [
        (each.get("class", ""), Box(*(float(each.get(name, "")) for name in ("x", "y", "width", "height"))))
        for each in root.iter(f"{SVG}rect")
    ]
    texts = []
    for each in root.iter(f"{SVG}text"):
        whole = each.findtext(f"{SVG}title") or each.text or ""
        place = float(each.get("x", "")), float(each.get("y", ""))
        texts.append((each.get("class", ""), *place, (each.text or "").strip(), whole))
    points = [
        (float(x), float(y))
        for line in root.iter(f"{SVG}polyline")
        for x, y in (point.split(",") for point in line.get("points", "").split())
    ]
    return Picture(tuple(boxes), tuple(texts), tuple(points))


def drawn(spec: EnvironmentSpec) -> Picture:
    return picture(diagram(plan_environment(spec)))


def environment(*groups: dict[str, Any], zones: int = 3, nat: str = "perZone", **change: Any) -> EnvironmentSpec:
    network = {"zones": ZONES[:zones], "nat": nat}
    return sample_spec(network=network, instanceGroups=[*ENVIRONMENT["instanceGroups"], *groups], **change)


def contains(outer: Box, inner: Box) -> bool:
    return (
        outer.x <= inner.x and inner.right <= outer.right and outer.y <= inner.y and inner.bottom <= outer.bottom
    )  # fmt: skip


def overlap(a: Box, b: Box) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


VARIETY = [
    environment(),
    environment(zones=1, nat="none"),
    environment(zones=1, nat="single", cluster={"name": "a" * 48}),
    environment(zones=2, nat="single"),
    environment(
        group_mapping("gaps", zones=[ZONES[0], ZONES[2], ZONES[3], ZONES[5]]),
        group_mapping("x" * 45, zones=[ZONES[1]]),
        group_mapping("public", subnets="public", zones=ZONES[2:4]),
        group_mapping("public-too", subnets="public", zones=ZONES[3:5]),
        zones=6,
        nat="single",
    ),
]


@pytest.mark.parametrize("spec", VARIETY)
def test_everything_lies_inside_of_what_it_belongs_to(spec: EnvironmentSpec) -> None:
    seen = drawn(spec)
    (page,), (vpc,) = seen.of("page"), seen.of("vpc")
    zones, public, private = seen.of("zone"), seen.of("public"), seen.of("private")
    assert len(zones) == len(public) == len(private) == len(spec.network.zones)
    assert all(contains(page, box) for _, box in seen.boxes)
    assert all(0 <= x <= page.right and 0 <= y <= page.bottom for x, y in seen.ends)
    assert all(contains(vpc, zone) for zone in zones)
    for zone, *subnets in zip(zones, public, private, strict=True):
        assert all(contains(zone, subnet) for subnet in subnets)
    bars = [bar for role in ROLES for bar in seen.of(role)]
    span = Box(zones[0].x, zones[0].y, zones[-1].right - zones[0].x, zones[0].height)
    assert all(contains(span, bar) for bar in bars)
    for boxes in (zones, [*public, *private], bars):
        assert not [pair for pair in combinations(boxes, 2) if overlap(*pair)]


@pytest.mark.parametrize("spec", VARIETY)
def test_text_fits_where_it_stands(spec: EnvironmentSpec) -> None:
    seen = drawn(spec)
    assert len(seen.texts) > 15
    for look, x, y, text, _ in seen.texts:
        around = [box for _, box in seen.boxes if box.x <= x <= box.right and box.y <= y <= box.bottom]
        room = min(around, key=lambda box: box.width * box.height)
        width = text_width(text, look)
        left, right = (x - width / 2, x + width / 2) if "middle" in look else (x, x + width)
        assert room.x <= left, text
        assert right <= room.right, text


@pytest.mark.parametrize("spec", VARIETY)
def test_a_bar_crosses_the_zones_of_its_group_and_no_other(spec: EnvironmentSpec) -> None:
    seen = drawn(spec)
    subnets = {
        kind: dict(zip(spec.network.zones, seen.of(kind), strict=True)) for kind in ("public", "private")
    }  # fmt: skip
    bars = [(role, bar) for role in ROLES for bar in seen.of(role)]
    for group in plan_environment(spec).groups:
        own = [bar for role, bar in bars if role == group.role and seen.words(bar)[0] == group.name]
        kind = group.scaling.subnet_kind
        for zone, subnet in subnets[kind].items():
            assert any(overlap(bar, subnet) for bar in own) is (zone in group.scaling.zones), (group.name, zone)
        other = subnets["private" if kind == "public" else "public"]
        assert not [subnet for subnet in other.values() if any(overlap(bar, subnet) for bar in own)]


def test_what_is_written() -> None:
    mixed = {"instances": ["m7i.large", "m6i.large"], "onDemandAboveBase": 0}
    spot = {key: value for key, value in group_mapping("spot").items() if key != "machineType"}
    seen = drawn(environment({**spot, "mixedInstancesPolicy": mixed}, {**spot, "name": "x" * 40, "zones": ZONES[:1]}))
    zone = seen.of("zone")[0]
    assert seen.words(zone)[:5] == [
        "eu-central-1a",
        "public 10.20.0.0/22",
        "NAT gateway",
        "private 10.20.32.0/19",
        "control-plane-a",
    ]
    assert [seen.words(bar) for bar in (*seen.of("ControlPlane"), *seen.of("Node"), *seen.of("Edge"))] == [
        ["control-plane-a", "1 x m7i.large"],
        ["nodes", "2 to 6 x m7i.large"],
        ["spot", "2 to 6 x mixed types, Spot"],
        ["x" * 40, "2 to 6 x t3.medium"],
        ["edge", "2 to 4 x t3.medium"],
    ]
    shown = [text for *_, text, _ in seen.texts]
    assert [text for text in shown if text.startswith("x")] == ["x" * 19 + "…"]
    for text in ("test: test.example.com", "account 111122223333, eu-central-1", "VPC 10.20.0.0/16"):
        assert text in shown
    assert [seen.words(box) for box in seen.of("part")[-2:]] == [
        ["state bucket", "acme-slipway-test"],
        ["termination queue", "test-example-com-nth"],
    ]


@pytest.mark.parametrize(("nat", "gateways"), [("none", 0), ("single", 1), ("perZone", 3)])
def test_nat_gateways(nat: str, gateways: int) -> None:
    seen = drawn(environment(nat=nat))
    boxes = [box for box in seen.of("part") if seen.words(box) == ["NAT gateway"]]
    assert len(boxes) == gateways
    for box, subnet in zip(boxes, seen.of("public"), strict=False):
        assert contains(subnet, box)
    # Each private subnet's way out begins at its upper edge.
    tops = {(subnet.middle, subnet.y) for subnet in seen.of("private")}
    assert len(tops & set(seen.ends)) == (3 if gateways else 0)


def test_groups_share_a_row_where_their_zones_allow_it() -> None:
    members = [group_mapping(f"n{letter}", zones=[f"eu-central-1{letter}"]) for letter in "abc"]
    seen = drawn(environment(*members, group_mapping("last", zones=ZONES[:1])))
    rows = {seen.words(bar)[0]: bar.y for bar in seen.of("Node")}
    first = seen.of("ControlPlane")[0].y
    assert rows["nb"] == rows["nc"] == first
    assert rows["na"] > rows["nodes"] > first
    assert rows["last"] > rows["na"]


def test_a_gap_between_zones_is_bridged() -> None:
    assert "gap" not in diagram(plan_environment(environment())).replace(STYLE, "")
    svg = diagram(plan_environment(environment(group_mapping("gaps", zones=[ZONES[0], ZONES[2]]))))
    assert svg.count('class="gap"') == 1


def test_every_class_has_a_look_by_day_and_by_night() -> None:
    day, night = STYLE.split("@media (prefers-color-scheme: dark)")
    for role in (*ROLES, "page", "public", "private", "part", "quiet", "head"):
        assert f".{role} {{" in day
        assert f".{role} {{" in night


def test_text_is_cut_only_where_it_must_be() -> None:
    drawing = Drawing(100, 50, "", "")
    for text in ("x" * 10, "y" * 11, "z"):
        drawing.text(0, 10, text, "quiet", room=text_width("x" * 10, "quiet") if text != "z" else 0)
    shown = [each.text for each in ElementTree.fromstring(str(drawing)).iter(f"{SVG}text")]  # noqa: S314 (our own)
    assert shown == ["x" * 10, "y" * 9 + "…", "z"]


def test_text_cannot_become_markup() -> None:
    drawing = Drawing(100, 50, "<script>", "")
    drawing.text(0, 10, "<b>&'\"", "quiet", room=1000)
    root = ElementTree.fromstring(str(drawing))  # noqa: S314 (drawn by ourselves)
    assert root.findtext(f"{SVG}title") == "<script>"
    assert root.findtext(f"{SVG}text") == "<b>&'\""


def test_numbers_are_short_and_the_drawing_is_the_same_each_time() -> None:
    spec = environment()
    svg = diagram(plan_environment(spec))
    assert svg == diagram(plan_environment(spec))
    assert not [part for part in svg.split('"') if len(part.partition(".")[2]) > 1 and part.replace(".", "").isdigit()]


@pytest.mark.parametrize(("internal", "ways"), [(False, 1), (True, 0)])
def test_the_load_balancer_of_the_edge_leads_to_its_machines(internal: bool, ways: int) -> None:
    shown = picture(diagram(plan_environment(edge_spec(internal=internal))))
    (vpc,) = shown.of("vpc")
    balancer = next(box for box in shown.of("Edge") if box.height == 26)
    assert any(whole == "load balancer: 80, 443, 5432" for *_, whole in shown.texts)
    assert balancer.y < vpc.y < balancer.bottom
    (bar,) = (box for box in shown.of("Edge") if box.height != 26)
    assert (bar.right + 7, bar.y + bar.height / 2) in shown.ends  # the foot of the arrow head
    assert sum(end == (balancer.middle, balancer.y) for end in shown.ends) == ways


def test_without_an_edge_there_is_no_load_balancer() -> None:
    assert "load balancer" not in diagram(plan_environment(sample_spec()))
