from __future__ import annotations

from typing import Any

import pytest

from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import report

ELSEWHERE = {"host": "logs.example.com", "secret": "logPassword"}


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"logging": {"store": "openSearch", "openSearch": {"members": 1}}}, []),
        ({"logging": {"store": "elasticsearch", "elasticsearch": ELSEWHERE}}, []),
        (
            {"logging": {"store": "elasticsearch"}},
            [
                "logging.store: is elasticsearch, and logging.elasticsearch does not say where that is. "
                "Fix: write logging.elasticsearch with host and secret."
            ],
        ),
        (
            {"logging": {"elasticsearch": ELSEWHERE, "openSearch": {"members": 5}}},
            [
                "logging.elasticsearch: has no effect with the store cloudWatch. "
                "Fix: remove it, or set logging.store to elasticsearch.",
                "logging.openSearch: has no effect with the store cloudWatch. "
                "Fix: remove it, or set logging.store to openSearch.",
            ],
        ),
        (
            {"logging": {"enabled": False, "store": "openSearch"}},
            ["logging.store: has no effect, because logging.enabled is false. Fix: remove it, or let enabled be true."],
        ),
        (
            {
                "logging": {"store": "openSearch"},
                "monitoring": {"enabled": False},
                "cluster": {"addons": {"ebsCsi": {"defaultStorageClass": False}}},
            },
            [
                "logging.store: asks for volumes of the default StorageClass, and cluster.addons.ebsCsi brings none. "
                "Fix: let ebsCsi.enabled and ebsCsi.defaultStorageClass be true, or switch this off."
            ],
        ),
        (
            {"cluster": {"namespaces": [{"name": "logging"}, {"name": "log-store"}]}},
            [
                "cluster.namespaces[0].name: 'logging' is a namespace that Slipway makes for logs and metrics. "
                "Fix: choose another name."
            ],
        ),
        (
            {"cluster": {"addons": {"ebsCsi": {"enabled": False}}}},
            [
                "monitoring.enabled: asks for volumes of the default StorageClass, and cluster.addons.ebsCsi brings "
                "none. Fix: let ebsCsi.enabled and ebsCsi.defaultStorageClass be true, or switch this off."
            ],
        ),
        (
            {"monitoring": {"enabled": False, "memoryGi": 4, "alerting": {"secret": "x"}}},
            [
                f"monitoring.{key}: has no effect, because monitoring.enabled is false. "
                "Fix: remove it, or let enabled be true."
                for key in ("memoryGi", "alerting")
            ],
        ),
        (
            {"cluster": {"namespaces": [{"name": "monitoring"}]}},
            [
                "cluster.namespaces[0].name: 'monitoring' is a namespace that Slipway makes for logs and metrics. "
                "Fix: choose another name."
            ],
        ),
        ({"logging": {"enabled": False}, "cluster": {"namespaces": [{"name": "logging"}]}}, []),
        (
            {"logging": {"store": "elasticsearch", "elasticsearch": {"host": "https://logs", "secret": "a:b"}}},
            [
                "logging.elasticsearch.host: 'https://logs' is not a host name. "
                "Fix: write the name alone, as logs.example.com: neither scheme nor port.",
                "logging.elasticsearch.secret: 'a:b' is not a key of the stack's configuration. "
                "Fix: write the name that follows slipway: in pulumi config set --secret slipway:<name>.",
            ],
        ),
    ],
)
def test_what_is_refused(change: dict[str, Any], lines: list[str]) -> None:
    assert report(sample_mapping(**change)) == lines


TAINTED = (
    "has no machine to run on: every group of role Node is tainted or has maxSize 0. Fix: add a group of role Node"
)


@pytest.mark.parametrize(
    ("group", "found"),
    [
        ({"taints": ["gpu:NoSchedule"]}, True),
        ({"taints": ["gpu=yes:NoExecute"]}, True),
        ({"taints": ["gpu:PreferNoSchedule"]}, False),
        ({"minSize": 0, "maxSize": 0}, True),
        ({"minSize": 0, "maxSize": 1}, False),
    ],
)
def test_stores_need_a_machine_that_takes_their_pods(group: dict[str, Any], found: bool) -> None:
    environment = sample_mapping(logging={"store": "openSearch"})
    environment["instanceGroups"][1] |= group
    wanted = ["logging.store", "monitoring.enabled"] if found else []
    assert report(environment) == [f"{place}: {TAINTED} without taints, or switch this off." for place in wanted]


def test_where_neither_store_is_in_the_cluster_every_group_may_be_tainted() -> None:
    environment = sample_mapping(monitoring={"enabled": False})
    environment["instanceGroups"][1]["taints"] = ["gpu:NoSchedule"]
    assert report(environment) == []
