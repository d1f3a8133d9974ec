"""Logs and metrics of the cluster: where they are kept, and for how long."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from infra.spec.base import SpecModel, checked, matching, refuse
from infra.spec.scalars import DnsLabel

LogStore = Literal["cloudWatch", "openSearch", "elasticsearch"]
Days = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]
"""The periods that CloudWatch Logs offers, so that a change of store keeps them."""

_HOST = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$"
_CONFIG = r"^[a-zA-Z][a-zA-Z0-9_-]{0,62}$"


def _host(value: str) -> str:
    if not re.fullmatch(_HOST, value):
        refuse("is not a host name", "write the name alone, as logs.example.com: neither scheme nor port")
    return value


def _config_key(value: str) -> str:
    if not re.fullmatch(_CONFIG, value):
        refuse(
            "is not a key of the stack's configuration",
            "write the name that follows slipway: in pulumi config set --secret slipway:<name>",
        )
    return value


AGENT_NAMESPACE = "logging"
"""Of the agents that ship logs."""
STORE_NAMESPACE = "log-store"
"""Of OpenSearch in the cluster."""
MONITORING_NAMESPACE = "monitoring"
"""Of Prometheus and what belongs to it; the name by which workloads let it in."""

SecretConfig = Annotated[str, checked(_config_key), matching(_CONFIG)]


class OpenSearchSpec(SpecModel):
    """OpenSearch with its Dashboards in the cluster, where `store` is `openSearch`."""

    members: Literal[1, 3, 5] = 3
    """Number of members. With 3 or more each line is kept twice, and one member may be lost."""

    volume_size_gi: Annotated[int, Field(ge=10, le=16384)] = 100
    """Volume of each member in GiB. It cannot be changed here once it is made (see docs/read-logs.md)."""

    memory_gi: Annotated[int, Field(ge=1, le=64)] = 2
    """Memory of each member in GiB. Half of it is Java's heap, and the rest the cache of its files."""


class ElasticsearchSpec(SpecModel):
    """An Elasticsearch or OpenSearch that others keep, where `store` is `elasticsearch`. It is spoken to by TLS."""

    host: Annotated[str, checked(_host), matching(_HOST), Field(examples=["logs.example.com"])]
    """Host name, whose certificate a public authority has signed."""

    port: Annotated[int, Field(ge=1, le=65535)] = 443
    """Port."""

    user: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._@-]+$")] = "slipway"
    """User that may create indices `logs-*` and write to them."""

    secret: Annotated[SecretConfig, Field(examples=["logPassword"])]
    """Name of the stack's secret configuration that holds the user's password: the one that
    `pulumi config set --secret slipway:<secret>` has set."""


class LoggingSpec(SpecModel):
    """Shipping of logs: of containers, of the control plane's audit log, and of machines."""

    enabled: bool = True
    """Whether Slipway ships logs at all. False where something else does."""

    store: LogStore = "cloudWatch"
    """Where lines are kept and searched: `cloudWatch`, `openSearch` in the cluster, or an `elasticsearch` of others."""

    retention_days: Days = 30
    """Days that lines of containers and machines are kept. With `elasticsearch` the store's keepers decide."""

    audit_retention_days: Days = 365
    """Days that the Kubernetes API's audit log is kept. With `elasticsearch` the store's keepers decide."""

    buffer_gi: Annotated[int, Field(ge=1, le=64)] = 4
    """Disk of each machine, in GiB, that holds lines while the store is away. What is over it is lost, oldest first."""

    open_search: OpenSearchSpec = OpenSearchSpec()
    """The store in the cluster."""

    elasticsearch: ElasticsearchSpec | None = None
    """The store of others."""


class GrafanaSpec(SpecModel):
    """Grafana with the dashboards that Slipway brings, and your own."""

    enabled: bool = True
    """Whether it runs."""

    dashboards: Annotated[tuple[DnsLabel, ...], Field(max_length=50)] = ()
    """Dashboards of your own, each in `monitoring/dashboards/<name>.json`, as Grafana exports it."""


class AlertingSpec(SpecModel):
    """Alertmanager: who is told of alerts."""

    secret: SecretConfig | None = None
    """Name of the stack's secret configuration that holds Alertmanager's configuration (YAML: routes and receivers).
    Unset: alerts are shown by Alertmanager and Grafana, and nobody is told."""


class MonitoringSpec(SpecModel):
    """Metrics and alerts: Prometheus and what it asks."""

    enabled: bool = True
    """Whether Slipway monitors the cluster. False where something else does."""

    retention_days: Annotated[int, Field(ge=1, le=400)] = 15
    """Days that metrics are kept. Prometheus's own default."""

    volume_size_gi: Annotated[int, Field(ge=10, le=16384)] = 50
    """Prometheus's volume in GiB. The oldest metrics go before it is full, whatever `retentionDays` says."""

    memory_gi: Annotated[int, Field(ge=1, le=512)] = 2
    """Memory of Prometheus in GiB: about 4 KiB for each of the series that it holds at once."""

    scrape_seconds: Annotated[int, Field(ge=15, le=120)] = 30
    """Seconds between two looks at each target."""

    rules: Annotated[tuple[DnsLabel, ...], Field(max_length=50)] = ()
    """Alerts and recordings of your own, each file `monitoring/rules/<name>.yaml` in Prometheus's own form."""

    alerting: AlertingSpec = AlertingSpec()
    """Who is told."""

    grafana: GrafanaSpec = GrafanaSpec()
    """Dashboards."""
