"""Cilium: the pod network, NetworkPolicies and Services."""

from __future__ import annotations

import hashlib
import json
import re

from infra.plan.addons.objects import AddonPlan, Manifest
from infra.plan.addons.placement import on_control_plane, on_every_machine, reach_the_api_directly
from infra.plan.naming import shortened
from infra.spec import EnvironmentSpec

POD_MASK = 24
"""Prefix length of one machine's range of pod addresses: 254, above the most pods that a group may allow (250).
The spec refuses a pod range that has too few of them."""

NAME_LIMIT = 32
"""Characters of ``cluster-name`` (Cilium documentation, "Cluster Mesh": lower-case letters, digits and hyphens)."""


def plan_cilium(spec: EnvironmentSpec) -> AddonPlan:
    """Return Cilium with the cluster's ranges and the API's own address."""
    manifest = Manifest("cilium", spec)
    config = manifest.get("ConfigMap", "cilium-config")["data"]
    config["cluster-name"] = cluster_name(spec.cluster.name)
    config["cluster-pool-ipv4-cidr"] = spec.cluster.pod_cidr
    config["cluster-pool-ipv4-mask-size"] = str(POD_MASK)
    config["enable-wireguard"] = "true" if spec.cluster.addons.cilium.encryption == "wireguard" else "false"
    on_every_machine(manifest, "cilium")
    on_control_plane(manifest, spec, "cilium-operator", early=True)
    for kind, name in (("DaemonSet", "cilium"), ("Deployment", "cilium-operator")):
        reach_the_api_directly(manifest, kind, name)
        # Neither reads a changed configuration before it starts anew.
        annotations = manifest.get(kind, name)["spec"]["template"]["metadata"]["annotations"]
        annotations["slipway/config"] = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]
    return manifest.plan()


def cluster_name(name: str) -> str:
    """Return a cluster's name as Cilium takes it: hyphens for dots, and no longer than it allows."""
    return shortened(re.sub(r"[^a-z0-9-]", "-", name), NAME_LIMIT, name)
