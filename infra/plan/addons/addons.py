"""The add-ons of a cluster."""

from __future__ import annotations

from infra.plan.addons.amazon_vpc_cni import plan_amazon_vpc_cni, plan_kube_proxy
from infra.plan.addons.cilium import plan_cilium
from infra.plan.addons.cloud_controller_manager import plan_cloud_controller_manager
from infra.plan.addons.coredns import plan_coredns
from infra.plan.addons.ebs_csi import plan_ebs_csi
from infra.plan.addons.kubelet_csr_approver import plan_kubelet_csr_approver
from infra.plan.addons.objects import AddonPlan
from infra.plan.addons.observation import plan_metrics_server, plan_node_problem_detector
from infra.plan.addons.scaling import plan_cluster_autoscaler, plan_node_termination_handler
from infra.spec import EnvironmentSpec


def plan_addons(spec: EnvironmentSpec) -> tuple[AddonPlan, ...]:
    """Return the add-ons of the cluster in the order in which a cluster comes to life; none where others bring them."""
    addons = spec.cluster.addons
    if not addons.managed:
        return ()
    cilium = spec.cluster.cni == "cilium"
    wanted = (
        (cilium, plan_cilium),
        (not cilium, plan_amazon_vpc_cni),
        (not cilium, plan_kube_proxy),
        (True, plan_cloud_controller_manager),
        (addons.kubelet_csr_approver.enabled, plan_kubelet_csr_approver),
        (True, plan_coredns),
        (addons.ebs_csi.enabled, plan_ebs_csi),
        (addons.metrics_server.enabled, plan_metrics_server),
        (addons.node_termination_handler.enabled, plan_node_termination_handler),
        (addons.cluster_autoscaler.enabled, plan_cluster_autoscaler),
        (addons.node_problem_detector.enabled, plan_node_problem_detector),
    )
    return tuple(plan(spec) for enabled, plan in wanted if enabled)
