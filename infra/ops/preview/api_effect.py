"""Whether the Kubernetes API goes away while the change is made, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal

from infra.ops.preview.changes import DELETE, REPLACE, UPDATE, Change
from infra.ops.preview.groups import CONTROL_PLANE, Group, Roll
from infra.ops.preview.openings import ANYWHERE, Opening
from infra.ops.preview.remedies import INTERFACE, PUBLIC_API, closes_public_api
from infra.ops.urn import type_of

Level = Literal["none", "one-at-a-time", "interrupted"]

API_PORTS = (443, 6443)
_BALANCER_TYPES = re.compile(r"^aws:(lb|alb)/(loadBalancer|listener|targetGroup):")
_RECORD = "aws:route53/record:Record"
_ENDPOINT = "::slipway:index:ApiEndpoint$"
_EDGE = "EdgeRouter "


@dataclass(frozen=True)
class ApiEffect:
    """What users of the Kubernetes API notice."""

    level: Level
    reasons: tuple[str, ...]
    members: int
    """Machines of the control plane."""


def api_effect(
    groups: Mapping[str, Group], rolls: Sequence[Roll], openings: Sequence[Opening], changes: Sequence[Change]
) -> ApiEffect:
    """Return how the change meets the Kubernetes API."""
    members = sum(group.machines(new=False) for group in groups.values() if group.role == CONTROL_PLANE)
    reasons: list[str] = []
    level: Level = "none"
    rolled = [roll for roll in rolls if roll.role == CONTROL_PLANE]
    closed = any(map(closes_public_api, changes))
    # Who is shut out with the public load balancer is told with it.
    others = [each for each in openings if not (closed and each.urn.endswith(f"::{PUBLIC_API}"))]
    broken = [*_balancers(changes, closed=closed), *_access(others)]
    if joining := _joining(groups):
        reasons.append(_by_hand(joining))
        level = "one-at-a-time"
    if rolled:
        # Members that join do so during the update, so that a roll, which comes after it, meets them too.
        level, reason = _roll(sum(roll.machines for roll in rolled), members + len(joining), answers=not broken)
        reasons.append(reason)
    if broken:
        level = "interrupted"
    return ApiEffect(level, (*reasons, *broken), members)


def _joining(groups: Mapping[str, Group]) -> list[str]:
    """Return the names of members that are new to a control plane that runs."""
    steps = {group.name: group.scaling for group in groups.values() if group.role == CONTROL_PLANE and group.scaling}
    new = sorted(name for name, step in steps.items() if step.op == "create")
    return new if len(new) < len(steps) else []


def _by_hand(joining: Sequence[str]) -> str:
    """Return what a control plane that runs needs done to get further members."""
    return (
        f"{', '.join(joining)} will wait, and the update with it, until etcd has been told of each by hand: take a "
        "snapshot first, and have `etcd_backup.py ctl member add` and `promote` ready (docs/restore-etcd.md, From one "
        "member to three)"
    )


def access_sentences(openings: Sequence[Opening]) -> Iterator[str]:
    """Yield from where the API can be reached that it could not be reached from before, and the other way round."""
    opened, closed = (_api_peers(openings, opened=opened) for opened in (True, False))
    if peers := [peer for peer in opened if not _within(peer, closed)]:
        yield f"The Kubernetes API can be reached from {_who(peers)}. Callers need credentials as before."
    if peers := [peer for peer in opened if peer in closed]:
        yield (
            f"The Kubernetes API is reached from {_who(peers)} through its other load balancer from now on, and no "
            "more through the one before: kubeconfigs that name that one lead nowhere from there."
        )
    if peers := [peer for peer in closed if not _within(peer, opened)]:
        left = [peer for peer in opened if _within(peer, peers)]
        but = f", but for {_who(left)}" if left else ""
        yield f"The Kubernetes API can be reached no more from {_who(peers)}{but}."


def _within(peer: str, others: Sequence[str]) -> bool:
    """Return whether a network is one of others, or a part of one."""
    network = ip_network(peer, strict=False)
    known = (ip_network(each, strict=False) for each in others)
    return any(network.network_address in each and each.prefixlen <= network.prefixlen for each in known)


def _api_peers(openings: Sequence[Opening], *, opened: bool) -> list[str]:
    """Return the networks that a load balancer of the API lets in from now on, or no more."""
    peers = [
        peer
        for each in openings
        if each.opened is opened and each.rule.inward and _is_api(each)
        if any(each.rule.covers(port) for port in API_PORTS)
        for peer in each.rule.peers
        if "/" in peer
    ]
    return list(dict.fromkeys(peers))


def _who(peers: Sequence[str]) -> str:
    return ", ".join("everywhere on the internet" if peer in ANYWHERE else peer for peer in peers)


def _is_api(opening: Opening) -> bool:
    """Return whether it is a rule of a member, or of a load balancer of the API: a new one's group has no name yet.

    Not one of the edge's policy, or of a Service, whose host or name may begin like that of a security group.
    """
    named = re.match(r"(api|control-plane)([-.]|$)", opening.rule.group)
    return (bool(named) and "securityGroup" in type_of(opening.urn)) or _ENDPOINT in opening.urn


def _roll(rolled: int, members: int, *, answers: bool) -> tuple[Level, str]:
    """Return what a roll means for the API; ``answers`` where nothing else keeps it from answering meanwhile."""
    if members < 3:
        which = "its only member is" if members == 1 else f"{rolled} of its {members} members are"
        quorum = "" if members == 1 else "; etcd of two members has no majority without either"
        return "interrupted", (
            f"the control plane has no spare member: {which} replaced by `slipway roll`, and the API is down "
            f"meanwhile{quorum}. Workloads keep running"
        )
    meanwhile = ". The API keeps answering; connections to the member that goes are dropped" if answers else ""
    return "one-at-a-time", (
        f"{rolled} of {members} control-plane members are replaced by `slipway roll`, one at a time with etcd's quorum "
        f"checked before and after{meanwhile}"
    )


def _balancers(changes: Sequence[Change], *, closed: bool) -> Iterator[str]:
    """Yield what becomes of what stands before the API; ``closed`` where the public load balancer goes for good."""
    if closed:
        yield (
            "the load balancer by which it is reached from the internet is deleted, and its name with it: kubeconfigs "
            "that name it lead nowhere, and `pulumi up` itself must reach the API inside the VPC. Machines and pods "
            "reach it as before"
        )
    for change in changes:
        # A host or a port of the edge may be called as the API is.
        if (closed and change.name == PUBLIC_API) or change.component.startswith(_EDGE):
            continue
        if change.op not in (DELETE, REPLACE) and not (change.op == UPDATE and change.type == _RECORD):
            continue
        words = set(re.split(r"[^a-z0-9]+", f"{change.component} {change.name}".lower()))
        about_api = bool(words & {"api", "controlplane", "cluster", "apiserver"}) or {"control", "plane"} <= words
        if not about_api:
            continue
        if _BALANCER_TYPES.match(change.type):
            yield f"{change.label} in front of the API is {change.op}d: the API does not answer until it is back"
        elif change.type == _RECORD and "api" in words:
            yield f"the API's DNS record {change.name} is {change.op}d: clients follow when their caches expire"
        elif change.type == INTERFACE:
            yield f"the network interface {change.name} of a control-plane member is {change.op}d, which cuts it off"


def _access(openings: Sequence[Opening]) -> Iterator[str]:
    for opening in openings:
        rule = opening.rule
        to_plane = "control-plane" in rule.group or "control-plane" in opening.urn.rpartition("-to-")[2]
        if opening.opened or not rule.inward or not to_plane or not any(rule.covers(port) for port in API_PORTS):
            continue
        still = [
            other
            for other in openings
            if other.opened
            and other.rule.group == rule.group
            and set(rule.peers) <= set(other.rule.peers)
            and any(other.rule.covers(port) for port in API_PORTS)
        ]
        if not still:
            yield f"{', '.join(rule.peers)} can no longer reach the API: {rule.words()} is closed"
