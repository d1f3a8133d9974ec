"""Parts of a workload: ports, probes, resources, rollout, disruption, spread, security."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.spec.base import SpecModel, checked, refuse_entries
from infra.spec.scalars import DnsLabel
from infra.spec.workloads import foreign
from infra.spec.workloads.files import EnvMap, MountPath
from infra.spec.workloads.image_reference import ImageReference
from infra.spec.workloads.scalars import ContainerMemory, CountOrShare, Cpu, Memory, PortName, PortNumber

Strength = Literal["required", "preferred", "none"]
Capability = Literal[
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
]  # fmt: skip
"""What the Pod Security Standard `baseline` lets a container add (Kubernetes, "Pod Security Standards")."""


class PortSpec(SpecModel):
    """A port that the container listens on."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_PORT

    name: Annotated[PortName, Field(examples=["http"])]
    """Name of the port. Services, probes and policies refer to it."""

    port: Annotated[PortNumber, Field(examples=[8080])]
    """Number that the container listens on. One below 1024 needs no root either."""

    service_port: PortNumber | None = None
    """Number at the Service. Unset: the container's own."""

    protocol: Literal["TCP", "UDP"] = "TCP"
    """Transport protocol."""

    app_protocol: Literal["http", "h2c"] | None = None
    """What the edge router speaks to this port: `h2c`, HTTP/2 without TLS, as gRPC needs. Unset: `http`; to a port that
    is called `https...`, or is 443 at the Service, HTTP over TLS, by a certificate that the router trusts."""

    members_only: bool = False
    """StatefulSet: its own pods alone may connect, as members do to replicate. Neither `from` nor the Service in front
    reaches it."""


_DEVICE = re.compile(
    r"(?!.*kubernetes\.io/)[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?\.[a-z]+/[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
)
"""An extended resource (Kubernetes, "Extended resources for a Pod"); those of kubernetes.io are Kubernetes' own."""


def _devices(values: dict[str, int]) -> dict[str, int]:
    refuse_entries(
        [
            (key, "is not a name of a device", "write it as its plugin does, as nvidia.com/gpu")
            for key in values
            if not _DEVICE.fullmatch(key)
        ],
        told=False,
    )
    return values


Devices = Annotated[dict[str, Annotated[int, Field(ge=1, le=1000)]], checked(_devices)]


class ResourcesSpec(SpecModel):
    """What the container asks for and may use at most."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_RESOURCES

    cpu: Cpu = "100m"
    """CPU request: the scheduler's reservation and the share under contention."""

    memory: ContainerMemory = "128Mi"
    """Memory request, and the limit as well: memory cannot be taken back but by killing."""

    cpu_limit: Cpu | None = None
    """CPU limit. Unset: none, since a limit throttles on an idle node. Equal to `cpu`: QoS Guaranteed."""

    devices: Annotated[Devices, Field(default_factory=dict)]
    """Devices that a plugin on the nodes offers, as `nvidia.com/gpu: 1`: no other container has them meanwhile."""

    ephemeral_storage: Memory = "256Mi"
    """Request and limit of the node's disk for logs and scratch folders together."""


class UpdateSpec(SpecModel):
    """How a changed workload replaces its pods."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_UPDATE

    max_surge: CountOrShare = "1"
    """Pods above `replicas` while a Deployment or DaemonSet updates."""

    max_unavailable: CountOrShare = "0"
    """Pods of a Deployment or DaemonSet that may be missing meanwhile. 0 with a surge: no capacity is lost. A
    StatefulSet takes one at a time."""

    min_ready_seconds: Annotated[int, Field(ge=0, le=3600)] = 5
    """Seconds a new pod must stay ready before it counts."""

    progress_deadline_seconds: Annotated[int, Field(ge=30, le=86400)] = 600
    """Seconds without progress after which an update of a Deployment has failed."""

    partition: Annotated[int, Field(ge=0)] = 0
    """StatefulSet: pods of a lower ordinal keep the old version, to try the new on the last ones first."""


class DisruptionSpec(SpecModel):
    """What drains of nodes must leave running (a PodDisruptionBudget)."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_DISRUPTION

    max_unavailable: CountOrShare = "1"
    """Pods that may be evicted at once. With a single replica there is no budget: one that forbids its eviction
    would block every drain, and one that allows it says nothing."""


class SpreadSpec(SpecModel):
    """How evenly pods spread. `preferred` yields where there is no room; `required` leaves pods pending instead."""

    zones: Strength = "preferred"
    """Over availability zones."""

    hosts: Strength = "preferred"
    """Over nodes."""


class SecuritySpec(SpecModel):
    """Security context. The defaults satisfy the Pod Security Standard `restricted`."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_SECURITY

    run_as_user: Annotated[int, Field(ge=0, le=2_147_483_647)] = 65532
    """User ID of the processes (65532 is distroless's `nonroot`). 0 is root, which `restricted` refuses."""

    run_as_group: Annotated[int, Field(ge=0, le=2_147_483_647)] | None = None
    """Group ID, also of mounted volumes. Unset: the number of `runAsUser`."""

    read_only_root_filesystem: bool = True
    """The image's files cannot be changed; `scratch` names the folders that can be written."""

    capabilities: tuple[Capability, ...] = ()
    """Capabilities that root keeps, of those that `baseline` allows; all others are dropped. Images that begin as root
    and go on as another user need CHOWN, SETGID and SETUID. Nobody else's processes can use any."""


class ScratchSpec(SpecModel):
    """A folder that can be written and that goes with the pod."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_SCRATCH

    path: Annotated[MountPath, Field(examples=["/tmp"])]  # noqa: S108  a folder inside the container
    """Where it is."""

    size_mi: Annotated[int, Field(ge=1)] = 64
    """Size in MiB; a pod that exceeds it is evicted."""

    medium: Literal["disk", "memory"] = "disk"
    """`memory` counts against the memory limit."""


class HelperSpec(SpecModel):
    """A container of your own in the same pods: a proxy, an exporter, or work to be done before the main one starts. It
    has the main container's variables and folders; what it listens on stands under `ports` of the workload."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_HELPER

    name: Annotated[DnsLabel, Field(examples=["proxy"])]
    """Name of the container."""

    runs: Literal["before", "beside"] = "beside"
    """`before`: it ends well, and then what comes behind it starts; `beside`: it starts before the main container and
    stops after it. Helpers start in the order of the list."""

    image: ImageReference | None = None
    """Image. Unset: the workload's own."""

    command: tuple[str, ...] = ()
    """Program and arguments in place of the image's entry point. Empty: the image's own."""

    args: tuple[str, ...] = ()
    """Arguments in place of the image's."""

    env: Annotated[EnvMap, Field(default_factory=dict)]
    """Environment variables beside those of the workload, or in place of them; nothing secret."""

    resources: ResourcesSpec = ResourcesSpec()
    """What it asks for and may use."""

    run_as_user: Annotated[int, Field(ge=1, le=2_147_483_647)] | None = None
    """User ID of its processes. Unset: the workload's."""


class SidecarSpec(SpecModel):
    """A container beside the main one, started before it and stopped after it (a native sidecar)."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_SIDECAR

    type: Literal["stream", "agent"]
    """`stream` prints log files of the workload to its own standard output, where the node's agent finds them;
    `agent` is a Fluent Bit that sends them on itself."""

    image: Annotated[ImageReference, Field(examples=["registry.example.com/busybox:1.37"])]
    """Image: of a `stream` sidecar any with `tail`, of an `agent` Fluent Bit."""

    folder: Annotated[MountPath, Field(examples=["/var/log/app"])]
    """Folder with the log files, shared with the workload."""

    files: Annotated[tuple[str, ...], Field(min_length=1, examples=[["app.log"]])]
    """Names of the log files in `folder`. Each `stream` file gets a container of its own, so that lines stay apart."""

    size_mi: Annotated[int, Field(ge=8)] = 128
    """Size of the folder in MiB. The workload must rotate its files well below it."""

    send_to: str | None = None
    """`agent`: the workload or backend that takes the lines by Fluent Bit's forward protocol."""
