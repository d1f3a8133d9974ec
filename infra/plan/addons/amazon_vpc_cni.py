"""The AWS VPC CNI and kube-proxy: pods with addresses of the VPC."""

from __future__ import annotations

import json

from infra.plan.addons.identity import assume_role
from infra.plan.addons.objects import AddonPlan, Manifest, add_arguments, set_environment
from infra.plan.addons.placement import on_every_machine, reach_the_api_directly
from infra.plan.tags import resource_tags
from infra.spec import EnvironmentSpec

ADDON = "amazon-vpc-cni"


def plan_amazon_vpc_cni(spec: EnvironmentSpec) -> AddonPlan:
    """Return the plugin's daemon, whose interfaces carry the environment's tags."""
    manifest = Manifest(ADDON, spec)
    on_every_machine(manifest, "aws-node")
    tags = resource_tags(spec, f"pods.{spec.cluster.name}")
    set_environment(
        manifest.container("DaemonSet", "aws-node", "aws-node"),
        {"CLUSTER_NAME": spec.cluster.name, "ADDITIONAL_ENI_TAGS": json.dumps(tags, sort_keys=True)},
    )
    assume_role(manifest, spec, "DaemonSet", "aws-node", "aws-node", ADDON)
    return manifest.plan()


def plan_kube_proxy(spec: EnvironmentSpec) -> AddonPlan:
    """Return kube-proxy of the cluster's version."""
    manifest = Manifest("kube-proxy", spec)
    on_every_machine(manifest, "kube-proxy")
    reach_the_api_directly(manifest, "DaemonSet", "kube-proxy")
    # What is not of the pods' own network leaves with the machine's address. Pods here have addresses of the VPC.
    add_arguments(manifest.container("DaemonSet", "kube-proxy", "kube-proxy"), [f"--cluster-cidr={spec.network.cidr}"])
    return manifest.plan()
