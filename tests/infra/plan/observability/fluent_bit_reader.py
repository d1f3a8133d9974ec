"""A strict reader of Fluent Bit's configuration, for tests to import.

Fluent Bit itself is in no package registry, so its own check (``--dry-run``) cannot be run here. This reader knows the
plugins that are used and, of each, the keys and the forms of values that its documentation page has (Fluent Bit 5.0);
Fluent Bit refuses an unknown key of a plugin likewise. What it cannot say: whether the plugins do as documented.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from typing import Any

Check = Callable[[Any], bool]


def form(pattern: str) -> Check:
    """Return the check of a text by a regular expression."""
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def number(low: int, high: int) -> Check:
    """Return the check of a whole number."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def one_of(*values: str) -> Check:
    """Return the check of a word."""
    return lambda value: value in values


SWITCH = one_of("on", "off", "true", "false")
SIZE = form(r"[1-9][0-9]*[KMG]")
TEXT = form(r"\S.*")
NAME = form(r"[a-z][a-z0-9._-]*")
TAG = form(r"[a-z0-9.*_-]+")
PATH = form(r"/\S+")
PATTERNS = form(r"/[^\s,]+(,/[^\s,]+)*")
PORT = number(1, 65535)
SECONDS = number(1, 3600)

_STORED = {"storage.type": one_of("filesystem", "memory")}
_INPUT = {"name": NAME, "alias": NAME, "tag": TAG, **_STORED}
_DB = {"db": PATH, "db.sync": one_of("extra", "full", "normal", "off")}
_SEARCH: dict[str, Check] = {
    "host": form(r"[a-z0-9.-]+"),
    "port": PORT,
    "http_user": TEXT,
    "http_passwd": form(r"\$\{[A-Z_]+\}"),
    "logstash_format": SWITCH,
    "logstash_prefix": NAME,
    "logstash_dateformat": form(r"(%[A-Za-z][.-]?)+"),
    "time_key_nanos": SWITCH,
    "suppress_type_name": SWITCH,
    "replace_dots": SWITCH,
    "generate_id": SWITCH,
    "write_operation": one_of("create", "index", "update", "upsert"),
    "compress": one_of("gzip"),
    "buffer_size": SIZE,
    "tls": SWITCH,
    "tls.verify": SWITCH,
    "tls.ca_file": PATH,
}
_OUTPUT: dict[str, Check] = {
    "name": NAME,
    "alias": NAME,
    "match": TAG,
    "retry_limit": one_of("no_limits", "no_retries"),
    "storage.total_limit_size": SIZE,
    "workers": number(1, 8),
}

SERVICE: dict[str, Check] = {
    "flush": SECONDS,
    "grace": SECONDS,
    "log_level": one_of("off", "error", "warn", "info", "debug", "trace"),
    "http_server": SWITCH,
    "http_listen": form(r"[0-9.]+"),
    "http_port": PORT,
    "scheduler.base": SECONDS,
    "scheduler.cap": SECONDS,
    "storage.path": PATH,
    "storage.sync": one_of("normal", "full"),
    "storage.checksum": SWITCH,
    "storage.metrics": SWITCH,
    "storage.max_chunks_up": number(1, 1024),
    "storage.backlog.mem_limit": SIZE,
    "storage.delete_irrecoverable_chunks": SWITCH,
}
PARSER: dict[str, Check] = {
    "name": NAME,
    "format": one_of("json", "regex", "ltsv", "logfmt"),
    "time_key": TEXT,
    "time_format": form(r"[%A-Za-z:.-]+"),
    "time_keep": SWITCH,
}
PLUGINS: dict[str, dict[str, dict[str, Check]]] = {
    "inputs": {
        "tail": {
            **_INPUT,
            **_DB,
            "db.locking": SWITCH,
            "path": PATTERNS,
            "exclude_path": PATTERNS,
            "path_key": NAME,
            "parser": NAME,
            "multiline.parser": form(r"[a-z]+(,[a-z]+)*"),
            "read_from_head": SWITCH,
            "refresh_interval": SECONDS,
            "rotate_wait": SECONDS,
            "buffer_chunk_size": SIZE,
            "buffer_max_size": SIZE,
            "skip_long_lines": SWITCH,
        },
        "systemd": {
            **_INPUT,
            **_DB,
            "path": PATH,
            "read_from_tail": SWITCH,
            "strip_underscores": SWITCH,
            "lowercase": SWITCH,
            "max_entries": number(1, 100_000),
        },
    },
    "filters": {
        "multiline": {
            "name": NAME,
            "match": TAG,
            "multiline.key_content": NAME,
            "multiline.parser": form(r"[a-z]+(,[a-z]+)*"),
            "mode": one_of("parser", "partial_message"),
            "buffer": SWITCH,
            "flush_ms": number(100, 60_000),
            "emitter_name": NAME,
            "emitter_storage.type": one_of("filesystem", "memory"),
            "emitter_mem_buf_limit": SIZE,
        },
        "kubernetes": {
            "name": NAME,
            "match": TAG,
            "kube_url": form(r"https://[a-z.]+:[0-9]+"),
            "kube_ca_file": PATH,
            "kube_token_file": PATH,
            "kube_token_ttl": SECONDS,
            "kube_tag_prefix": TAG,
            "use_kubelet": SWITCH,
            "buffer_size": SIZE,
            "labels": SWITCH,
            "annotations": SWITCH,
            "merge_log": SWITCH,
            "merge_log_key": NAME,
            "merge_log_trim": SWITCH,
            "keep_log": SWITCH,
            "k8s-logging.parser": SWITCH,
            "k8s-logging.exclude": SWITCH,
        },
        "record_modifier": {
            "name": NAME,
            "match": TAG,
            "record": lambda value: (
                isinstance(value, list) and all(re.fullmatch(r"[a-z_]+ \S+", str(each)) for each in value)
            ),
        },
    },
    "outputs": {
        "cloudwatch_logs": {
            **_OUTPUT,
            "region": NAME,
            "log_group_name": form(r"[\w./#-]{1,512}"),
            "log_stream_prefix": TEXT,
            "log_stream_template": form(r"(\$\w+(\['\w+'\])*\.?)+"),
            "auto_create_group": SWITCH,
        },
        "opensearch": {**_OUTPUT, **_SEARCH},
        "es": {**_OUTPUT, **_SEARCH},
    },
}
BUILT_IN_PARSERS = {"docker", "cri", "go", "java", "python", "ruby"}
"""Multiline parsers that Fluent Bit brings ("Multiline parsing")."""


def problems(config: dict[str, Any]) -> list[str]:
    """Return what Fluent Bit, or a reader of its documentation, would object to."""
    found = [f"unknown section {key}" for key in config.keys() - {"service", "parsers", "pipeline"}]
    found += [f"unknown section pipeline.{key}" for key in config["pipeline"].keys() - PLUGINS.keys()]
    found += _bad("service", config["service"], SERVICE)
    for parser in config["parsers"]:
        found += _bad(f"parser {parser.get('name')}", parser, PARSER)
    for section, plugins in PLUGINS.items():
        for instance in config["pipeline"][section]:
            name = instance.get("name")
            if name not in plugins:
                found.append(f"{section}: no plugin {name}")
            else:
                found += _bad(f"{section} {name}", instance, plugins[name])
    return found + _loose_ends(config)


def _bad(where: str, values: dict[str, Any], keys: dict[str, Check]) -> list[str]:
    found = [f"{where}: unknown key {key}" for key in values if key not in keys]
    return found + [
        f"{where}: {key} cannot be {value!r}" for key, value in values.items() if key in keys and not keys[key](value)
    ]


def _loose_ends(config: dict[str, Any]) -> list[str]:
    pipeline = config["pipeline"]
    found = []
    positions = [each["db"] for each in pipeline["inputs"]]
    found += [f"two inputs have the positions {path}" for path in set(positions) if positions.count(path) > 1]
    known = {parser["name"] for parser in config["parsers"]}
    for each in (*pipeline["inputs"], *pipeline["filters"]):
        if each.get("parser", next(iter(known))) not in known:
            found.append(f"no parser {each['parser']}")
        found += [
            f"no multiline parser {name}"
            for name in each.get("multiline.parser", "cri").split(",")
            if name not in BUILT_IN_PARSERS
        ]
    tags = [each["tag"].replace("*", "var.log.containers.x") for each in pipeline["inputs"]]
    for tag in tags:
        takers = [each["alias"] for each in pipeline["outputs"] if fnmatch.fnmatch(tag, each["match"])]
        if len(takers) != 1:
            found.append(f"{tag} goes to {takers or 'nobody'}")
    for each in (*pipeline["filters"], *pipeline["outputs"]):
        if not any(fnmatch.fnmatch(tag, each["match"]) for tag in tags):
            found.append(f"nothing is tagged as {each['name']} matches: {each['match']}")
    return found
