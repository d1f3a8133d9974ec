"""Hosts of the edge whose certificate is at another place: in another Secret, or with the load balancer.

Until one is issued there, or the router follows the load balancer, nobody can connect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.ops.preview.events import Run, State
from infra.ops.preview.inputs import list_in, mapping_in
from infra.ops.preview.words import TOLD, listed

_GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
_CERTIFICATE = "kubernetes:cert-manager.io/v1:Certificate"


def certificate_sentences(run: Run) -> Iterator[str]:
    """Yield which hosts that are answered wait for a certificate, or for the router, before anybody can connect."""
    held: dict[str, set[str]] = {}
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for step in run.steps:
        if step.type == _CERTIFICATE:
            spec = _spec(step.old)
            held[str(spec.get("secretName"))] = {str(name) for name in list_in(spec.get("dnsNames"))}
        elif step.type == _GATEWAY:
            before |= _secrets(step.old)
            after |= _secrets(step.new)
    waiting = [
        host
        for host, secret in sorted(after.items())
        if secret and host in before and secret != before[host] and host not in held.get(secret, set())
    ]
    if handed := [host for host, secret in sorted(after.items()) if not secret and before.get(host)]:
        yield (
            f"The load balancer ends TLS for {listed(handed, TOLD)}, in place of the router: nobody can connect "
            "between its change and the router's, both in this update."
        )
    if first := [host for host in waiting if not before[host]]:
        yield f"Nobody can connect to {listed(first, TOLD)} until cert-manager has a certificate there."
    if moved := [host for host in waiting if before[host]]:
        yield (
            f"Nobody can connect to {listed(moved, TOLD)} until cert-manager has a new certificate there, in another "
            "Secret than before."
        )


def _secrets(state: State | None) -> Mapping[str, str]:
    """Return host -> Secret of its certificate; "" where the router sees plain HTTP."""
    listeners = [mapping_in(each) for each in _spec(state).get("listeners") or ()]
    return {str(each["hostname"]): _secret(each) for each in listeners if each.get("hostname")}


def _secret(listener: Mapping[str, Any]) -> str:
    references = mapping_in(listener.get("tls")).get("certificateRefs")
    return str(mapping_in(references[0]).get("name") or "") if references else ""


def _spec(state: State | None) -> Mapping[str, Any]:
    return mapping_in(state.inputs.get("spec")) if state else {}
