"""The control plane: how the API is reached, etcd's volumes, audit, and the knobs of the reconciliation loops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.spec import foreign
from infra.spec.base import SpecModel
from infra.spec.oidc import OidcSpec
from infra.spec.scalars import Duration, HostedZoneId, Network

ApiAccess = Literal["internal", "public"]
AuditProfile = Literal["metadata", "request"]
SecretsEncryption = Literal["secretbox", "kmsReadable", "kms"]


class ApiSpec(SpecModel):
    """How the Kubernetes API is reached. A load balancer inside the VPC serves the nodes in any case."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_API

    access: ApiAccess = "internal"
    """`internal`: from the VPC and from what is connected to it. `public`: through a second load balancer that faces
    the internet, too, and answers `allowedCidrs` alone."""

    allowed_cidrs: Annotated[tuple[Network, ...], Field(max_length=50, examples=[["203.0.113.0/24"]])] = ()
    """Networks from which people and pipelines may reach the API, beside the cluster's own machines: those of
    private ranges through a VPN or a peering, and of a `public` API all others over the internet."""

    hosted_zone: HostedZoneId | None = None
    """Route 53 hosted zone in which `api.<cluster>` and `api.internal.<cluster>` are made; the cluster's name must lie
    in it. Without one the load balancers' own names are used."""

    oidc: OidcSpec | None = None
    """Log-in of people by an issuer of OpenID Connect tokens. Unset: by the certificates of `slipway kubeconfig`
    alone."""


class EtcdSpec(SpecModel):
    """The encrypted volume of each etcd member, which outlives its machine."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_ETCD

    volume_size_gi: Annotated[int, Field(ge=10, le=500)] = 20
    """Size in GiB; kops's default. etcd's own limit for its data is 8 GiB."""

    volume_type: Literal["gp3", "io2"] = "gp3"
    """EBS volume type."""

    iops: Annotated[int, Field(ge=3000, le=64000)] = 3000
    """Operations a second. etcd asks for 50 sequential writes a second at least and 500 for a heavily loaded
    cluster."""


class ControllersSpec(SpecModel):
    """When the cluster gives up on a node. What replaced `--pod-eviction-timeout` are tolerations of the node's
    taints."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_CONTROLLERS

    node_monitor_period: Duration = "5s"
    """How often the node controller looks at each node's heartbeat. Kubernetes' default."""

    node_monitor_grace_period: Duration = "50s"
    """How long a node may be silent until it counts as not ready and is tainted. Kubernetes' default; several times the
    kubelet's 10 s between heartbeats."""

    not_ready_toleration: Duration = "5m"
    """How long a pod stays bound to a node that is not ready, unless the pod itself says otherwise."""

    unreachable_toleration: Duration = "5m"
    """How long a pod stays bound to a node that cannot be reached, unless the pod itself says otherwise."""

    terminated_pods_kept: Annotated[int, Field(ge=10, le=12500)] = 1000
    """Finished pods that are kept before the oldest are deleted. Kubernetes' own default of 12,500 burdens etcd."""


class AuditSpec(SpecModel):
    """The API server's audit log, on the members' disks."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_AUDIT

    profile: AuditProfile = "metadata"
    """`metadata`: who did what to which object. `request`: also the bodies of changes; never those of Secrets,
    ConfigMaps and tokens."""

    max_size_mi: Annotated[int, Field(ge=10, le=1024)] = 100
    """Size in MiB at which a file is closed and a new one begun."""

    max_files: Annotated[int, Field(ge=1, le=100)] = 10
    """Closed files kept."""

    max_age_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days for which closed files are kept."""


class ControlPlaneSpec(SpecModel):
    """What the control plane is made of, beside its instance groups."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_CONTROL_PLANE

    etcd: EtcdSpec = EtcdSpec()
    """The volumes of etcd's members."""

    controllers: ControllersSpec = ControllersSpec()
    """When the cluster gives up on a node."""

    audit: AuditSpec = AuditSpec()
    """The API server's audit log."""

    secrets_encryption: SecretsEncryption = "secretbox"
    """What encrypts Secrets in etcd. `secretbox`: a key that the program makes and the state bucket keeps. `kms`: keys
    that AWS KMS wraps with the environment's key, which never leaves it, and whose every use it logs; each member asks
    KMS when its API server starts. `kmsReadable`: as `secretbox`, and what KMS has wrapped is read, too: the step in
    between, which a cluster that runs takes first."""
