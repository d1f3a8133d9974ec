"""What Services open past the edge: load balancers of their own, and ports of every node.

A controller in the cluster makes these, so no security group of the program shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from infra.ops.preview.changes import CREATE, DELETE, IMPORT, Change
from infra.ops.preview.events import State
from infra.ops.preview.inputs import list_in, mapping_in
from infra.ops.preview.openings import ANYWHERE, Opening, Rule, gravest_first

SERVICE: Final = "kubernetes:core/v1:Service"
_NLB = "service.beta.kubernetes.io/aws-load-balancer-"
_FACING = "internet-facing"
_INSIDE = "the VPC and what is routed to it"


def service_openings(changes: Sequence[Change]) -> tuple[Opening, ...]:
    """Return what Services that lead in from outside the cluster open and close."""
    return gravest_first(each for change in changes if change.type == SERVICE for each in _of_change(change))


def _of_change(change: Change) -> Iterator[Opening]:
    old = _rules(change.step.old) if change.op not in (CREATE, IMPORT) else ()
    new = _rules(change.step.new) if change.op != DELETE else ()
    for rule in new:
        if rule not in old:
            yield Opening(True, rule, change.urn, rule.to_everyone)
    for rule in old:
        if rule not in new:
            yield Opening(False, rule, change.urn, False)


def _rules(state: State | None) -> tuple[Rule, ...]:
    inputs = state.inputs if state is not None else {}
    spec, metadata = mapping_in(inputs.get("spec")), mapping_in(inputs.get("metadata"))
    if spec.get("type") not in ("NodePort", "LoadBalancer"):
        return ()
    name = f"Service {metadata.get('namespace', 'default')}/{metadata.get('name', '')}"
    peers: tuple[str, ...] = (_INSIDE,)
    why = "a port of every node"
    if spec["type"] == "LoadBalancer":
        scheme = _scheme(spec, mapping_in(metadata.get("annotations")))
        peers, why = _peers(spec, scheme), f"its own load balancer ({scheme})"
    ports = [mapping_in(each) for each in spec.get("ports") or ()]
    return tuple(
        Rule(True, str(port.get("protocol") or "TCP").lower(), (number, number), name, peers, why)
        for port in ports
        if isinstance(number := port.get("port"), int)
    )


def _scheme(spec: Mapping[str, Any], annotations: Mapping[str, Any]) -> str:
    """Return what the controller that makes the load balancer takes the annotations for.

    A class is that of the AWS Load Balancer Controller. Without one it is the cloud controller manager's, whose load
    balancers are public unless told otherwise, by any text but ``false``.
    """
    if spec.get("loadBalancerClass"):
        return str(annotations.get(f"{_NLB}scheme", "internal"))
    return _FACING if annotations.get(f"{_NLB}internal", "false") in ("", "false") else "internal"


def _peers(spec: Mapping[str, Any], scheme: str) -> tuple[str, ...]:
    """Return who may come: an internal load balancer has no addresses that the internet leads to."""
    ranges = tuple(str(each) for each in list_in(spec.get("loadBalancerSourceRanges")) or ANYWHERE[:1])
    if scheme == _FACING:
        return ranges
    return tuple(dict.fromkeys(_INSIDE if each in ANYWHERE else each for each in ranges))
