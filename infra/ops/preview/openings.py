"""Security rules in words: which port, from whom, to whom, opened or closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.ops.preview.changes import CREATE, DELETE, IMPORT, Change
from infra.ops.preview.events import Run, State
from infra.ops.preview.inputs import list_in
from infra.ops.preview.secrets import UNKNOWN

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
CLASSIC = "aws:ec2/securityGroupRule:SecurityGroupRule"

ANYWHERE = ("0.0.0.0/0", "::/0")
_SERVICES: Mapping[int, str] = {
    22: "SSH",
    53: "DNS",
    80: "HTTP",
    443: "HTTPS",
    2379: "etcd clients",
    2380: "etcd peers",
    3389: "RDP",
    4240: "Cilium health",
    6443: "Kubernetes API",
    8472: "VXLAN",
    10250: "kubelet",
}


@dataclass(frozen=True)
class Rule:
    """One rule as EC2 applies it."""

    inward: bool
    protocol: str
    ports: tuple[int, int] | None
    group: str
    """Whose security group."""
    peers: tuple[str, ...]
    why: str = ""

    @property
    def to_everyone(self) -> bool:
        """Return whether the other end is the whole internet."""
        return any(peer in ANYWHERE for peer in self.peers)

    def covers(self, port: int) -> bool:
        """Return whether a TCP port is among those of the rule."""
        if self.protocol == "-1":
            return True
        return self.protocol == "tcp" and self.ports is not None and self.ports[0] <= port <= self.ports[1]

    def words(self) -> str:
        """Return the rule as a sentence without a verb."""
        peers = " and ".join(f"{peer} (everyone)" if peer in ANYWHERE else peer for peer in self.peers) or "nobody"
        ends = f"from {peers} to {self.group}" if self.inward else f"from {self.group} to {peers}"
        return f"{self._traffic()} {ends}" + (f" — {self.why}" if self.why else "")

    def _traffic(self) -> str:
        if self.protocol == "-1":
            return "all protocols and ports"
        if self.protocol in ("icmp", "icmpv6") or self.ports is None:
            return self.protocol.upper()
        first, last = self.ports
        if (first, last) == (0, 65535):
            return f"every {self.protocol.upper()} port"
        ports = f"port {first}" if first == last else f"ports {first} to {last}"
        service = _SERVICES.get(first) if first == last else None
        return f"{self.protocol.upper()} {ports}" + (f" ({service})" if service else "")


@dataclass(frozen=True)
class Opening:
    """One rule that is opened or closed."""

    opened: bool
    rule: Rule
    urn: str
    alarming: bool
    """Whether the whole internet is let in."""

    def words(self) -> str:
        """Return the change as a sentence."""
        return f"{'opens' if self.opened else 'closes'} {self.rule.words()}"


def told_once(openings: Iterable[Opening]) -> tuple[Opening, ...]:
    """Return openings without those that say the same: one group's way out and the other's way in are one rule."""
    return tuple({each.words(): each for each in reversed(tuple(openings))}.values())[::-1]


def gravest_first(openings: Iterable[Opening]) -> tuple[Opening, ...]:
    """Return openings in the order in which reports tell them: to everyone, then the other ones, then what closes."""
    return tuple(sorted(told_once(openings), key=lambda each: (not each.alarming, not each.opened)))


def openings_of(run: Run, changes: Sequence[Change]) -> tuple[Opening, ...]:
    """Return what is opened and closed, openings to everyone first."""
    names = _group_names(run)
    found = [opening for change in changes for opening in _of_change(change, names)]
    return gravest_first(found)


def rules_of(type_token: str, name: str, state: State | None, names: Mapping[str, str]) -> tuple[Rule, ...]:
    """Return the rules that a resource declares."""
    if state is None:
        return ()
    inputs = state.inputs
    if type_token in (INGRESS, EGRESS):
        return (_rule(type_token == INGRESS, inputs, _name(inputs.get("securityGroupId"), names), names),)
    if type_token == CLASSIC:
        return (_rule(inputs.get("type") == "ingress", inputs, _name(inputs.get("securityGroupId"), names), names),)
    if type_token == GROUP:
        own = str(inputs.get("name") or name)
        return tuple(
            _rule(key == "ingress", entry, own, names)
            for key in ("ingress", "egress")
            for entry in inputs.get(key) or ()
            if isinstance(entry, Mapping)
        )
    return ()


def _of_change(change: Change, names: Mapping[str, str]) -> Iterator[Opening]:
    old = rules_of(change.type, change.name, change.step.old, names) if change.op not in (CREATE, IMPORT) else ()
    new = rules_of(change.type, change.name, change.step.new, names) if change.op != DELETE else ()
    for rule in new:
        if not any(_same(rule, each) for each in old):
            yield Opening(True, rule, change.urn, rule.inward and rule.to_everyone)
    for rule in old:
        if not any(_same(rule, each) for each in new):
            yield Opening(False, rule, change.urn, False)


def _same(one: Rule, other: Rule) -> bool:
    return (one.inward, one.protocol, one.ports, one.group, sorted(one.peers)) == (
        other.inward,
        other.protocol,
        other.ports,
        other.group,
        sorted(other.peers),
    )


def _rule(inward: bool, inputs: Mapping[str, Any], group: str, names: Mapping[str, str]) -> Rule:
    protocol = str(inputs.get("ipProtocol") or inputs.get("protocol") or "-1").lower()
    first, last = inputs.get("fromPort"), inputs.get("toPort")
    ports = (int(first), int(last)) if isinstance(first, int | float) and isinstance(last, int | float) else None
    return Rule(
        inward=inward,
        protocol={"6": "tcp", "17": "udp", "1": "icmp", "all": "-1"}.get(protocol, protocol),
        ports=None if protocol in ("-1", "all") else ports,
        group=group,
        peers=tuple(_peers(inputs, group, names)),
        why=str(inputs.get("description") or ""),
    )


def _peers(inputs: Mapping[str, Any], group: str, names: Mapping[str, str]) -> Iterator[str]:
    for key in ("cidrIpv4", "cidrIpv6"):
        if inputs.get(key):
            yield str(inputs[key])
    for key in ("cidrBlocks", "ipv6CidrBlocks"):
        yield from (str(each) for each in list_in(inputs.get(key)))
    for key in ("referencedSecurityGroupId", "sourceSecurityGroupId"):
        if inputs.get(key):
            yield _name(inputs[key], names)
    yield from (_name(each, names) for each in list_in(inputs.get("securityGroups")))
    prefixes = list_in(inputs.get("prefixListId") or inputs.get("prefixListIds"))
    yield from (f"prefix list {each}" for each in prefixes)
    if inputs.get("self"):
        yield group


def _name(identifier: Any, names: Mapping[str, str]) -> str:
    if identifier in (None, UNKNOWN):
        return "a security group made by this update"
    return names.get(str(identifier), str(identifier))


def _group_names(run: Run) -> dict[str, str]:
    """Return ID -> name of the security groups in the run."""
    return {
        state.id: str(state.inputs.get("name") or step.name)
        for step in run.steps
        if step.type == GROUP
        for state in (step.old, step.new)
        if state is not None and state.id
    }
