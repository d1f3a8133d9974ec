"""The cluster: its name, version, address ranges and the namespaces that belong to the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.spec import foreign, foreign_values
from infra.spec.addons import AddonsSpec
from infra.spec.base import SpecModel
from infra.spec.control_plane import ApiSpec, ControlPlaneSpec
from infra.spec.mirrors import RegistryMirrors
from infra.spec.pki import PkiSpec
from infra.spec.scalars import ClusterName, DnsLabel, KubernetesVersion, Network, PolicyArn

PodSecurityLevel = Literal["privileged", "baseline", "restricted"]
Cni = Literal["cilium", "amazonVpc"]
PolicyEnforcement = Literal["enforced", "notEnforced"]


class QuotaSpec(SpecModel):
    """Ceilings on what all pods of a namespace may ask for together (a ResourceQuota)."""

    cpu: Annotated[int, Field(ge=1)] | None = None
    """Sum of CPU requests, in cores."""

    memory_gi: Annotated[int, Field(ge=1)] | None = None
    """Sum of memory requests, in GiB."""

    pods: Annotated[int, Field(ge=1)] | None = None
    """Number of pods."""


class NamespaceSpec(SpecModel):
    """A namespace: pod security enforced, traffic into it denied unless another policy allows it, default limits."""

    name: Annotated[DnsLabel, Field(examples=["web"])]
    """Name of the namespace."""

    pod_security: PodSecurityLevel = "restricted"
    """Pod Security Standard that the API server enforces in it."""

    quota: QuotaSpec = QuotaSpec()
    """Ceilings for the whole namespace; unset ones are not limited."""


class IamSpec(SpecModel):
    """What all IAM roles of the environment share."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_IAM

    permissions_boundary: PolicyArn | None = None
    """ARN of a policy set as permissions boundary on every role that is created."""


class ClusterSpec(SpecModel):
    """The Kubernetes cluster."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_CLUSTER
    foreign_values: ClassVar[Mapping[str, Mapping[str, str]]] = foreign_values.OF_CLUSTER

    name: Annotated[ClusterName, Field(examples=["dev.k8s.example.com"])]
    """Name of the cluster: a DNS name, as in kops. AWS names are made of it, so it cannot be changed later."""

    kubernetes_version: Annotated[KubernetesVersion, Field(examples=["1.37.2"])]
    """Kubernetes version of the control plane and, once it runs it, of the nodes."""

    cni: Cni = "cilium"
    """Pod network: `cilium` (VXLAN overlay) or `amazonVpc` (pods take addresses of the VPC's private subnets). It
    cannot be changed later."""

    network_policies: PolicyEnforcement = "enforced"
    """Whether NetworkPolicies hold. Cilium enforces them. What would with the AWS VPC CNI is a part of EKS: with
    `amazonVpc` nothing stands between pods, and `notEnforced` says that you know."""

    pod_cidr: Network = "100.96.0.0/11"
    """Addresses of pods; outside the VPC's block. kops's default. It cannot be changed later."""

    service_cidr: Network = "100.64.0.0/13"
    """Addresses of Services; outside the VPC's and the pods' blocks. kops's default. It cannot be changed later."""

    api: ApiSpec = ApiSpec()
    """How the Kubernetes API is reached."""

    control_plane: ControlPlaneSpec = ControlPlaneSpec()
    """etcd's volumes, the audit log, and when the cluster gives up on a node."""

    registry_mirrors: Annotated[RegistryMirrors, Field(default_factory=dict)]
    """Mirrors of image registries, as `docker.io: [https://harbor.example.com/v2/proxy]`: containerd asks them in this
    order, and the registry itself where none of them gives the image (kops's `containerd.registryMirrors`). They give
    images without a login, over TLS that the machines' image trusts. A pull-through cache of the account's own ECR
    alone has a login, the machines' own; it is listed alone, and asked in place of the registry."""

    pki: PkiSpec = PkiSpec()
    """Generations of the certificate authorities."""

    iam: IamSpec = IamSpec()
    """What all IAM roles of the environment share."""

    addons: AddonsSpec = AddonsSpec()
    """What Slipway puts into `kube-system`."""

    namespaces: tuple[NamespaceSpec, ...] = ()
    """Namespaces made and guarded with the environment."""
