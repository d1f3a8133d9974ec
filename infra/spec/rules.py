"""Rules that no single field can judge. Each is a small function that yields the problems it finds."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from infra.spec.addon_rules import check_addons
from infra.spec.cluster_rules import check_cluster
from infra.spec.edge_rules import check_edge
from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.group_rules import GROUP_NAME_LIMIT, LEAST_GROUP_ROOM, check_group
from infra.spec.mirror_rules import check_mirrors
from infra.spec.network_rules import check_network
from infra.spec.observability_rules import check_observability
from infra.spec.oidc_rules import check_oidc
from infra.spec.partition import check_partition
from infra.spec.workloads.environment_rules import check_workloads_of

POD_PREFIXES = (8, 22)
"""Widest and narrowest block of pods: kube-controller-manager gives each node a /24 of it unless told otherwise
(``--node-cidr-mask-size-ipv4``), and a cluster of less than four nodes is none to plan for."""

SERVICE_PREFIXES = (12, 28)
"""Widest and narrowest block of Services: kube-apiserver takes 2^20 addresses at most
(``--service-cluster-ip-range``), and the tenth address is that of the cluster's DNS, as in kops."""

_SPECIAL_RANGES = (
    ("0.0.0.0/8", "which means this host"),
    ("127.0.0.0/8", "which is loopback"),
    ("169.254.0.0/16", "which is link-local: EC2's metadata, time and DNS answer there"),
    ("224.0.0.0/3", "which is multicast and reserved"),
)
"""IANA IPv4 Special-Purpose Address Registry (RFC 6890)."""


def check_environment(spec: EnvironmentSpec) -> list[Problem]:
    """Return all problems of a structurally sound spec, in the order of the file."""
    return [
        *check_network(spec),
        *_check_cluster_name(spec),
        *_check_address_ranges(spec),
        *check_cluster(spec),
        *check_oidc(spec),
        *check_mirrors(spec),
        *_check_boundary(spec),
        *check_addons(spec),
        *_check_namespaces(spec),
        *_check_group_names(spec),
        *_check_control_plane(spec),
        *(p for index, group in enumerate(spec.instance_groups) for p in check_group(spec, index, group)),
        *check_edge(spec),
        *check_observability(spec),
        *check_workloads_of(spec),
    ]


def _check_cluster_name(spec: EnvironmentSpec) -> Iterator[Problem]:
    limit = GROUP_NAME_LIMIT - 1 - LEAST_GROUP_ROOM
    if len(spec.cluster.name) > limit:
        yield Problem(
            ("cluster", "name"),
            f"is too long: it has {len(spec.cluster.name)} characters, and IAM allows {GROUP_NAME_LIMIT} for the role "
            "<group>.<cluster>",
            f"use at most {limit} characters, which leaves {LEAST_GROUP_ROOM} for a group's name",
            repr(spec.cluster.name),
        )


def _check_address_ranges(spec: EnvironmentSpec) -> Iterator[Problem]:
    pods: Location = ("cluster", "podCidr")
    services: Location = ("cluster", "serviceCidr")
    ranges: list[tuple[Location, str]] = [(("network", "cidr"), spec.network.cidr)]
    # With the VPC's own CNI pods have addresses of the VPC, and the pod range goes unused.
    if spec.cluster.cni != "amazonVpc":
        ranges.append((pods, spec.cluster.pod_cidr))
    ranges.append((services, spec.cluster.service_cidr))
    for index, (at, block) in enumerate(ranges):
        for other_at, other in ranges[:index]:
            if ipaddress.IPv4Network(block).overlaps(ipaddress.IPv4Network(other)):
                yield Problem(
                    at,
                    f"overlaps {'.'.join(map(str, other_at))} {other}",
                    "choose ranges that share no address; the defaults share none with 10.0.0.0/8",
                    repr(block),
                    (other_at,),
                )
    for at, block, (widest, narrowest), great, small in (
        (pods, spec.cluster.pod_cidr, POD_PREFIXES, "no cluster needs as many", "each node takes a /24"),
        (services, spec.cluster.service_cidr, SERVICE_PREFIXES, "kube-apiserver accepts 2^20", "DNS has the tenth"),
    ):
        network = ipaddress.IPv4Network(block)
        if not widest <= network.prefixlen <= narrowest:
            size = f"has too {'many' if network.prefixlen < widest else 'few'} addresses"
            reason = great if network.prefixlen < widest else small
            yield Problem(at, f"{size} ({reason})", f"write a block of /{widest} to /{narrowest}", repr(block))
        yield from (
            Problem(at, f"overlaps {reserved}, {use}", "choose another range", repr(block))
            for reserved, use in _SPECIAL_RANGES
            if network.overlaps(ipaddress.IPv4Network(reserved))
        )


def _check_boundary(spec: EnvironmentSpec) -> Iterator[Problem]:
    boundary = spec.cluster.iam.permissions_boundary
    at: Location = ("cluster", "iam", "permissionsBoundary")
    if boundary is None:
        return
    yield from check_partition(spec, at, boundary)
    if boundary.split(":")[4] not in ("aws", spec.account_id):
        yield Problem(
            at,
            f"is a policy of another account, and a role's boundary must be of its own ({spec.account_id}) or AWS's",
            f"name a policy of account {spec.account_id}",
            repr(boundary),
            (("accountId",),),
        )


def _check_namespaces(spec: EnvironmentSpec) -> Iterator[Problem]:
    names = [namespace.name for namespace in spec.cluster.namespaces]
    for index, name in enumerate(names):
        at: Location = ("cluster", "namespaces", index, "name")
        if name in names[:index]:
            yield Problem(at, "is declared twice", "rename or remove one", repr(name))
        if name == "default" or name.startswith("kube-"):
            yield Problem(at, "is a namespace that Kubernetes itself makes", "choose another name", repr(name))


def _check_group_names(spec: EnvironmentSpec) -> Iterator[Problem]:
    taken: dict[str, Location] = {}
    for index, group in enumerate(spec.instance_groups):
        at: Location = ("instanceGroups", index, "name")
        claims = {group.name: at}
        former: Location = ("instanceGroups", index, "renamedFrom")
        if group.renamed_from == group.name:
            yield Problem(former, "is the name that the group has", "remove it", repr(group.name), (at,))
        elif group.renamed_from is not None:
            claims[group.renamed_from] = former
        for name, place in claims.items():
            if name in taken:
                yield Problem(
                    place,
                    f"is taken by instanceGroups[{taken[name][1]}]",
                    "give each group a name of its own; a former name stays taken while renamedFrom holds it",
                    repr(name),
                    (taken[name],),
                )
            else:
                taken[name] = place


def _check_control_plane(spec: EnvironmentSpec) -> Iterator[Problem]:
    members = [(i, g) for i, g in enumerate(spec.instance_groups) if g.role == "ControlPlane"]
    roles = tuple(("instanceGroups", i, "role") for i in range(len(spec.instance_groups)))
    if len(members) not in (1, 3, 5):
        yield Problem(
            ("instanceGroups",),
            f"have {len(members)} groups with the role ControlPlane, which gives etcd no sound quorum",
            "declare 1, 3 or 5 groups with the role ControlPlane, each of one machine in one zone",
            None,
            roles,
        )
    for index, group in members:
        if (group.min_size, group.max_size) != (1, 1) or group.desired_size not in (None, 1):
            yield Problem(
                ("instanceGroups", index),
                "is a control-plane member and must be exactly one machine",
                "set minSize and maxSize to 1 and declare another group for another member",
                f"{group.name!r} (minSize {group.min_size}, maxSize {group.max_size})",
                tuple(("instanceGroups", index, key) for key in ("minSize", "maxSize", "desiredSize")),
            )
        zones = group.zones or spec.network.zones
        if len(zones) != 1:
            yield Problem(
                ("instanceGroups", index, "zones"),
                "must be one zone: a control-plane member keeps its address and its etcd volume, which live in a zone",
                f"write one zone, as [{zones[0]}]",
                repr(list(zones)),
                (("network", "zones"),),
            )
