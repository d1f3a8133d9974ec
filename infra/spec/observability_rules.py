"""Rules between logging, monitoring and the rest of the environment."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem, listed_twice
from infra.spec.instance_group import InstanceGroupSpec
from infra.spec.labels import parse_taint
from infra.spec.observability import AGENT_NAMESPACE, MONITORING_NAMESPACE, STORE_NAMESPACE, LoggingSpec, MonitoringSpec


def check_observability(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield what contradicts itself, what would do nothing, and what lacks something it needs."""
    yield from _check_store(spec.logging)
    yield from _check_switches(spec)
    yield from _check_volumes(spec)
    yield from _check_workers(spec)
    yield from _check_namespaces(spec)
    yield from _check_own(spec.monitoring)


def _check_own(monitoring: MonitoringSpec) -> Iterator[Problem]:
    at: Location = ("monitoring", "grafana", "dashboards")
    yield from listed_twice(("monitoring", "rules"), monitoring.rules)
    yield from listed_twice(at, monitoring.grafana.dashboards)
    if monitoring.grafana.dashboards and not monitoring.grafana.enabled:
        problem = "are shown by nobody, because monitoring.grafana.enabled is false"
        yield Problem(at, problem, "remove them, or let enabled be true", None, (("monitoring", "grafana", "enabled"),))


def _check_store(logging: LoggingSpec) -> Iterator[Problem]:
    store: Location = ("logging", "store")
    if not logging.enabled:
        return
    if logging.store == "elasticsearch" and logging.elasticsearch is None:
        yield Problem(
            store,
            "is elasticsearch, and logging.elasticsearch does not say where that is",
            "write logging.elasticsearch with host and secret",
            None,
            (("logging", "elasticsearch"),),
        )
    if logging.store != "elasticsearch" and logging.elasticsearch is not None:
        yield Problem(
            ("logging", "elasticsearch"),
            f"has no effect with the store {logging.store}",
            "remove it, or set logging.store to elasticsearch",
            None,
            (store,),
        )
    if logging.store != "openSearch" and logging.open_search != LoggingSpec().open_search:
        yield Problem(
            ("logging", "openSearch"),
            f"has no effect with the store {logging.store}",
            "remove it, or set logging.store to openSearch",
            None,
            (store,),
        )


def _check_switches(spec: EnvironmentSpec) -> Iterator[Problem]:
    for part, settings, plain in (
        ("logging", spec.logging, LoggingSpec()),
        ("monitoring", spec.monitoring, MonitoringSpec()),
    ):
        if settings.enabled:
            continue
        for name, field in type(settings).model_fields.items():
            if name != "enabled" and getattr(settings, name) != getattr(plain, name):
                yield Problem(
                    (part, str(field.alias)),
                    f"has no effect, because {part}.enabled is false",
                    "remove it, or let enabled be true",
                    None,
                    ((part, "enabled"),),
                )


def _stores(spec: EnvironmentSpec) -> Iterator[Location]:
    """Yield the settings that bring pods with volumes into the cluster."""
    if spec.logging.enabled and spec.logging.store == "openSearch":
        yield ("logging", "store")
    if spec.monitoring.enabled:
        yield ("monitoring", "enabled")


def _check_volumes(spec: EnvironmentSpec) -> Iterator[Problem]:
    addons = spec.cluster.addons
    if not addons.managed or (addons.ebs_csi.enabled and addons.ebs_csi.default_storage_class):
        return
    at: Location = ("cluster", "addons", "ebsCsi")
    for place in _stores(spec):
        yield Problem(
            place,
            "asks for volumes of the default StorageClass, and cluster.addons.ebsCsi brings none",
            "let ebsCsi.enabled and ebsCsi.defaultStorageClass be true, or switch this off",
            None,
            (at,),
        )


def _check_workers(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Find what would wait for a machine for ever: the pods of logging's and monitoring's stores tolerate no taint."""
    workers = [group for group in spec.instance_groups if group.role == "Node"]
    # A control plane without workers is a first step, and says so itself.
    if not workers or any(group.max_size and not _keeps_away(group) for group in workers):
        return
    for place in _stores(spec):
        yield Problem(
            place,
            "has no machine to run on: every group of role Node is tainted or has maxSize 0",
            "add a group of role Node without taints, or switch this off",
            None,
            (("instanceGroups",),),
        )


def _keeps_away(group: InstanceGroupSpec) -> bool:
    """Tell whether the group's taints keep pods away that tolerate none."""
    return any(parse_taint(text).effect != "PreferNoSchedule" for text in group.taints)


def _check_namespaces(spec: EnvironmentSpec) -> Iterator[Problem]:
    taken = {
        AGENT_NAMESPACE: spec.logging.enabled,
        STORE_NAMESPACE: spec.logging.enabled and spec.logging.store == "openSearch",
        MONITORING_NAMESPACE: spec.monitoring.enabled,
    }
    for index, namespace in enumerate(spec.cluster.namespaces):
        if taken.get(namespace.name):
            yield Problem(
                ("cluster", "namespaces", index, "name"),
                "is a namespace that Slipway makes for logs and metrics",
                "choose another name",
                repr(namespace.name),
                (("logging", "enabled"), ("logging", "store"), ("monitoring", "enabled")),
            )
