"""A picture of an environment, drawn from its plan: zones as columns, instance groups as bars across their zones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from infra.plan.edge import EdgePlan
from infra.plan.environment import EnvironmentPlan
from infra.plan.instance_group import InstanceGroupPlan
from infra.plan.svg import Box, Drawing

STYLE = """
.page { fill: #ffffff }
text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.strong { font-weight: 600 }
.quiet { fill: #59636e }
.middle { text-anchor: middle }
rect, polyline { fill: none; stroke: #59636e }
.page { stroke: none; fill: #ffffff }
.vpc { stroke-width: 1.5 }
.zone { stroke-dasharray: 5 4 }
.public { fill: #ddf4ff; stroke: #54aeff }
.private { fill: #f6f8fa; stroke: #afb8c1 }
.part { fill: #ffffff }
.ControlPlane { fill: #fbefff; stroke: #8250df }
.Node { fill: #dafbe1; stroke: #1a7f37 }
.Edge { fill: #fff1e5; stroke: #bc4c00 }
.gap { stroke-dasharray: 2 3 }
.head { fill: #59636e; stroke: none }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117 }
  text { fill: #f0f6fc }
  .quiet { fill: #9198a1 }
  rect, polyline { stroke: #9198a1 }
  .page { stroke: none }
  .public { fill: #0c2d4a; stroke: #388bfd }
  .private { fill: #151b23; stroke: #3d444d }
  .part { fill: #0d1117 }
  .ControlPlane { fill: #2f1f4f; stroke: #ab7df8 }
  .Node { fill: #12361f; stroke: #3fb950 }
  .Edge { fill: #43260f; stroke: #f0883e }
  .head { fill: #9198a1 }
}
"""

_MARGIN = 24
_COLUMN = 236
_GAP = 16
_ROW = 48
_BAR = 40
_HEAD = 28
"""Height of a line that names a box, in px."""
_ROUTES = 30
"""Height between public and private subnets, where the routes to NAT gateways run."""
_VPC_TOP = 142
"""Where the VPC begins: below the title and the internet."""
_TOP = _VPC_TOP + 48
"""Where the zones begin: below the internet gateway and the bus from which the public subnets hang."""


@dataclass(frozen=True)
class _Layout:
    """Where things stand."""

    columns: dict[str, float]
    """Zone -> x of its column."""
    public: dict[int, list[InstanceGroupPlan]]
    private: dict[int, list[InstanceGroupPlan]]
    """Row -> the groups that share it; no two of a row have a zone in common."""
    nat: bool

    @property
    def width(self) -> float:
        """Width of the whole."""
        count = len(self.columns)
        return 4 * _MARGIN + max(count * _COLUMN + (count - 1) * _GAP, 2 * _COLUMN + _GAP)

    @property
    def public_height(self) -> float:
        """Height of a public subnet."""
        return _HEAD + (_ROW if self.nat else 0) + _ROW * len(self.public) + 4

    @property
    def private_top(self) -> float:
        """The y of the private subnets."""
        return _TOP + _HEAD + self.public_height + _ROUTES

    @property
    def private_height(self) -> float:
        """Height of a private subnet."""
        return _HEAD + _ROW * len(self.private) + 4

    @property
    def vpc(self) -> Box:
        """The VPC."""
        bottom = self.private_top + self.private_height + _GAP
        return Box(_MARGIN, _VPC_TOP, self.width - 2 * _MARGIN, bottom + _GAP - _VPC_TOP)

    def public_subnet(self, zone: str) -> Box:
        """The public subnet of a zone."""
        return Box(self.columns[zone] + 8, _TOP + _HEAD, _COLUMN - 16, self.public_height)

    def private_subnet(self, zone: str) -> Box:
        """The private subnet of a zone."""
        return Box(self.columns[zone] + 8, self.private_top, _COLUMN - 16, self.private_height)


def diagram(plan: EnvironmentPlan) -> str:
    """Return the picture as an SVG document, legible on a light and on a dark page."""
    layout = _layout(plan)
    height = layout.vpc.bottom + 106
    spec = plan.spec
    drawing = Drawing(layout.width, height, f"The environment {spec.name}", STYLE)
    heading = f"{spec.name}: {spec.cluster.name}"
    drawing.text(_MARGIN, 34, heading, "title", room=layout.width - 2 * _MARGIN)
    drawing.text(_MARGIN, 54, f"account {spec.account_id}, {spec.region}", "quiet", room=layout.width - 2 * _MARGIN)
    _vpc(drawing, plan, layout)
    for zone in plan.network.zones:
        _zone(drawing, plan, layout, zone.zone)
    _routes(drawing, plan, layout)
    below_nat = _TOP + 2 * _HEAD + (_ROW if layout.nat else 0)
    for rows, first in ((layout.public, below_nat), (layout.private, layout.private_top + _HEAD)):
        for row, groups in rows.items():
            for group in groups:
                _group(drawing, layout, group, first + row * _ROW)
                if plan.edge is not None and group.role == "Edge":
                    _way_in(drawing, layout, group, first + row * _ROW)
    if plan.edge is not None:
        _load_balancer(drawing, plan.edge, layout)
    _outside(drawing, plan, layout)
    return str(drawing)


def _layout(plan: EnvironmentPlan) -> _Layout:
    zones = [zone.zone for zone in plan.network.zones]
    # A single zone stands in the middle of the room that two would take.
    left = 2 * _MARGIN + ((_COLUMN + _GAP) / 2 if len(zones) == 1 else 0)
    return _Layout(
        columns={zone: left + number * (_COLUMN + _GAP) for number, zone in enumerate(zones)},
        public=_rows([group for group in plan.groups if group.scaling.subnet_kind == "public"]),
        private=_rows([group for group in plan.groups if group.scaling.subnet_kind == "private"]),
        nat=bool(plan.network.nat_gateways),
    )


def _rows(groups: Sequence[InstanceGroupPlan]) -> dict[int, list[InstanceGroupPlan]]:
    """Put each group into the first row where none has a zone in common with it."""
    rows: dict[int, list[InstanceGroupPlan]] = {}
    for group in groups:
        zones = set(group.scaling.zones)
        row = 0
        while any(zones & set(other.scaling.zones) for other in rows.get(row, [])):
            row += 1
        rows.setdefault(row, []).append(group)
    return rows


def _vpc(drawing: Drawing, plan: EnvironmentPlan, layout: _Layout) -> None:
    vpc = layout.vpc
    drawing.box(vpc, "vpc", radius=10)
    name = plan.network.existing_vpc_id or "VPC"
    drawing.text(vpc.x + 14, vpc.y + 24, f"{name} {plan.network.cidr}", "strong", room=vpc.width / 2 - 90)
    public = [zone.zone for zone in plan.network.zones if zone.public is not None]
    if not public:
        return
    internet = Box(vpc.middle - 48, 76, 96, 28)
    gateway = Box(vpc.middle - 68, vpc.y - 13, 136, 26)
    drawing.box(internet, "part", radius=14)
    drawing.text(vpc.middle, internet.y + 19, "Internet", "strong middle", room=internet.width)
    drawing.line([(vpc.middle, internet.bottom), (vpc.middle, gateway.y)], "way")
    drawing.box(gateway, "part", radius=13)
    drawing.text(vpc.middle, gateway.y + 18, "internet gateway", "middle", room=gateway.width)
    # A bus from which every public subnet hangs.
    bus = _TOP - 14
    drops = [_drop(layout.public_subnet(zone)) for zone in public]
    drawing.line([(vpc.middle, gateway.bottom), (vpc.middle, bus)], "way")
    drawing.line([(min([*drops, vpc.middle]), bus), (max([*drops, vpc.middle]), bus)], "way")


def _drop(subnet: Box) -> float:
    """Return the x at which a public subnet hangs from the bus: right of the zone's name."""
    return subnet.right - 28


def _zone(drawing: Drawing, plan: EnvironmentPlan, layout: _Layout, name: str) -> None:
    zone = next(each for each in plan.network.zones if each.zone == name)
    public, private = layout.public_subnet(name), layout.private_subnet(name)
    column = Box(layout.columns[name], _TOP, _COLUMN, private.bottom + 8 - _TOP)
    drawing.box(column, "zone")
    drawing.text(column.x + 10, column.y + 19, name, "strong", room=_COLUMN - 60)
    for box, look, subnet in ((public, "public", zone.public), (private, "private", zone.private)):
        if subnet is not None:
            drawing.box(box, look)
            drawing.text(box.x + 10, box.y + 19, f"{look} {subnet.cidr}", "quiet", room=box.width - 20)
    if zone.public is not None:
        drawing.line([(_drop(public), _TOP - 14), (_drop(public), public.y)], "way")


def _routes(drawing: Drawing, plan: EnvironmentPlan, layout: _Layout) -> None:
    """Draw the NAT gateways and each private subnet's way to its own."""
    for nat in plan.network.nat_gateways:
        subnet = layout.public_subnet(nat.zone)
        box = Box(subnet.x + 8, subnet.y + _HEAD, subnet.width - 16, _BAR)
        drawing.box(box, "part")
        drawing.text(box.x + 10, box.y + 25, "NAT gateway", "name", room=box.width - 20)
        users = [zone.zone for zone in plan.network.zones if zone.nat_zone == nat.zone]
        bus = subnet.bottom + _ROUTES / 2
        middles = [layout.private_subnet(zone).middle for zone in users]
        for middle in middles:
            drawing.line([(middle, layout.private_top), (middle, bus)], "way")
        drawing.line([(min([*middles, subnet.middle]), bus), (max([*middles, subnet.middle]), bus)], "way")
        drawing.arrow([(subnet.middle, bus), (subnet.middle, box.bottom)], "way")


def _runs(layout: _Layout, zones: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the first and the last zone of each run of neighbouring columns."""
    order = list(layout.columns)
    places = sorted(order.index(zone) for zone in zones)
    first = places[0]
    for place, following in zip(places, [*places[1:], None], strict=True):
        if following != place + 1:
            yield order[first], order[place]
            first = following if following is not None else first


def _group(drawing: Drawing, layout: _Layout, group: InstanceGroupPlan, y: float) -> None:
    scaling = group.scaling
    runs = list(_runs(layout, scaling.zones))
    bars = [
        Box(layout.columns[first] + 16, y, layout.columns[last] - layout.columns[first] + _COLUMN - 32, _BAR)
        for first, last in runs
    ]
    for left, right in pairwise(bars):
        drawing.line([(left.right, y + _BAR / 2), (right.x, y + _BAR / 2)], "gap")
    size = f"{scaling.min_size} to {scaling.max_size}" if scaling.min_size < scaling.max_size else str(scaling.max_size)
    spot = scaling.mixed is not None and scaling.mixed.on_demand_above_base < 100
    types = group.launch_template.instance_type or "mixed types"
    for bar in bars:
        drawing.box(bar, group.role)
        drawing.text(bar.x + 10, bar.y + 17, group.name, "strong", room=bar.width - 20)
        detail = f"{size} x {types}{', Spot' if spot else ''}"
        drawing.text(bar.x + 10, bar.y + 33, detail, "quiet", room=bar.width - 20)


def _load_balancer(drawing: Drawing, edge: EdgePlan, layout: _Layout) -> None:
    """Draw the edge's load balancer on the border of the VPC; one of private addresses has no way from the internet."""
    vpc = layout.vpc
    box = Box(vpc.right - 214, vpc.y - 13, 206, 26)
    if not edge.balancer.internal:
        drawing.line([(vpc.middle + 48, 90), (box.middle, 90), (box.middle, box.y)], "way")
    drawing.box(box, "Edge", radius=13)
    ports = ", ".join(str(listener.port) for listener in edge.balancer.listeners)
    drawing.text(box.middle, box.y + 18, f"load balancer: {ports}", "middle", room=box.width - 12)


def _way_in(drawing: Drawing, layout: _Layout, group: InstanceGroupPlan, y: float) -> None:
    """Draw the way from the load balancer, down the right side of the VPC, to a group of the router's machines."""
    vpc = layout.vpc
    right = max(layout.columns[zone] for zone in group.scaling.zones) + _COLUMN - 16
    side = vpc.right - 12
    drawing.arrow([(side, vpc.y + 13), (side, y + _BAR / 2), (right, y + _BAR / 2)], "way")


def _outside(drawing: Drawing, plan: EnvironmentPlan, layout: _Layout) -> None:
    """Draw what lies outside the VPC: the state bucket, behind the S3 endpoint, and the termination queue."""
    vpc = layout.vpc
    half = (vpc.width - _GAP) / 2
    for number, (name, value, way) in enumerate(
        (
            ("state bucket", plan.state_bucket.bucket, "S3 endpoint"),
            ("termination queue", plan.termination.queue_name, "lifecycle, Spot notices"),
        )
    ):
        box = Box(vpc.x + number * (half + _GAP), vpc.bottom + 36, half, 46)
        drawing.arrow([(box.x + 30, vpc.bottom), (box.x + 30, box.y)], "way")
        drawing.text(box.x + 42, vpc.bottom + 22, way, "quiet", room=half - 50)
        drawing.box(box, "part")
        drawing.text(box.x + 12, box.y + 19, name, "strong", room=half - 24)
        drawing.text(box.x + 12, box.y + 37, value, "quiet", room=half - 24)
