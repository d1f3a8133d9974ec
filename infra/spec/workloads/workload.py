"""A workload: the whole of ``apps/<name>.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from infra.spec.base import SpecModel
from infra.spec.errors import Location
from infra.spec.labels import TaintText
from infra.spec.scalars import DnsLabel
from infra.spec.workloads import foreign
from infra.spec.workloads.autoscaling import AutoscalingSpec
from infra.spec.workloads.backend import LoadBalancerSpec, NodePortNumber, TrafficDistribution
from infra.spec.workloads.data import ClaimSpec, CronSpec, ExposeSpec, JobSpec, SecretSpec, StatementSpec
from infra.spec.workloads.files import EnvMap, FileMap, PodFieldMap
from infra.spec.workloads.image_reference import ImageReference
from infra.spec.workloads.label_maps import Annotations, NodeSelector, PodLabels
from infra.spec.workloads.parts import (
    DisruptionSpec,
    HelperSpec,
    PortSpec,
    ResourcesSpec,
    ScratchSpec,
    SecuritySpec,
    SidecarSpec,
    SpreadSpec,
    UpdateSpec,
)
from infra.spec.workloads.probes import ProbesSpec
from infra.spec.workloads.scalars import WorkloadName
from infra.spec.workloads.schedule import Schedule

Kind = Literal["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"]


class ServiceSpec(SpecModel):
    """The Service in front of the workload's pods; there is one where it has ports."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_SERVICE

    type: Literal["clusterIP", "headless", "nodePort", "loadBalancer"] = "clusterIP"
    """Kind of Service. A StatefulSet gets a headless one for its pods' own names in any case."""

    node_port: NodePortNumber | None = None
    """`nodePort`: number on every node; those answer that run a pod of it. Unset: one that Kubernetes picks."""

    load_balancer: LoadBalancerSpec = LoadBalancerSpec()
    """`loadBalancer`: settings of the Network Load Balancer."""

    traffic_distribution: TrafficDistribution = "Everywhere"
    """Where traffic goes first. AWS bills what crosses zones on both sides."""

    session_affinity: Literal["None", "ClientIP"] = "None"
    """`ClientIP`: what comes from one address goes to one pod for three hours after its last connection, while that pod
    is ready. The edge router goes to the pods past the Service, and by no affinity."""


class WorkloadSpec(SpecModel):
    """A workload: what runs, how many, what it needs, who may reach it."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_WORKLOAD

    name: Annotated[WorkloadName, Field(exclude=True, examples=["web"])]
    """Name of the workload: the file's name, filled in by Slipway."""

    namespace: Annotated[DnsLabel, Field(exclude=True, examples=["web"])]
    """Namespace: chosen by the stack file, filled in by Slipway."""

    kind: Kind = "Deployment"
    """What runs it."""

    image: Annotated[ImageReference, Field(examples=["registry.example.com/web@sha256:" + "0" * 64])]
    """Image, by digest, so that what was tested is what runs; a tag will do where `pinnedImages` is false."""

    command: tuple[str, ...] = ()
    """Program and arguments in place of the image's entry point. Empty: the image's own."""

    args: tuple[str, ...] = ()
    """Arguments in place of the image's."""

    replicas: Annotated[int, Field(ge=0, le=1000)] = 2
    """Pods of a Deployment or StatefulSet."""

    autoscaling: AutoscalingSpec | None = None
    """Deployment: as many pods as their use asks for, in place of `replicas`."""

    ports: tuple[PortSpec, ...] = ()
    """Ports. The first of TCP is what probes ask and what the edge router reaches."""

    service: ServiceSpec = ServiceSpec()
    """The Service in front."""

    from_: Annotated[tuple[str, ...], Field(alias="from")] = ()
    """Who may open connections to its ports: names of workloads, `edge`, `monitoring`. Empty: nobody. One that this
    environment does not run calls nobody here."""

    to: tuple[str, ...] = ()
    """Workloads and backends that it opens connections to. Empty: name resolution alone."""

    after: tuple[str, ...] = ()
    """Workloads that `pulumi up` waits for before it starts this one or changes its pods: a Job until it has succeeded,
    another until it is ready. One that this environment does not run is not waited for."""

    expose: ExposeSpec | None = None
    """Reachability through the edge router, which `from` must name."""

    env: Annotated[EnvMap, Field(default_factory=dict)]
    """Environment variables; nothing secret. In them, and in `command` and `args`, `$(NAME)` stands for another one: of
    `envFromPod`, of `secrets`, or written above it. `$$(` is a plain `$(`."""

    env_from_pod: Annotated[PodFieldMap, Field(default_factory=dict)]
    """Environment variables that tell a pod of itself, as `POD_NAME: name`. `ordinal` is the number at the end of a
    StatefulSet's pod's name; `memoryLimit` is in bytes, `cpuRequest` in whole cores, rounded up."""

    config: Annotated[FileMap, Field(default_factory=dict)]
    """Configuration files: by name, mounted at `/etc/config`, or by their whole path, as `/etc/nginx/nginx.conf`, each
    mounted there by itself. A change starts new pods."""

    secrets: tuple[SecretSpec, ...] = ()
    """Secrets, mounted as files at `/etc/secrets`. A change starts new pods."""

    resources: ResourcesSpec = ResourcesSpec()
    """What it asks for and may use."""

    probes: ProbesSpec = ProbesSpec()
    """How the kubelet asks whether it is well."""

    update: UpdateSpec = UpdateSpec()
    """How a change replaces pods."""

    claims: tuple[ClaimSpec, ...] = ()
    """Volumes that outlive pods. A StatefulSet has them for each pod; a Deployment has one pod and is recreated; a Job
    or CronJob takes the same ones up with each run, one at a time."""

    retain_claims: bool = True
    """StatefulSet: keep claims when it is scaled down or deleted. Claims of other kinds are protected by it."""

    pod_management: Literal["ordered", "parallel"] = "ordered"
    """StatefulSet: start and stop pods one after another, or all at once. It cannot be changed later."""

    scratch: tuple[ScratchSpec, ...] = (ScratchSpec.model_validate({"path": "/tmp"}),)  # noqa: S108
    """Folders that can be written."""

    helpers: tuple[HelperSpec, ...] = ()
    """Further containers of your own in its pods: before it (init containers) or beside it (a proxy)."""

    sidecars: tuple[SidecarSpec, ...] = ()
    """Containers beside it that take care of log files."""

    disruption: DisruptionSpec = DisruptionSpec()
    """What drains must leave running."""

    spread: SpreadSpec = SpreadSpec()
    """How evenly pods spread."""

    security: SecuritySpec = SecuritySpec()
    """Security context."""

    aws: tuple[StatementSpec, ...] = ()
    """What it may do in AWS, by a role of its own. Empty: nothing, and no role."""

    schedule: Annotated[Schedule, Field(examples=["30 2 * * *"])] | None = None
    """CronJob: when to run."""

    job: JobSpec = JobSpec()
    """Settings of a Job or of each Job of a CronJob."""

    cron: CronSpec = CronSpec()
    """Settings of a CronJob."""

    stop_within_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    """Time from the signal to stop until the kernel kills. A pod behind a Service keeps answering for 5 of them."""

    node_selector: Annotated[NodeSelector, Field(default_factory=dict)]
    """Labels that its nodes must have."""

    tolerations: tuple[TaintText, ...] = ()
    """Taints that it tolerates, as `key=value:Effect`."""

    labels: Annotated[PodLabels, Field(default_factory=dict)]
    """Labels of your own: for what somebody selects by."""

    annotations: Annotated[Annotations, Field(default_factory=dict)]
    """Annotations of your own: for what nobody selects by."""

    wait: bool = True
    """`pulumi up` waits until it is ready and says of which pod and why it is not. False: it goes on at once, and
    takes an old version's `config` away while its pods may still run; one of them that is started anew then waits."""

    @property
    def images(self) -> tuple[tuple[Location, str], ...]:
        """The images of all its containers, each with its place in the file."""
        return (
            (("image",), self.image),
            *((("helpers", i, "image"), each.image) for i, each in enumerate(self.helpers) if each.image is not None),
            *((("sidecars", i, "image"), each.image) for i, each in enumerate(self.sidecars)),
        )

    @property
    def open_ports(self) -> tuple[PortSpec, ...]:
        """The ports that callers may reach."""
        return tuple(port for port in self.ports if not port.members_only)

    @property
    def mounted_by_one(self) -> bool:
        """Whether it has claims that one pod alone may mount at once."""
        return any(claim.access != "ReadWriteMany" for claim in self.claims)

    @property
    def least_pods(self) -> int:
        """The number of a Deployment's or StatefulSet's pods; with autoscaling, the least."""
        return self.replicas if self.autoscaling is None else self.autoscaling.min_replicas

    @property
    def most_pods(self) -> int:
        """The number of a Deployment's or StatefulSet's pods; with autoscaling, the greatest."""
        return self.replicas if self.autoscaling is None else self.autoscaling.max_replicas


class WorkloadUse(SpecModel):
    """A workload of the environment."""

    foreign_keys: ClassVar[Mapping[str, str]] = {
        str(field.alias): "move it into overrides, or into apps/<name>.yaml"
        for field in WorkloadSpec.model_fields.values()
        if not field.exclude
    }

    name: Annotated[WorkloadName, Field(examples=["web"])]
    """Its name: `apps/<name>.yaml` declares it."""

    namespace: Annotated[DnsLabel, Field(examples=["web"])]
    """Namespace that it runs in, one of `cluster.namespaces`."""

    overrides: Annotated[dict[str, Any], Field(default_factory=dict)]
    """What differs here from the file. Mappings are merged, all else is replaced, `null` takes back to the default."""
