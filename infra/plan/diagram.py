"""A picture of an environment, drawn from its plan as a Mermaid flowchart, which GitHub and GitLab render."""

from __future__ import annotations

from infra.plan.environment import EnvironmentPlan
from infra.plan.instance_group import InstanceGroupPlan
from infra.plan.network import ZonePlan


def diagram(plan: EnvironmentPlan) -> str:
    """Return the flowchart: zones with their subnets, NAT gateways, instance groups, state bucket and queue."""
    lines = ["flowchart TB", '  internet(["Internet"])']
    lines += [f'  subgraph vpc["VPC {plan.network.cidr}"]', '    igw["internet gateway"]']
    nat_zones = {nat.zone for nat in plan.network.nat_gateways}
    for zone in plan.network.zones:
        lines += _zone(plan, zone, zone.zone in nat_zones)
    spread = [group for group in plan.groups if len(group.scaling.zones) > 1]
    lines += [f"    {_node(group)}" for group in spread]
    lines += ["  end", "  internet <--> igw"]
    lines += _ways_out(plan)
    for group in spread:
        kind = "priv" if group.scaling.subnet_kind == "private" else "pub"
        lines += [f"  {_id(group.identity)} --- {kind}_{_id(zone)}" for zone in group.scaling.zones]
    lines += [
        f'  bucket[("state bucket<br/>{plan.state_bucket.bucket}")]',
        f'  queue[/"termination queue<br/>{plan.termination.queue_name}"/]',
        "  vpc -- S3 endpoint --> bucket",
        "  vpc -- notices of Auto Scaling and EC2 --> queue",
    ]
    return "\n".join(lines) + "\n"


def _zone(plan: EnvironmentPlan, zone: ZonePlan, has_nat: bool) -> list[str]:
    key = _id(zone.zone)
    lines = [f'    subgraph zone_{key}["{zone.zone}"]']
    lines.append(f'      pub_{key}["public subnet<br/>{zone.public.cidr}"]')
    if has_nat:
        lines.append(f'      nat_{key}{{{{"NAT gateway"}}}}')
    lines.append(f'      priv_{key}["private subnet<br/>{zone.private.cidr}"]')
    for group in plan.groups:
        if group.scaling.zones == (zone.zone,):
            kind = "priv" if group.scaling.subnet_kind == "private" else "pub"
            lines += [f"      {_node(group)}", f"      {_id(group.identity)} --- {kind}_{key}"]
    return [*lines, "    end"]


def _ways_out(plan: EnvironmentPlan) -> list[str]:
    lines = []
    for zone in plan.network.zones:
        key = _id(zone.zone)
        lines.append(f"  pub_{key} --> igw")
        if zone.nat_zone is not None:
            lines.append(f"  priv_{key} --> nat_{_id(zone.nat_zone)}")
    lines += [f"  nat_{_id(nat.zone)} --> igw" for nat in plan.network.nat_gateways]
    return lines


def _node(group: InstanceGroupPlan) -> str:
    scaling = group.scaling
    sizes = (
        str(scaling.min_size) if scaling.min_size == scaling.max_size else f"{scaling.min_size} to {scaling.max_size}"
    )
    machines = group.launch_template.instance_type or "mixed types"
    return f'{_id(group.identity)}["{group.name} ({group.role})<br/>{sizes} x {machines}"]'


def _id(name: str) -> str:
    """Return a name as Mermaid takes it for an identifier; the prefix keeps it apart from Mermaid's own words."""
    return "n_" + name.replace("-", "_").replace(".", "_")
