"""The three streams of log lines, and what each is called in the stores."""

from __future__ import annotations

from dataclasses import dataclass

from infra.spec import EnvironmentSpec


@dataclass(frozen=True)
class LogStream:
    """One kind of lines."""

    name: str
    """What groups and indices are named by."""
    match: str
    """Which of Fluent Bit's tags belong to it."""
    retention_days: int

    def log_group(self, cluster: str) -> str:
        """Return its log group in CloudWatch."""
        return f"/slipway/{cluster}/{self.name}"

    @property
    def index_prefix(self) -> str:
        """What its daily indices begin with in OpenSearch and Elasticsearch."""
        return f"logs-{self.name}"


def streams(spec: EnvironmentSpec) -> tuple[LogStream, ...]:
    """Return the streams: lines of containers, of the API's audit log, of machines."""
    logging = spec.logging
    return (
        LogStream("containers", "kube.*", logging.retention_days),
        LogStream("audit", "audit", logging.audit_retention_days),
        LogStream("hosts", "host.*", logging.retention_days),
    )
