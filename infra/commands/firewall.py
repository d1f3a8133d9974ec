"""``slipway firewall``: what the edge lets in, from the plan alone."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Annotated, Literal

import typer
from rich.table import Table

from infra.commands.common import Env, console, errors, planned_environment, show
from infra.plan.edge.entries import plan_entries
from infra.plan.edge.explain import Explanation
from infra.plan.edge.explain import explain as decide
from infra.spec.edge import EdgeSpec

firewall_app = typer.Typer(help="The firewall policy of the edge: what it lets in, and why.", no_args_is_help=True)


@firewall_app.command()
def explain(
    env: Env,
    source: Annotated[str, typer.Option("--from", metavar="IP", help="Address of the client, IPv4.")],
    target: Annotated[str, typer.Option("--to", metavar="HOST:PORT", help="What it asks for. Default port: 443.")],
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="How the answer is written.")] = "text",
    expect: Annotated[
        Literal["allowed", "denied"] | None,
        typer.Option("--expect", help="Fail with status 1 unless this is the answer; for checks of a policy."),
    ] = None,
) -> None:
    """Say whether a client reaches a host, and which rule decides at which layer. Asks nothing but the plan."""
    plan = planned_environment(env)
    if plan.edge is None:
        console.print(
            f"denied: {plan.spec.name} declares no edge, so nothing is reached from outside.", highlight=False
        )
        raise typer.Exit(1 if expect == "allowed" else 0)
    host, port = _target(plan.edge.spec, target)
    answer = decide(plan.edge.spec, _address(source), host, port)
    if output == "json":
        console.print(json.dumps(_data(answer), indent=2), markup=False, highlight=False)
    else:
        _show(answer)
        if plan.spec.cluster.network_policies == "notEnforced":
            console.print("Network policies are not enforced by the pod network: that layer denies nothing.")
    word = "allowed" if answer.allowed else "denied"
    if expect is not None and word != expect:
        errors.print(f"error: expected {expect}, and it is {word}.", markup=False, highlight=False)
        raise typer.Exit(1)


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not an IPv4 address; write one as 198.51.100.7", param_hint="--from"
        ) from None


def _target(edge: EdgeSpec, text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, "443"
    named = {entry.name: entry.port for entry in plan_entries(edge)}
    if port in named:
        number = named[port]
    elif port.isdigit() and 1 <= int(port) <= 65535:
        number = int(port)
    else:
        known = ", ".join(named)
        raise typer.BadParameter(f"{port!r} is not a port; write a number or one of {known}", param_hint="--to")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", host):
        raise typer.BadParameter(f"{host!r} is not a host name; write HOST:PORT", param_hint="--to")
    # Names have no case (RFC 4343).
    return host.lower(), number


def _data(answer: Explanation) -> dict[str, object]:
    return {
        "from": answer.source,
        "to": {"host": answer.host, "port": answer.port},
        "allowed": answer.allowed,
        "rules": list(answer.rules),
        "layers": [
            {"layer": step.layer, "allowed": step.allowed, "rules": list(step.rules), "reason": step.reason}
            for step in answer.steps
        ],
    }


def _show(answer: Explanation) -> None:
    last = answer.steps[-1]
    what = f"{answer.source} to {answer.host}:{answer.port}"
    if answer.allowed:
        verdict = f"allowed: {what}, by {', '.join(answer.rules)}."
    else:
        verdict = f"denied: {what}, at the {last.layer}: {last.reason}."
    console.print(verdict, markup=False, highlight=False)
    table = Table("layer", "says", "rules", "why")
    for step in answer.steps:
        table.add_row(step.layer, "allowed" if step.allowed else "denied", ", ".join(step.rules) or "none", step.reason)
    show(table)
