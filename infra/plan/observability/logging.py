"""Shipping of logs: the agents, the store, and what AWS keeps for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.plan.addons.identity import assume_role
from infra.plan.addons.objects import AddonPlan, Body, Manifest
from infra.plan.addons.placement import on_every_machine
from infra.plan.iam import Statement
from infra.plan.node.yaml_text import yaml_text
from infra.plan.observability import credentials
from infra.plan.observability.fluent_bit import STORE_PORT, fluent_bit_config
from infra.plan.observability.images import IMAGES
from infra.plan.observability.open_search import plan_open_search, secret
from infra.plan.observability.reload import read_once
from infra.plan.observability.streams import streams
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec
from infra.spec.observability import AGENT_NAMESPACE, STORE_NAMESPACE
from infra.spec.partition import partition_of

AGENT = "fluent-bit"
_SECRET = "log-store"  # noqa: S105 (a name)
_CA_FOLDER = "/etc/fluent-bit-store"


@dataclass(frozen=True)
class LogGroupPlan:
    """A log group of CloudWatch."""

    key: str
    """Logical name."""
    name: str
    retention_days: int
    tags: Mapping[str, str]


@dataclass(frozen=True)
class LoggingPlan:
    """Logging of an environment."""

    in_cluster: tuple[AddonPlan, ...]
    """The store, where it is in the cluster, and the agents."""
    groups: tuple[LogGroupPlan, ...]
    """Of CloudWatch; empty with another store."""
    own_store: bool
    """Whether the store is in the cluster, so that its keys and passwords are made."""
    password_config: str | None
    """The stack's secret configuration that holds the password of a store of others."""


def plan_logging(spec: EnvironmentSpec) -> LoggingPlan | None:
    """Return the logging of an environment; None where something else ships its logs."""
    logging = spec.logging
    if not logging.enabled:
        return None
    own = logging.store == "openSearch"
    others = logging.elasticsearch if logging.store == "elasticsearch" else None
    return LoggingPlan(
        in_cluster=(*((plan_open_search(spec),) if own else ()), _plan_agent(spec)),
        groups=_groups(spec),
        own_store=own,
        password_config=others.secret if others else None,
    )


def logging_statements(spec: EnvironmentSpec) -> tuple[Statement, ...]:
    """Return what the agents may do in AWS: add to the environment's log groups. They can neither read nor make one."""
    if not spec.logging.enabled or spec.logging.store != "cloudWatch":
        return ()
    prefix = f"arn:{partition_of(spec.region)}:logs:{spec.region}:{spec.account_id}:log-group"
    groups = [f"{prefix}:{stream.log_group(spec.cluster.name)}" for stream in streams(spec)]
    return (
        {
            "Sid": "AddToOwnGroups",
            "Effect": "Allow",
            "Action": ["logs:PutLogEvents"],
            "Resource": [f"{group}:log-stream:*" for group in groups],
        },
        {
            "Sid": "MakeStreamsOfOwnGroups",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream"],
            # The service's reference names the group alone; what it is asked with ends in ":*".
            "Resource": [name for group in groups for name in (group, f"{group}:*")],
        },
    )


def _groups(spec: EnvironmentSpec) -> tuple[LogGroupPlan, ...]:
    if spec.logging.store != "cloudWatch":
        return ()
    return tuple(
        LogGroupPlan(
            key=f"logs-{stream.name}",
            name=stream.log_group(spec.cluster.name),
            retention_days=stream.retention_days,
            tags=resource_tags(spec, f"logs-{stream.name}.{spec.cluster.name}"),
        )
        for stream in streams(spec)
    )


def _plan_agent(spec: EnvironmentSpec) -> AddonPlan:
    manifest = Manifest(AGENT, spec, folder="observability", pinned=IMAGES)
    on_every_machine(manifest, AGENT)
    config = {"fluent-bit.yaml": yaml_text(fluent_bit_config(spec))}
    manifest.get("ConfigMap", AGENT)["data"] = config
    # It reads again when it is told to, and its image has no shell by which a sidecar could tell it. A new pod loses
    # nothing: what is read and not yet sent is on the machine's disk.
    read_once(manifest, "DaemonSet", AGENT, config)
    if spec.logging.store == "cloudWatch":
        assume_role(manifest, spec, "DaemonSet", AGENT, AGENT, AGENT)
    else:
        _reach_store(manifest, spec)
    return manifest.plan()


def _reach_store(manifest: Manifest, spec: EnvironmentSpec) -> None:
    own = spec.logging.store == "openSearch"
    values = {"password": credentials.STORE_PASSWORD}
    container, pod = manifest.container("DaemonSet", AGENT, AGENT), manifest.pod("DaemonSet", AGENT)
    if own:
        values["ca.crt"] = credentials.AUTHORITY
        container["volumeMounts"].append({"name": "store", "mountPath": _CA_FOLDER, "readOnly": True})
        authority = {"secretName": _SECRET, "items": [{"key": "ca.crt", "path": "ca.crt"}]}
        pod["volumes"].append({"name": "store", "secret": authority})
    container["env"].append(
        {"name": "STORE_PASSWORD", "valueFrom": {"secretKeyRef": {"name": _SECRET, "key": "password"}}}
    )
    egress = manifest.get("NetworkPolicy", AGENT)["spec"]["egress"]
    if (way := _way_to_store(spec)) not in egress:
        egress.append(way)
    manifest.add(secret(_SECRET, AGENT_NAMESPACE, values))


def _way_to_store(spec: EnvironmentSpec) -> Body:
    store = spec.logging.elasticsearch
    if spec.logging.store == "elasticsearch" and store is not None:
        return {"ports": [{"port": store.port, "protocol": "TCP"}]}
    members = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": STORE_NAMESPACE}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "opensearch"}},
    }
    return {"to": [members], "ports": [{"port": STORE_PORT, "protocol": "TCP"}]}
