"""Rules of the control plane: how it is reached, its volumes, its PKI."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem, listed_twice
from infra.spec.scalars import duration_seconds, is_private

BUCKET_LIMIT = 63
ISSUER_SUFFIX = "-issuer"
"""What is put behind the state bucket's name for the issuer's bucket; S3 names have at most 63 characters."""

IOPS_PER_GI = {"gp3": 500, "io2": 1_000}
"""Greatest provisioned I/O operations a second for each GiB (EBS User Guide, "Amazon EBS volume types")."""

MISSED_HEARTBEATS = 3
"""Looks at a node that must fail before it counts as silent: one lost message must not drain a machine."""


def issuer_bucket(spec: EnvironmentSpec) -> str:
    """Return the name of the issuer's bucket, as the spec says or by the state bucket's."""
    return spec.state.issuer_bucket or f"{spec.state.bucket}{ISSUER_SUFFIX}"


def check_cluster(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield the problems of the control plane's settings."""
    yield from _check_issuer_bucket(spec)
    yield from _check_api(spec)
    yield from _check_etcd(spec)
    yield from _check_controllers(spec)
    yield from _check_pki(spec)
    yield from _check_network_policies(spec)


def _check_issuer_bucket(spec: EnvironmentSpec) -> Iterator[Problem]:
    state, issuer = spec.state.bucket, spec.state.issuer_bucket
    at: Location = ("state", "issuerBucket")
    if issuer == state:
        yield Problem(
            at,
            "is the state bucket, and what is in the issuer's bucket is public",
            "leave it out, or name another bucket",
            repr(issuer),
            (("state", "bucket"),),
        )
    if issuer is None and len(state) + len(ISSUER_SUFFIX) > BUCKET_LIMIT:
        yield Problem(
            at,
            f"is missing: {state}{ISSUER_SUFFIX} would have {len(state) + len(ISSUER_SUFFIX)} characters, and S3 "
            f"allows "
            f"{BUCKET_LIMIT}",
            "name a bucket for the issuer",
            None,
            (("state", "bucket"),),
        )


def _check_api(spec: EnvironmentSpec) -> Iterator[Problem]:
    api = spec.cluster.api
    at: Location = ("cluster", "api", "allowedCidrs")
    if api.access == "public" and all(is_private(cidr) for cidr in api.allowed_cidrs):
        none = "are private networks alone, which reach the API inside: nobody would reach it over the internet"
        yield Problem(
            at,
            none if api.allowed_cidrs else "are missing: a public API that admits nobody is of no use",
            "list the networks of your people and pipelines, or write access: internal",
            repr(list(api.allowed_cidrs)) if api.allowed_cidrs else None,
            (("cluster", "api", "access"),),
        )
    fix = "list the networks of your people and pipelines"
    blocks = [ipaddress.IPv4Network(cidr) for cidr in api.allowed_cidrs]
    whole = ipaddress.IPv4Network("0.0.0.0/0")
    if whole not in blocks and whole in ipaddress.collapse_addresses(blocks):
        yield Problem(at, "together are everybody on the internet", fix, repr(list(api.allowed_cidrs)))
    for position, cidr in enumerate(api.allowed_cidrs):
        if blocks[position] == whole:
            yield Problem((*at, position), "is everybody on the internet", fix, repr(cidr))
    yield from listed_twice(at, api.allowed_cidrs)


def _check_etcd(spec: EnvironmentSpec) -> Iterator[Problem]:
    etcd = spec.cluster.control_plane.etcd
    most = max(3_000, etcd.volume_size_gi * IOPS_PER_GI[etcd.volume_type])
    if etcd.iops > most:
        at: Location = ("cluster", "controlPlane", "etcd")
        yield Problem(
            (*at, "iops"),
            f"is too great for {etcd.volume_size_gi} GiB of {etcd.volume_type}",
            f"write at most {most}, or a greater volumeSizeGi",
            str(etcd.iops),
            ((*at, "volumeSizeGi"), (*at, "volumeType")),
        )


def _check_controllers(spec: EnvironmentSpec) -> Iterator[Problem]:
    controllers = spec.cluster.control_plane.controllers
    period = duration_seconds(controllers.node_monitor_period)
    grace = duration_seconds(controllers.node_monitor_grace_period)
    at: Location = ("cluster", "controlPlane", "controllers")
    if grace < MISSED_HEARTBEATS * period:
        yield Problem(
            (*at, "nodeMonitorGracePeriod"),
            f"is less than {MISSED_HEARTBEATS} times nodeMonitorPeriod ({controllers.node_monitor_period}): a "
            f"node would "
            "count as lost for one message that came late",
            f"write at least {MISSED_HEARTBEATS * period}s",
            repr(controllers.node_monitor_grace_period),
            ((*at, "nodeMonitorPeriod"),),
        )


def _check_pki(spec: EnvironmentSpec) -> Iterator[Problem]:
    pki = spec.cluster.pki
    at: Location = ("cluster", "pki")
    if pki.signing not in pki.trusted:
        yield Problem(
            (*at, "signing"),
            f"is not among the trusted generations ({', '.join(map(str, pki.trusted))}): nobody would believe "
            f"what it signs",
            f"add {pki.signing} to trusted, run up and roll every group, and only then let it sign",
            str(pki.signing),
            ((*at, "trusted"),),
        )
    yield from listed_twice((*at, "trusted"), pki.trusted)


def _check_network_policies(spec: EnvironmentSpec) -> Iterator[Problem]:
    cluster = spec.cluster
    at: Location = ("cluster", "networkPolicies")
    if cluster.cni == "amazonVpc" and cluster.network_policies == "enforced":
        yield Problem(
            ("cluster", "cni"),
            "enforces no NetworkPolicies: the guards of namespaces and workloads, and the innermost of the edge's "
            "firewall, would be there and stop nothing",
            "take cilium, or write networkPolicies: notEnforced",
            repr(cluster.cni),
            (at,),
        )
    if cluster.cni == "cilium" and cluster.network_policies == "notEnforced":
        yield Problem(
            at, "is not so: cilium enforces them", "remove it", repr(cluster.network_policies), (("cluster", "cni"),)
        )
