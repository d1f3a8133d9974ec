"""Data of a workload: claims on volumes, secrets, rights in AWS, and what jobs need beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.spec.base import SpecModel
from infra.spec.scalars import DnsLabel, RoutePath
from infra.spec.workloads import foreign
from infra.spec.workloads.files import FileName, MountPath, SubPath
from infra.spec.workloads.scalars import (
    ConfigKey,
    HostName,
    IamAction,
    IamResource,
    ObjectName,
    Seconds,
    TimeZone,
    VariableName,
)


class ClaimSpec(SpecModel):
    """A claim on a volume that outlives pods."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_CLAIM

    name: Annotated[DnsLabel, Field(examples=["data"])]
    """Name of the claim. It cannot be changed later."""

    path: Annotated[MountPath, Field(examples=["/var/lib/store"])]
    """Folder in the container."""

    sub_path: SubPath | None = None
    """Folder of the volume that is mounted there. Unset: the volume itself, in which ext4 keeps a folder `lost+found`;
    programs that ask for an empty folder, as PostgreSQL and MySQL do, need one. A change leaves the data behind."""

    size_gi: Annotated[int, Field(ge=1, le=65536, examples=[10])]
    """Size in GiB. It can be raised by hand where the storage class allows it; a StatefulSet's template is fixed."""

    storage_class: ObjectName | None = None
    """Storage class. Unset: the cluster's default."""

    access: Literal["ReadWriteOncePod", "ReadWriteOnce", "ReadWriteMany"] = "ReadWriteOncePod"
    """Who may mount it at once. EBS volumes cannot be mounted from several nodes; EFS can (`ReadWriteMany`)."""


class SecretSpec(SpecModel):
    """A secret value, kept out of the files. One of `config`, `generate` and `existing` says where it is from."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_SECRET

    name: Annotated[FileName, Field(examples=["database-password"])]
    """Name of the file in the container, and the key in the Secret."""

    config: ConfigKey | None = None
    """Key in the stack's secret configuration: `pulumi config set --secret slipway:KEY`."""

    generate: Annotated[int, Field(ge=16, le=128)] | None = None
    """Number of random letters and digits: made once, kept in the state, encrypted."""

    existing: ObjectName | None = None
    """Secret in the namespace that others keep (such as the External Secrets operator); `name` is its key."""

    env: VariableName | None = None
    """Also as this environment variable. Files are safer: variables reach child processes and crash reports."""


class StatementSpec(SpecModel):
    """One thing that the workload may do in AWS."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_STATEMENT

    actions: Annotated[tuple[IamAction, ...], Field(min_length=1, examples=[["s3:GetObject"]])]
    """IAM actions; `*` may end one, and does not stand alone."""

    resources: Annotated[tuple[IamResource, ...], Field(min_length=1, examples=[["arn:aws:s3:::acme-media/*"]])]
    """ARNs that they are allowed on."""


class JobSpec(SpecModel):
    """Settings of a Job, and of each Job that a CronJob makes."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_JOB

    deadline: Seconds = "1h"
    """Time after which a Job that still runs is stopped and has failed."""

    retries: Annotated[int, Field(ge=0, le=20)] = 3
    """Pods that may fail before the Job has."""

    parallelism: Annotated[int, Field(ge=1, le=1000)] = 1
    """Pods at once."""

    completions: Annotated[int, Field(ge=1, le=100_000)] = 1
    """Pods that must succeed."""

    keep_for: Seconds | None = None
    """Time after its end at which a Job is deleted. Unset: a Job stays (a deleted one would be run anew by the next
    `pulumi up --refresh`); those of a CronJob go by the history limits."""


class CronSpec(SpecModel):
    """Settings of a CronJob."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_CRON

    time_zone: TimeZone = "Etc/UTC"
    """Time zone of the schedule, as in the IANA database."""

    concurrency: Literal["Forbid", "Allow", "Replace"] = "Forbid"
    """What happens when the last Job still runs: skip this one, run both, or stop the last."""

    start_within: Seconds = "5m"
    """A Job that could not be started for so long is skipped."""

    suspend: bool = False
    """Start nothing for now."""

    keep_successful: Annotated[int, Field(ge=0, le=100)] = 3
    """Finished Jobs kept."""

    keep_failed: Annotated[int, Field(ge=0, le=100)] = 3
    """Failed Jobs kept, to read why."""


class ExposeSpec(SpecModel):
    """How the edge router reaches the workload from outside the cluster."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign.OF_EXPOSE

    host: Annotated[HostName, Field(examples=["app.example.com"])]
    """Host name of requests."""

    further_hosts: Annotated[tuple[HostName, ...], Field(max_length=15)] = ()
    """Names beside `host` that lead here, too, each with a certificate of its own."""

    path: RoutePath = "/"
    """Prefix of their paths. Workloads may share a host, each with a path of its own; the longer path decides."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every name that leads here, `host` first."""
        return (self.host, *self.further_hosts)
