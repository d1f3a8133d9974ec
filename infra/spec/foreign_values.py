"""Values that are written by habit where there are choices, and what to do about each.

From kops's API, as :mod:`infra.spec.foreign` has its keys. Case, hyphens and underscores do not matter.
"""

from __future__ import annotations

from collections.abc import Mapping

LIST = "[]"
"""Stands for any list, where one choice is meant."""

_POD_NETWORKS = "write cilium, which enforces NetworkPolicies as well, or amazonVpc"
_NO_ROLL = "remove it: without it machines are not replaced; minSize and maxSize bound their number"

OF_GROUP: Mapping[str, Mapping[str, str]] = {
    "role": {
        "Master": "write ControlPlane",
        "Worker": "write Node",
        "Bastion": "remove the group: no port is open for SSH; docs/control-plane.md says what gives a shell",
        "APIServer": "remove the group: each member runs an API server; give the members a larger machineType",
    },
    "subnets": {
        LIST: "write private or public, and in zones the zones",
        "utility": "write public",
        "DualStack": "write private: the network has no IPv6",
    },
    "suspendProcesses": dict.fromkeys(("Launch", "Terminate", "AddToLoadBalancer"), _NO_ROLL),
}
OF_MIXED: Mapping[str, Mapping[str, str]] = {
    "spotAllocationStrategy": {"diversified": "write price-capacity-optimized: it spreads over pools by itself"},
}
OF_CLUSTER: Mapping[str, Mapping[str, str]] = {
    "cni": {
        **dict.fromkeys(
            ("calico", "canal", "flannel", "kindnet", "kubenet", "kubeRouter", "lyftvpc", "weave"), _POD_NETWORKS
        ),
        **dict.fromkeys(
            ("cni", "external", "none"),
            "write cilium or amazonVpc, and cluster.addons.managed: false where something else brings it",
        ),
        "ciliumEtcd": "write cilium: it keeps its state in the cluster's own objects",
    },
}
