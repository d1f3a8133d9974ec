"""Fluent Bit's configuration: which files it reads, what it adds to their lines, where it sends them.

The keys are those of Fluent Bit 5.0's documentation (its pages of the inputs tail and systemd, the filters multiline,
kubernetes and record_modifier, the outputs cloudwatch_logs, opensearch and es, and "Buffering and storage"). What the
numbers together can and cannot keep is told in docs/read-logs.md, and computed by :func:`keeps_up`.
"""

from __future__ import annotations

from typing import Any

from infra.plan.control_plane.kubeadm import AUDIT_FOLDER
from infra.plan.observability.streams import LogStream, streams
from infra.spec import EnvironmentSpec

STATE = "/var/lib/slipway/fluent-bit"
"""Folder of a machine that holds positions and buffers: they outlive the pod."""

METRICS_PORT = 2020
"""Of Fluent Bit's HTTP server."""

STORE_HOST = "opensearch.log-store.svc"
STORE_PORT = 9200

ROTATE_WAIT = 60
"""Seconds that a renamed file is still read. kube-apiserver and the kubelet rename a file of 10 MiB or more."""
REFRESH_SECONDS = 5
"""Seconds between looks for new files: half of the kubelet's 10 s between its looks at sizes, so that no file is made
and renamed between two looks."""

_CHUNKS_UP = 64
"""Chunks of about 2 MB each that are held in memory beside those on disk."""

_AUDIT_LINE = "4M"
"""Longest line of the audit log: a request of 3 MiB (kube-apiserver's limit) and what is around it."""

# What the journal has anyway, where a syslog daemon copies it into files.
_COPIES = ("auth", "cron", "daemon", "kern", "mail", "syslog", "user")


def fluent_bit_config(spec: EnvironmentSpec) -> dict[str, Any]:
    """Return the configuration, as Fluent Bit reads it from YAML."""
    return {
        "service": _service(),
        "parsers": [
            # The audit log's own time, that of the end of a request's stage.
            {
                "name": "audit",
                "format": "json",
                "time_key": "stageTimestamp",
                "time_format": "%Y-%m-%dT%H:%M:%S.%L%z",
                "time_keep": "on",
            }
        ],
        "pipeline": {
            "inputs": [_containers(), _audit(), _journal(), _files()],
            "filters": _filters(spec),
            "outputs": [_output(spec, stream) for stream in streams(spec)],
        },
    }


def _service() -> dict[str, Any]:
    return {
        "flush": 1,
        # Seconds to send what is in memory when the pod ends. What is left is on disk.
        "grace": 20,
        "log_level": "info",
        "http_server": "on",
        "http_listen": "0.0.0.0",  # noqa: S104 (the pod's own address; the network policy says who may ask)
        "http_port": METRICS_PORT,
        "scheduler.base": 5,
        "scheduler.cap": 60,
        "storage.path": f"{STATE}/buffer",
        "storage.sync": "normal",
        "storage.checksum": "off",
        "storage.metrics": "on",
        "storage.max_chunks_up": _CHUNKS_UP,
        # Chunks of before a restart are read back this much at a time.
        "storage.backlog.mem_limit": "32M",
        "storage.delete_irrecoverable_chunks": "on",
    }


def _tail(name: str, tag: str, path: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "tail",
        "alias": name,
        "tag": tag,
        "path": path,
        "db": f"{STATE}/{name}.db",
        "db.sync": "normal",
        "db.locking": "true",
        # A file that is new to the positions is read from its beginning, whatever was in it before it was found.
        "read_from_head": "true",
        "refresh_interval": REFRESH_SECONDS,
        "rotate_wait": ROTATE_WAIT,
        "storage.type": "filesystem",
        **more,
    }


def _containers() -> dict[str, Any]:
    return _tail(
        "containers",
        "kube.*",
        "/var/log/containers/*.log",
        # Its own lines about lines that it cannot send would be lines that it cannot send.
        exclude_path="/var/log/containers/fluent-bit-*_logging_*.log",
        # Joins what containerd cut at 16 KiB, and takes the time from the line's head.
        **{"multiline.parser": "cri"},
        buffer_chunk_size="64K",
        buffer_max_size="1M",
        # Without this a file with one such line would be read no further at all.
        skip_long_lines="on",
    )


def _audit() -> dict[str, Any]:
    return _tail(
        "audit",
        "audit",
        # A pattern, since a path without one that is not there is an error on every worker; it means this file alone,
        # not the renamed ones beside it, which would be read twice.
        f"{AUDIT_FOLDER}/audit.lo[g]",
        parser="audit",
        buffer_chunk_size="256K",
        buffer_max_size=_AUDIT_LINE,
        skip_long_lines="on",
    )


def _journal() -> dict[str, Any]:
    # No filter: kubelet, containerd, kernel, sshd, and Slipway's own units.
    return {
        "name": "systemd",
        "alias": "journal",
        "tag": "host.journal",
        "path": "/var/log/journal",
        "db": f"{STATE}/journal.db",
        "db.sync": "normal",
        "read_from_tail": "off",
        "strip_underscores": "on",
        "lowercase": "on",
        "max_entries": 1000,
        "storage.type": "filesystem",
    }


def _files() -> dict[str, Any]:
    return _tail(
        "files",
        "host.files",
        "/var/log/*.log,/var/log/audit/audit.lo[g]",
        exclude_path=",".join(f"/var/log/{name}.log" for name in _COPIES),
        path_key="file",
        buffer_chunk_size="64K",
        buffer_max_size="1M",
        skip_long_lines="on",
    )


def _filters(spec: EnvironmentSpec) -> list[dict[str, Any]]:
    return [
        {
            # First of all filters: it takes lines out of the stream and puts whole traces back at its beginning.
            "name": "multiline",
            "match": "kube.*",
            "multiline.key_content": "log",
            "multiline.parser": "go,java,python",
            "mode": "parser",
            "buffer": "on",
            "flush_ms": 2000,
            "emitter_name": "traces",
            "emitter_storage.type": "filesystem",
            "emitter_mem_buf_limit": "32M",
        },
        {
            "name": "kubernetes",
            "match": "kube.*",
            "kube_url": "https://kubernetes.default.svc:443",
            "kube_ca_file": "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
            "kube_token_file": "/var/run/secrets/kubernetes.io/serviceaccount/token",
            # The kubelet renews the token after 80% of an hour.
            "kube_token_ttl": 600,
            "kube_tag_prefix": "kube.var.log.containers.",
            # Kubelets answer the control plane alone (infra.plan.security).
            "use_kubelet": "off",
            "buffer_size": "256K",
            "labels": "on",
            "annotations": "off",
            "merge_log": "on",
            # One object for what applications say, so that no two of them fight over the type of a field.
            "merge_log_key": "app",
            "merge_log_trim": "on",
            "keep_log": "on",
            # What is read is for the cluster's keepers to say, not for the annotations of pods.
            "k8s-logging.parser": "off",
            "k8s-logging.exclude": "off",
        },
        {
            "name": "record_modifier",
            "match": "*",
            "record": [f"cluster {spec.cluster.name}", "node ${NODE_NAME}"],
        },
    ]


def _output(spec: EnvironmentSpec, stream: LogStream) -> dict[str, Any]:
    makers = {"cloudWatch": _cloud_watch, "openSearch": _open_search, "elasticsearch": _elasticsearch}
    share = _share(spec, stream)
    return {
        **makers[spec.logging.store](spec, stream),
        "alias": stream.name,
        "match": stream.match,
        # A line is never given up; what makes room for new ones is the limit below, which counts what it drops.
        "retry_limit": "no_limits",
        "storage.total_limit_size": f"{share}M",
        "workers": 1,
    }


def _share(spec: EnvironmentSpec, stream: LogStream) -> int:
    """Return the megabytes of the buffer that a stream may fill: containers three quarters, the others an eighth."""
    eighths = 6 if stream.name == "containers" else 1
    return spec.logging.buffer_gi * 1024 * eighths // 8


def _cloud_watch(spec: EnvironmentSpec, stream: LogStream) -> dict[str, Any]:
    by_pod = {
        "log_stream_template": "$kubernetes['namespace_name'].$kubernetes['pod_name'].$kubernetes['container_name']"
    }
    return {
        "name": "cloudwatch_logs",
        "region": spec.region,
        "log_group_name": stream.log_group(spec.cluster.name),
        # Where the template does not apply: one stream for each machine and source.
        "log_stream_prefix": "${NODE_NAME}.",
        **(by_pod if stream.name == "containers" else {}),
        # Made by the program, with its retention: one that Fluent Bit made would keep lines for ever.
        "auto_create_group": "off",
    }


def _search(stream: LogStream) -> dict[str, Any]:
    return {
        "logstash_format": "on",
        "logstash_prefix": stream.index_prefix,
        "logstash_dateformat": "%Y.%m.%d",
        "time_key_nanos": "on",
        "suppress_type_name": "on",
        "replace_dots": "on",
        # A line that is sent again after an answer that was lost has the same ID, and is not kept twice.
        "generate_id": "on",
        "write_operation": "create",
        "compress": "gzip",
        "buffer_size": "1M",
        "tls": "on",
        "tls.verify": "on",
        "http_passwd": "${STORE_PASSWORD}",
    }


def _open_search(_: EnvironmentSpec, stream: LogStream) -> dict[str, Any]:
    return {
        "name": "opensearch",
        "host": STORE_HOST,
        "port": STORE_PORT,
        "http_user": "fluent-bit",
        **_search(stream),
        "tls.ca_file": "/etc/fluent-bit-store/ca.crt",
    }


def _elasticsearch(spec: EnvironmentSpec, stream: LogStream) -> dict[str, Any]:
    store = spec.logging.elasticsearch
    if store is None:
        raise ValueError("the spec's rules let no elasticsearch through that has no host")
    return {"name": "es", "host": store.host, "port": store.port, "http_user": store.user, **_search(stream)}


def keeps_up(rate_mib: float, reading_mib: float, file_mib: float = 10.0, looks_seconds: float = 10.0) -> bool:
    """Return whether no line of a container is lost while the agent runs.

    The kubelet looks at sizes each ``looks_seconds`` and renames what is over ``file_mib``, so a container that writes
    ``rate_mib`` a second leaves a file of at most ``file_mib + rate_mib * looks_seconds``. All of it may be unread, and
    the agent, which reads ``reading_mib`` a second of it beside the new file, has :data:`ROTATE_WAIT` for it. And the
    next file must not be renamed before it is found.
    """
    renamed = file_mib + rate_mib * looks_seconds
    left = reading_mib - rate_mib
    return left > 0 and renamed / left <= ROTATE_WAIT and max(looks_seconds, file_mib / rate_mib) > REFRESH_SECONDS
