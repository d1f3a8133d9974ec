from __future__ import annotations

from typing import Any

import pytest

from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import report

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
