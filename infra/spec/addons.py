"""Add-ons: what runs in the cluster so that it is one. Which there are and which versions is Slipway's to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.spec import foreign_addons
from infra.spec.base import SpecModel


class CiliumSpec(SpecModel):
    """Cilium, the pod network where `cni` is `cilium`. It also does what kube-proxy would."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_addons.OF_CILIUM

    encryption: Literal["none", "wireguard"] = "none"
    """`wireguard` encrypts what pods of different machines say to each other."""


class CoreDnsSpec(SpecModel):
    """CoreDNS, which answers for the names of Services. A cluster cannot do without it."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_addons.OF_CORE_DNS

    replicas: Annotated[int, Field(ge=2, le=50)] = 2
    """Number of pods, spread over zones and machines. With two, one may be lost; add one for each few hundred nodes."""


class EbsCsiSpec(SpecModel):
    """The EBS CSI driver: PersistentVolumes on EBS, each in the zone of the pod that needs it first."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_addons.OF_EBS_CSI

    enabled: bool = True
    """Whether the driver runs. Without it no pod gets a volume that outlives it."""

    default_storage_class: bool = True
    """Whether claims that name no StorageClass get an encrypted gp3 volume."""


class MetricsServerSpec(SpecModel):
    """metrics-server: the CPU and memory figures behind `kubectl top` and every HorizontalPodAutoscaler."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_addons.OF_OTHER_ADDONS

    enabled: bool = True
    """Whether it runs."""


class NodeTerminationHandlerSpec(SpecModel):
    """The AWS Node Termination Handler, which drains a machine that AWS is about to take (queue mode)."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_addons.OF_TERMINATION_HANDLER

    enabled: bool = True
    """Whether it runs. Without it a Spot machine takes its pods with it, and Auto Scaling waits out every lifecycle
    hook (`drainTimeout`)."""


class ClusterAutoscalerSpec(SpecModel):
    """The cluster-autoscaler, which sets the size of each group of workers that sets none itself."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_addons.OF_AUTOSCALER

    enabled: bool = True
    """Whether it runs. Without it groups stay at the size that Auto Scaling has."""

    expander: Literal["least-waste", "most-pods", "priority", "random"] = "least-waste"
    """Which of several groups that would do grows. `priority`: that with the greatest `autoscalePriority`, and of those
    that share it the one with the least waste."""


class NodeProblemDetectorSpec(SpecModel):
    """node-problem-detector, which tells of a machine's kernel and file systems in its Node's conditions and events."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_addons.OF_OTHER_ADDONS

    enabled: bool = True
    """Whether it runs."""


class KubeletCsrApproverSpec(SpecModel):
    """kubelet-csr-approver, which approves kubelets' serving certificates. Without them pods' logs cannot be read."""

    enabled: bool = True
    """Whether it runs. False only where another approver of `kubernetes.io/kubelet-serving` does."""


class AddonsSpec(SpecModel):
    """What Slipway puts into `kube-system`. The unset default is what a production cluster needs."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_addons.OF_ADDONS

    managed: bool = True
    """Whether Slipway applies add-ons at all. False where something else brings every one of them, as Flux or Argo CD:
    until it has brought a pod network and the cloud controller manager, no node becomes ready."""

    cilium: CiliumSpec = CiliumSpec()
    """The pod network where `cni` is `cilium`."""

    core_dns: CoreDnsSpec = CoreDnsSpec()
    """Names of Services."""

    ebs_csi: EbsCsiSpec = EbsCsiSpec()
    """Volumes of pods."""

    metrics_server: MetricsServerSpec = MetricsServerSpec()
    """CPU and memory figures."""

    node_termination_handler: NodeTerminationHandlerSpec = NodeTerminationHandlerSpec()
    """Draining of machines that AWS takes."""

    cluster_autoscaler: ClusterAutoscalerSpec = ClusterAutoscalerSpec()
    """Sizes of groups."""

    node_problem_detector: NodeProblemDetectorSpec = NodeProblemDetectorSpec()
    """Conditions of machines."""

    kubelet_csr_approver: KubeletCsrApproverSpec = KubeletCsrApproverSpec()
    """Serving certificates of kubelets."""
