from __future__ import annotations

from typing import Any

import pytest

from tests.infra.samples import ENVIRONMENT, group_mapping, sample_mapping
from tests.infra.spec.reports import GROUP, report

WIREGUARD = {"encryption": "wireguard"}


@pytest.mark.parametrize(
    ("cluster", "lines"),
    [
        ({"addons": {"cilium": WIREGUARD}}, []),
        ({"cni": "amazonVpc", "networkPolicies": "notEnforced", "addons": {"cilium": {"encryption": "none"}}}, []),
        (
            {"cni": "amazonVpc", "networkPolicies": "notEnforced", "addons": {"cilium": WIREGUARD}},
            [
                "cluster.addons.cilium: has no effect with the pod network amazonVpc. "
                "Fix: remove it, or set cluster.cni to cilium."
            ],
        ),
        ({"addons": {"managed": False, "coreDns": {"replicas": 2}}}, []),
        (
            {
                "cni": "amazonVpc",
                "networkPolicies": "notEnforced",
                "addons": {"managed": False, "coreDns": {"replicas": 3}, "cilium": WIREGUARD},
            },
            [
                f"cluster.addons.{key}: has no effect, because Slipway applies no add-ons here. "
                "Fix: remove it, or let managed be true."
                for key in ("coreDns", "cilium")
            ],
        ),
    ],
)
def test_settings_that_would_do_nothing_are_refused(cluster: dict[str, Any], lines: list[str]) -> None:
    assert report(sample_mapping(cluster=cluster)) == lines


SAME = (
    "cluster.addons.clusterAutoscaler.expander: 'priority' has no effect, because all groups that the "
    "cluster-autoscaler sizes have the same autoscalePriority. Fix: write autoscalePriority in instanceGroups, the "
    "greatest where machines should come from first."
)
UNREAD = (
    f"{GROUP}.autoscalePriority: 50 has no effect unless cluster.addons.clusterAutoscaler runs with expander: "
    "priority. Fix: write that, or remove it."
)
UNCOUNTED = (
    f"{GROUP}.autoscalePriority: 50 has no effect on the control plane, or where desiredSize or retire says the "
    "number. Fix: remove it."
)


@pytest.mark.parametrize(
    ("autoscaler", "group", "lines"),
    [
        ({"expander": "priority"}, {"autoscalePriority": 50}, []),
        ({"expander": "priority"}, {}, [SAME]),
        ({"expander": "priority"}, {"autoscalePriority": 50, "desiredSize": 3}, [SAME, UNCOUNTED]),
        ({"expander": "least-waste"}, {"autoscalePriority": 50}, [UNREAD]),
        ({"expander": "priority", "enabled": False}, {"autoscalePriority": 50}, [UNREAD]),
        ({"expander": "priority", "enabled": False}, {}, []),
        ({"expander": "random"}, {"autoscalePriority": 0}, []),
    ],
)
def test_priorities_are_read_or_refused(autoscaler: dict[str, Any], group: dict[str, Any], lines: list[str]) -> None:
    groups = [*ENVIRONMENT["instanceGroups"], group_mapping("fourth", **group)]
    cluster = {"addons": {"clusterAutoscaler": autoscaler}}
    assert report(sample_mapping(cluster=cluster, instanceGroups=groups)) == lines
