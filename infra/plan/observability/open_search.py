"""OpenSearch in the cluster: members, Dashboards, and how long lines stay."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from infra.plan.addons.objects import AddonPlan, Body, Later, Manifest, set_environment
from infra.plan.node.yaml_text import yaml_text
from infra.plan.observability import credentials
from infra.plan.observability.fluent_bit import STORE_HOST, STORE_PORT
from infra.plan.observability.images import IMAGES
from infra.plan.observability.store_access import DASHBOARDS_USER, access_files
from infra.plan.observability.streams import streams
from infra.spec import EnvironmentSpec
from infra.spec.observability import STORE_NAMESPACE

NAME = "opensearch"
_DASHBOARDS = "opensearch-dashboards"
_SETUP = "opensearch-setup"
SEARCHED_OF_APPLICATIONS = ("level", "severity", "logger", "msg", "status", "trace_id")
"""Keys of an application's JSON that are fields; the others are found in the text of ``log``."""
CONFIG_DIGEST = "slipway/config-digest"
"""Annotation by which a change of a configuration replaces pods."""


def plan_open_search(spec: EnvironmentSpec) -> AddonPlan:
    """Return the store. Its namespace is protected, since all lines go with it."""
    manifest = Manifest(NAME, spec, folder="observability", pinned=IMAGES)
    manifest.protect("Namespace", STORE_NAMESPACE)
    _members(manifest, spec)
    _configure(manifest, NAME, "StatefulSet", {"opensearch.yml": yaml_text(_store_config(spec))})
    _configure(manifest, _DASHBOARDS, "Deployment", {"opensearch_dashboards.yml": yaml_text(_dashboards_config())})
    _set_up(manifest, setup_files(spec))
    manifest.add(*_secrets())
    return manifest.plan()


def digest(content: object) -> str:
    """Return a short digest of a configuration."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def secret(name: str, namespace: str, values: dict[str, Later]) -> Body:
    """Return a Secret whose values are known later."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "stringData": dict(values),
    }


def _members(manifest: Manifest, spec: EnvironmentSpec) -> None:
    store = spec.logging.open_search
    stateful_set = manifest.get("StatefulSet", NAME)
    stateful_set["spec"]["replicas"] = store.members
    (claim,) = stateful_set["spec"]["volumeClaimTemplates"]
    claim["spec"]["resources"]["requests"]["storage"] = f"{store.volume_size_gi}Gi"
    container = manifest.container("StatefulSet", NAME, NAME)
    container["resources"]["requests"]["memory"] = f"{store.memory_gi}Gi"
    container["resources"]["limits"] = {"memory": f"{store.memory_gi}Gi"}
    heap = store.memory_gi * 1024 // 2
    set_environment(container, {"OPENSEARCH_JAVA_OPTS": f"-Xms{heap}m -Xmx{heap}m"})
    labels = dict(stateful_set["spec"]["selector"]["matchLabels"])
    manifest.pod("StatefulSet", NAME)["topologySpreadConstraints"] = [
        # Two members on one machine would go with it, and with them the quorum.
        _spread("kubernetes.io/hostname", "DoNotSchedule", labels),
        _spread("topology.kubernetes.io/zone", "ScheduleAnyway", labels),
    ]


def _spread(key: str, otherwise: str, labels: dict[str, str]) -> Body:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": otherwise,
        "labelSelector": {"matchLabels": labels},
    }


def _configure(manifest: Manifest, name: str, kind: str, data: dict[str, str]) -> None:
    manifest.get("ConfigMap", name)["data"] = data
    template = manifest.get(kind, name)["spec"]["template"]
    template["metadata"]["annotations"] = {CONFIG_DIGEST: digest(data)}


def _store_config(spec: EnvironmentSpec) -> dict[str, Any]:
    members = spec.logging.open_search.members
    names = [f"{NAME}-{number}" for number in range(members)]
    ssl = {
        f"plugins.security.ssl.{layer}.{key}": f"certificates/{file}"
        for layer in ("transport", "http")
        for key, file in (
            ("pemcert_filepath", "tls.crt"),
            ("pemkey_filepath", "tls.key"),
            ("pemtrustedcas_filepath", "ca.crt"),
        )
    }
    alone = {"discovery.type": "single-node"}
    together = {"discovery.seed_hosts": ["opensearch-members"], "cluster.initial_cluster_manager_nodes": names}
    return {
        "cluster.name": f"{spec.cluster.name}-logs",
        "network.host": "0.0.0.0",  # noqa: S104 (the pod's own address; the network policies say who may ask)
        **(alone if members == 1 else together),
        # Maps no files, so that no machine needs vm.max_map_count raised.
        "node.store.allow_mmap": False,
        "action.auto_create_index": "logs-*,.*",
        **ssl,
        "plugins.security.ssl.http.enabled": True,
        # The administrator shows a certificate; all others a password.
        "plugins.security.ssl.http.clientauth_mode": "OPTIONAL",
        "plugins.security.ssl.transport.enforce_hostname_verification": False,
        "plugins.security.ssl.certificates_hot_reload.enabled": True,
        "plugins.security.allow_default_init_securityindex": False,
        "plugins.security.authcz.admin_dn": [credentials.ADMIN.subject],
        "plugins.security.nodes_dn": [credentials.MEMBERS.subject],
        "plugins.security.restapi.roles_enabled": ["all_access"],
        "plugins.security.system_indices.enabled": True,
    }


def _dashboards_config() -> dict[str, Any]:
    return {
        "server.host": "0.0.0.0",  # noqa: S104 (as above)
        "server.name": _DASHBOARDS,
        "opensearch.hosts": [f"https://{STORE_HOST}:{STORE_PORT}"],
        "opensearch.ssl.certificateAuthorities": ["/usr/share/opensearch-dashboards/config/certificates/ca.crt"],
        "opensearch.ssl.verificationMode": "full",
        "opensearch.username": DASHBOARDS_USER,
        "opensearch.password": "${DASHBOARDS_PASSWORD}",
        "opensearch.requestHeadersAllowlist": ["authorization", "securitytenant"],
        "opensearch_security.multitenancy.enabled": False,
        "opensearch_security.cookie.password": "${COOKIE_PASSWORD}",
        # kubectl port-forward brings people here, by plain HTTP on their own machine.
        "opensearch_security.cookie.secure": False,
    }


def setup_files(spec: EnvironmentSpec) -> dict[str, str]:
    """Return the files of the set-up job by path below its folder."""
    made = {f"security/{name}": yaml_text(content) for name, content in access_files().items()}
    for stream in streams(spec):
        made[f"policy-{stream.name}.json"] = _json(_retention(stream.index_prefix, stream.retention_days))
        made[f"template-{stream.name}.json"] = _json(_template(spec, stream.index_prefix))
    return {**made, "setup.sh": _script()}


def _set_up(manifest: Manifest, content: dict[str, str]) -> None:
    # A job cannot be changed, and must not start with the files of the one before.
    name = f"{_SETUP}-{digest(content)[:8]}"
    keys = {path: path.replace("/", "-") for path in content}
    config = manifest.get("ConfigMap", _SETUP)
    config["data"] = {keys[path]: text for path, text in content.items()}
    job = manifest.get("Job", _SETUP)
    volume = next(each for each in manifest.pod("Job", _SETUP)["volumes"] if each["name"] == "setup")
    volume["configMap"] = {"name": name, "items": [{"key": key, "path": path} for path, key in keys.items()]}
    config["metadata"]["name"] = job["metadata"]["name"] = name


def _retention(prefix: str, days: int) -> dict[str, Any]:
    """Return an ISM policy: an index is deleted when the day that it is of is ``days`` past."""
    return {
        "policy": {
            "description": f"Keeps {prefix}-* for {days} days",
            "default_state": "kept",
            "states": [
                {
                    "name": "kept",
                    "actions": [],
                    # A day's index takes lines for a day after it is made.
                    "transitions": [{"state_name": "gone", "conditions": {"min_index_age": f"{days + 1}d"}}],
                },
                {"name": "gone", "actions": [{"delete": {}}], "transitions": []},
            ],
            "ism_template": [{"index_patterns": [f"{prefix}-*"], "priority": 100}],
        }
    }


def _template(spec: EnvironmentSpec, prefix: str) -> dict[str, Any]:
    members = spec.logging.open_search.members
    keyword = {"type": "keyword", "ignore_above": 1024}
    # Labels have keys of anybody's choice, each a field of the mapping otherwise, and values of 63 characters at most.
    flat = {"type": "flat_object"}
    # A document that is refused is sent again without end, with all that came with it: what applications say, and
    # bodies of the audit log, are kept and not indexed, since flat_object refuses values over 32,766 bytes (3.4.0).
    kept = {"type": "object", "enabled": False}
    said = {"type": "object", "dynamic": False, "properties": dict.fromkeys(SEARCHED_OF_APPLICATIONS, keyword)}
    labels = {"type": "object", "properties": {"labels": flat}}
    return {
        "index_patterns": [f"{prefix}-*"],
        "priority": 100,
        "template": {
            "settings": {
                "index.number_of_shards": 1,
                "index.number_of_replicas": 0 if members == 1 else 1,
                "index.codec": "best_compression",
                "index.refresh_interval": "5s",
                "index.mapping.total_fields.limit": 500,
                # A number or time that is none loses its field, not the document.
                "index.mapping.ignore_malformed": True,
            },
            "mappings": {
                "date_detection": False,
                "dynamic_templates": [{"texts": {"match_mapping_type": "string", "mapping": keyword}}],
                "properties": {
                    "@timestamp": {"type": "date_nanos"},
                    "log": {"type": "text"},
                    "message": {"type": "text"},
                    "app": said,
                    "kubernetes": labels,
                    # Of the audit log: bodies of any object.
                    "requestObject": kept,
                    "responseObject": kept,
                    "annotations": flat,
                },
            },
        },
    }


def _json(content: object) -> str:
    return json.dumps(content, indent=1) + "\n"


@cache
def _script() -> str:
    return files("infra.templates").joinpath("observability", NAME, "setup.sh").read_text(encoding="utf-8")


def _secrets() -> list[Body]:
    ca, members, admin = credentials.AUTHORITY, credentials.MEMBERS, credentials.ADMIN
    passwords = {f"{user}-password": credentials.password(user) for user in ("admin", "reader", "shipper")}
    dashboards = {"password": credentials.password("dashboards"), "cookie": credentials.password("cookie")}
    by_name = {
        "opensearch-certificates": {"ca.crt": ca, "tls.crt": members.certificate, "tls.key": members.key},
        "opensearch-admin": {"ca.crt": ca, "tls.crt": admin.certificate, "tls.key": admin.key, **passwords},
        "opensearch-dashboards": dashboards,
    }
    return [secret(name, STORE_NAMESPACE, values) for name, values in by_name.items()]
