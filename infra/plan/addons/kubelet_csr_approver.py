"""kubelet-csr-approver: serving certificates of kubelets, for names and addresses that are the machine's own."""

from __future__ import annotations

import re

from infra.plan.addons.objects import AddonPlan, Manifest, set_environment
from infra.plan.addons.placement import on_control_plane
from infra.plan.network import internal_domain
from infra.spec import EnvironmentSpec

_NAME = "kubelet-csr-approver"

INSTANCE_ID = "i-[0-9a-f]{8,17}"


def plan_kubelet_csr_approver(spec: EnvironmentSpec) -> AddonPlan:
    """Return the approver, limited to host names made of instance IDs and to addresses of the VPC."""
    manifest = Manifest(_NAME, spec)
    on_control_plane(manifest, spec, _NAME, early=True)
    set_environment(
        manifest.container("Deployment", _NAME, _NAME),
        {"PROVIDER_REGEX": host_names(spec.region), "PROVIDER_IP_PREFIXES": spec.network.cidr},
    )
    return manifest.plan()


def host_names(region: str) -> str:
    """Return the pattern of resource-name host names (EC2 User Guide, "EC2 instance hostnames and domains").

    A kubelet's first request may come before the cloud controller manager has told it of its domain, which the
    resolver's search list then adds.
    """
    return rf"^{INSTANCE_ID}(\.{re.escape(internal_domain(region))})?$"
