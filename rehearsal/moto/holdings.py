"""What an environment names and does not make, such as a certificate of ACM: a rehearsal has to hold it.

AWS gives all of it its identifiers, and moto too, so there is no call that would make one of a given identifier.
"""

from __future__ import annotations

from moto.acm.models import CertBundle, acm_backends
from moto.elbv2.models import FakeTargetGroup, elbv2_backends
from moto.route53.models import route53_backends

GLOBAL = "aws"
"""Partition under which moto keeps what has no region."""


def hold_certificate(account: str, region: str, arn: str, hosts: list[str]) -> None:
    """Hold an issued certificate for these hosts under its ARN, unless one that has them all is there."""
    held = acm_backends[account][region]._certificates
    before = held.get(arn)
    if before is None or not set(hosts) <= {before.common_name, *before.sans}:
        bundle = CertBundle.generate_cert(hosts[0], account, region, sans=hosts)
        bundle.arn, bundle.status = arn, "ISSUED"
        bundle.in_use_by = before.in_use_by if before is not None else []
        held[arn] = bundle


def hold_zone(account: str, identifier: str, name: str) -> None:
    """Hold a public hosted zone under its ID, unless it is there."""
    backend = route53_backends[account][GLOBAL]
    if identifier not in backend.zones:
        zone = backend.create_hosted_zone(f"{name}.", private_zone=False, comment="Held by a rehearsal")
        del backend.zones[zone.resource_id]
        zone.resource_id = identifier
        backend.zones[identifier] = zone


def hold_target_group(account: str, region: str, arn: str) -> None:
    """Hold a target group of machines under its ARN, unless it is there. Its protocol and port are not known."""
    held = elbv2_backends[account][region].target_groups
    if arn not in held:
        group = FakeTargetGroup(  # type: ignore[abstract]  # as moto itself does
            name=arn.split("/")[1],
            account_id=account,
            region_name=region,
            vpc_id="vpc-00000000",
            protocol="TCP",
            port="80",
            healthcheck_protocol="TCP",
            target_type="instance",
        )
        group.arn = arn
        held[arn] = group
