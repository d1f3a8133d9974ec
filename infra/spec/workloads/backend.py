"""A service backend: a stable name for whatever answers, so that workloads need not know where that is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from infra.spec.base import SpecModel, refuse
from infra.spec.scalars import DnsLabel, Network
from infra.spec.workloads import foreign
from infra.spec.workloads.scalars import HostName, IPv4, PortName, PortNumber

TrafficDistribution = Literal["Everywhere", "PreferSameZone", "PreferSameNode"]
BackendType = Literal[
    "clusterIP", "headless", "nodePort", "loadBalancer", "externalName", "addresses", "otherNamespace"
]
NodePortNumber = Annotated[int, Field(ge=30000, le=32767)]
"""kube-apiserver's default ``--service-node-port-range``."""


class LoadBalancerSpec(SpecModel):
    """A Network Load Balancer of the Service's own."""

    scheme: Literal["internal", "internet-facing"] = "internal"
    """Whom its addresses are reachable for."""

    source_ranges: tuple[Network, ...] = ()
    """Networks that may connect. Empty: those of the VPC. Must not be empty for `internet-facing`."""

    target: Literal["instance", "ip"] = "instance"
    """`instance`: through a port of every node; the cloud controller manager makes it. `ip`: straight to pods, with
    `amazonVpc` as pod network alone; the AWS Load Balancer Controller makes it, which is yours to bring."""

    proxy_protocol: bool = False
    """Put the client's address before the data; the pods must expect that."""


class BackendPortSpec(SpecModel):
    """A port of a backend."""

    name: Annotated[PortName, Field(examples=["postgres"])]
    """Name of the port."""

    port: Annotated[PortNumber, Field(examples=[5432])]
    """Number at the Service, which callers use."""

    target_port: PortNumber | None = None
    """Number where it is answered. Unset: the same. `headless`, `externalName` and `otherNamespace` cannot translate
    it."""

    protocol: Literal["TCP", "UDP"] = "TCP"
    """Transport protocol."""


def _no_address(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", value):
        refuse("is an address, and no name", f"write type: addresses, and addresses: [{value}]")
    return value


class BackendSpec(SpecModel):
    """A name inside a namespace that callers use, and what answers to it in this environment."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_BACKEND

    name: Annotated[DnsLabel, Field(examples=["database"])]
    """Name of the Service: callers in the namespace say `database:5432` in every environment."""

    namespace: Annotated[DnsLabel, Field(examples=["web"])]
    """Namespace of the callers, one of `cluster.namespaces`."""

    type: BackendType
    """`clusterIP`, `headless`, `nodePort`, `loadBalancer`: pods of `workload`; `externalName`: `host`; `addresses`:
    machines at fixed addresses; `otherNamespace`: the Service of `workload` in the namespace where that runs."""

    ports: Annotated[tuple[BackendPortSpec, ...], Field(min_length=1, examples=[[{"name": "postgres", "port": 5432}]])]
    """Ports."""

    workload: DnsLabel | None = None
    """Workload of the environment whose pods answer."""

    host: Annotated[HostName, BeforeValidator(_no_address), Field(examples=["db.example.com"])] | None = None
    """`externalName`: DNS name of what answers. A CNAME: TLS and HTTP callers present the Service's name to it."""

    addresses: tuple[IPv4, ...] = ()
    """`addresses`: where it is answered."""

    reachable_in: tuple[Network, ...] = ()
    """`externalName`: networks that the name's addresses lie in, for the policy of callers. Empty: any address outside
    the private ranges (a network policy knows no names)."""

    node_port: NodePortNumber | None = None
    """`nodePort`: number on every node; those answer that run a pod of it. Unset: one that Kubernetes picks."""

    load_balancer: LoadBalancerSpec = LoadBalancerSpec()
    """`loadBalancer`: its settings."""

    traffic_distribution: TrafficDistribution = "Everywhere"
    """Where traffic goes first. AWS bills what crosses zones on both sides."""
