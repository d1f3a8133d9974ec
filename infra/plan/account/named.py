"""Whether what an environment names and does not make is there, and is what it is named for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.plan.account.facts import Address, Named
from infra.plan.environment import EnvironmentPlan
from infra.spec import EnvironmentSpec, Problem
from infra.spec.errors import Location


@dataclass(frozen=True)
class References:
    """What a spec names, by where it names it: IDs and ARNs."""

    security_groups: dict[Location, str]
    target_groups: dict[Location, str]
    certificates: dict[Location, str]
    hosted_zones: dict[Location, str]
    policies: dict[Location, str]
    addresses: dict[Location, str]


def references(spec: EnvironmentSpec) -> References:
    """Return what a spec names of its account, where it names it."""
    groups: dict[Location, str] = {}
    targets: dict[Location, str] = {}
    for index, group in enumerate(spec.instance_groups):
        at: Location = ("instanceGroups", index)
        groups |= {(*at, "additionalSecurityGroups", i): e for i, e in enumerate(group.additional_security_groups)}
        targets |= {(*at, "targetGroups", i): e for i, e in enumerate(group.target_groups)}
    edge, boundary = spec.edge, spec.cluster.iam.permissions_boundary
    zones: dict[Location, str | None] = {
        ("cluster", "api", "hostedZone"): spec.cluster.api.hosted_zone,
        ("edge", "dns", "zoneId"): edge.dns.zone_id if edge and edge.dns else None,
    }
    return References(
        security_groups=groups,
        target_groups=targets,
        certificates={("edge", "tls", "acm"): edge.tls.acm} if edge and edge.tls.acm else {},
        hosted_zones={at: zone for at, zone in zones.items() if zone},
        policies={("cluster", "iam", "permissionsBoundary"): boundary} if boundary else {},
        addresses={("network", "natAddresses", zone): each for zone, each in spec.network.nat_addresses.items()},
    )


def check_named(plan: EnvironmentPlan, named: Named) -> Iterator[Problem]:
    """Yield what is not there, and what is there and cannot serve."""
    spec = plan.spec
    wanted = references(spec)
    vpc = spec.network.vpc.id if spec.network.vpc else named.vpc
    for at, group in wanted.security_groups.items():
        yield from _check_vpc(at, group, "security group", named.security_groups.get(group), vpc)
    for at, arn in wanted.target_groups.items():
        target = named.target_groups.get(arn)
        yield from _check_vpc(at, arn, "target group", None if target is None else target.vpc, vpc)
        if target and target.target_type != "instance":
            problem = f"takes targets of the kind {target.target_type}, and Auto Scaling registers instances"
            yield Problem(at, problem, "name one whose target type is instance", repr(arn))
    for at, arn in wanted.policies.items():
        if arn not in named.policies:
            yield Problem(at, "is no policy of this account", "name one that `aws iam list-policies` lists", repr(arn))
    for at, address in wanted.addresses.items():
        yield from _check_address(at, address, named.addresses.get(address))
    yield from _check_zones(spec, wanted, named)
    yield from _check_certificate(plan, wanted, named)


def _check_address(at: Location, name: str, found: Address | None) -> Iterator[Problem]:
    if found is None:
        fix = "name one that `aws ec2 describe-addresses` lists"
        yield Problem(at, "is no Elastic IP address of this account and region", fix, repr(name))
    elif found.interface:
        fix = "take it off there first, or name another"
        yield Problem(at, f"is in use by the network interface {found.interface}", fix, repr(name))
    elif found.gateway not in ("", at[-1]):
        # An update makes a gateway before the one that it takes the place of goes.
        fix = "take it out for one update, which gives that gateway another or none, and write it here in the next"
        yield Problem(at, f"is still that of the NAT gateway in {found.gateway}", fix, repr(name))


def _check_vpc(at: Location, name: str, kind: str, found: str | None, vpc: str | None) -> Iterator[Problem]:
    if found is not None and found == vpc:
        return
    problem = f"is no {kind} of this account and region" if found is None else f"is of the VPC {found or '(none)'}"
    if vpc is None:
        fix = "leave it out until an update has made the environment's own VPC: it can be of no other"
    elif found is None:
        fix = f"correct it, or make it first, in the environment's VPC {vpc}"
    else:
        fix = f"name a {kind} of the environment's VPC {vpc}"
    yield Problem(at, problem, fix, repr(name))


def _check_zones(spec: EnvironmentSpec, wanted: References, named: Named) -> Iterator[Problem]:
    dns = spec.edge.dns if spec.edge else None
    for at, zone in wanted.hosted_zones.items():
        domain = named.hosted_zones.get(zone)
        if domain is None:
            fix = "name one that `aws route53 list-hosted-zones` lists"
            yield Problem(at, "is no hosted zone of this account", fix, repr(zone))
        elif at[0] == "edge" and dns is not None and domain != dns.zone:
            problem = f"is the zone of {domain}, and edge.dns.zone says {dns.zone}"
            yield Problem(at, problem, "correct one of both", repr(zone))
        elif at[0] == "cluster" and not f".{spec.cluster.name}".endswith(f".{domain}"):
            problem = f"is the zone of {domain}, and the cluster's name {spec.cluster.name} does not lie in it"
            yield Problem(at, problem, "name the zone that the cluster's name lies in", repr(zone))


def _check_certificate(plan: EnvironmentPlan, wanted: References, named: Named) -> Iterator[Problem]:
    hosts = plan.edge.spec.route_hosts if plan.edge else ()
    for at, arn in wanted.certificates.items():
        found = named.certificates.get(arn)
        if found is None:
            fix = f"name one that `aws acm list-certificates --region {plan.spec.region}` lists"
            yield Problem(at, "is no certificate of this account and region", fix, repr(arn))
            continue
        if found.status != "ISSUED":
            fix = "finish its validation first: a load balancer takes issued certificates alone"
            yield Problem(at, f"is {found.status}", fix, repr(arn))
        missing = [host for host in hosts if not any(certifies(name, host) for name in found.names)]
        if missing:
            problem = f"is for {', '.join(found.names)}, and not for {', '.join(missing)}"
            yield Problem(at, problem, "ask ACM for one that has all routes' hosts", repr(arn))


def certifies(name: str, host: str) -> bool:
    """Say whether a name in a certificate is good for a host: its wildcard is for exactly one label (RFC 6125, 6.4.3).

    A host that is a wildcard itself is one only for the same wildcard.
    """
    return name == host or (name.startswith("*.") and not host.startswith("*.") and host.partition(".")[2] == name[2:])
