"""What holds for every add-on, whatever it does."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from infra.plan.addons.iam import addon_roles
from infra.plan.addons.objects import AddonPlan, Later, leaves
from tests.infra.plan.addons.planned import WORKLOADS, addons, containers, environment, of_both_networks, pod, workloads
from tests.infra.samples import sample_spec

each_addon = pytest.mark.parametrize("plan", of_both_networks(), ids=lambda plan: plan.name)

BUILT_IN = {
    "system:auth-delegator",
    "system:node-problem-detector",
    "system:node-proxier",
    "extension-apiserver-authentication-reader",
}
"""Roles that the API server makes itself (plugin/pkg/auth/authorizer/rbac/bootstrappolicy in Kubernetes)."""

HOST_PRIVILEGE = {
    ("cilium", "mount-bpf-fs"),
    ("kube-proxy", "kube-proxy"),
    ("amazon-vpc-cni", "aws-vpc-cni-init"),
    ("ebs-csi", "ebs-plugin"),
    ("node-problem-detector", "node-problem-detector"),
}


def objects(plan: AddonPlan, *kinds: str) -> list[dict[str, Any]]:
    return [dict(each.body) for each in plan.objects if each.kind in kinds]


def names(plan: AddonPlan, *kinds: str) -> set[str]:
    return {each["metadata"]["name"] for each in objects(plan, *kinds)}


def subset(part: dict[str, str], whole: dict[str, str]) -> bool:
    return part.items() <= whole.items()


def test_no_object_is_in_two_addons() -> None:
    for spec in (sample_spec(), sample_spec(cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"})):
        count = Counter(
            (each.token, each.namespace, each.name) for plan in addons(spec).values() for each in plan.objects
        )
        assert [found for found, times in count.items() if times > 1] == []
        logical = Counter(each.logical_name for plan in addons(spec).values() for each in plan.objects)
        assert max(logical.values()) == 1


@each_addon
def test_images_are_pinned_to_a_version(plan: AddonPlan) -> None:
    for workload in workloads(plan):
        for container in containers(workload):
            assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]+/[a-z0-9/-]+:v\d+\.\d+\.\d+", container["image"]), container


@each_addon
def test_nothing_is_left_to_be_filled_in(plan: AddonPlan) -> None:
    known = {"apiHost", "terminationQueueUrl"} | {f"roleArn/{role}" for role in addons()} | {"roleArn/amazon-vpc-cni"}
    for each in plan.objects:
        for leaf in leaves(each.body):
            if isinstance(leaf, Later):
                assert leaf.name in known
            else:
                assert isinstance(leaf, (str, int, bool)), f"{each.logical_name}: {leaf!r}"
                # $(NAME) is the kubelet's own way to put a variable into an argument.
                assert not re.search(r"\{\{|\$\{|@[A-Z]|REPLACE|TODO", str(leaf)), f"{each.logical_name}: {leaf!r}"


@each_addon
def test_selectors_find_the_pods_of_one_workload(plan: AddonPlan) -> None:
    labels = {each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"] for each in workloads(plan)}
    for workload in workloads(plan):
        assert subset(workload["spec"]["selector"]["matchLabels"], labels[workload["metadata"]["name"]])
        for constraint in pod(workload).get("topologySpreadConstraints", []):
            assert constraint["labelSelector"]["matchLabels"] == workload["spec"]["selector"]["matchLabels"]
    selectors = [each["spec"]["selector"] for each in objects(plan, "Service")]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in objects(plan, "PodDisruptionBudget")]
    for selector in selectors:
        assert len([name for name, found in labels.items() if subset(selector, found)]) == 1


def test_no_two_workloads_select_each_others_pods() -> None:
    selectors = [
        tuple(sorted(workload["spec"]["selector"]["matchLabels"].items()))
        for plan in of_both_networks()
        for workload in workloads(plan)
    ]
    assert len(set(selectors)) == len(selectors) == 13


@each_addon
def test_a_drain_always_ends(plan: AddonPlan) -> None:
    for budget in objects(plan, "PodDisruptionBudget"):
        assert budget["spec"].keys() == {"maxUnavailable", "selector"}
        assert budget["spec"]["maxUnavailable"] == 1
    guarded = len(objects(plan, "PodDisruptionBudget"))
    assert guarded == len(objects(plan, "Deployment"))


@each_addon
def test_services_lead_to_ports_that_are_open(plan: AddonPlan) -> None:
    ports = {
        value
        for workload in workloads(plan)
        for container in containers(workload)
        for port in container.get("ports", [])
        for value in (port["name"], port["containerPort"])
    }
    for service in objects(plan, "Service"):
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for workload in workloads(plan):
        for container in containers(workload):
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                port = container.get(probe, {}).get("httpGet", {}).get("port", 0)
                assert isinstance(port, int) or port in ports


@each_addon
def test_every_pod_has_an_account_with_the_rights_that_are_bound(plan: AddonPlan) -> None:
    accounts = names(plan, "ServiceAccount")
    for workload in workloads(plan):
        assert pod(workload)["serviceAccountName"] in accounts
    assert accounts == {pod(workload)["serviceAccountName"] for workload in workloads(plan)}
    bound = set()
    for binding in objects(plan, "ClusterRoleBinding", "RoleBinding"):
        (subject,) = binding["subjects"]
        assert (subject["kind"], subject["namespace"]) == ("ServiceAccount", "kube-system")
        assert subject["name"] in accounts
        bound.add(binding["roleRef"]["name"])
    own = names(plan, "ClusterRole", "Role") - {"system:aggregated-metrics-reader"}
    assert bound - BUILT_IN == own


@each_addon
def test_no_role_reads_secrets_or_hands_out_rights(plan: AddonPlan) -> None:
    for role in objects(plan, "ClusterRole", "Role"):
        for rule in role["rules"]:
            assert "*" not in rule["verbs"] + rule["apiGroups"]
            assert not set(rule["resources"]) & {"secrets", "serviceaccounts", "serviceaccounts/token"}
            assert not set(rule["verbs"]) & {"escalate", "bind", "impersonate"}
            assert "*" not in rule["resources"] or rule["apiGroups"] == ["cilium.io"]


@each_addon
def test_every_pod_says_what_it_needs_and_how_it_matters(plan: AddonPlan) -> None:
    for workload in workloads(plan):
        assert pod(workload)["priorityClassName"] in ("system-node-critical", "system-cluster-critical")
        assert pod(workload)["securityContext"]["seccompProfile"]["type"] == (
            "Unconfined" if workload["metadata"]["name"] == "cilium" else "RuntimeDefault"
        )
        assert pod(workload)["nodeSelector"]["kubernetes.io/os"] == "linux"
        for container in containers(workload):
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, container["name"]


@each_addon
def test_privilege_is_only_where_the_host_is_the_subject(plan: AddonPlan) -> None:
    for workload in workloads(plan):
        for container in containers(workload):
            context = container["securityContext"]
            if (plan.name, container["name"]) in HOST_PRIVILEGE and context.get("privileged"):
                assert workload["kind"] == "DaemonSet"
                continue
            assert "privileged" not in context, container["name"]
            if workload["kind"] == "Deployment":
                assert context["allowPrivilegeEscalation"] is False
                assert context["capabilities"]["drop"] == ["ALL"]


@each_addon
def test_every_mount_has_its_volume(plan: AddonPlan) -> None:
    for workload in workloads(plan):
        volumes = [volume["name"] for volume in pod(workload).get("volumes", [])]
        mounts = {mount["name"] for container in containers(workload) for mount in container.get("volumeMounts", [])}
        assert len(volumes) == len(set(volumes))
        assert mounts == set(volumes)


@each_addon
def test_daemons_run_on_every_machine_but_the_control_planes_own(plan: AddonPlan) -> None:
    for workload in objects(plan, *WORKLOADS):
        tolerations = pod(workload).get("tolerations", [])
        if workload["kind"] == "DaemonSet" and workload["metadata"]["name"] != "aws-cloud-controller-manager":
            assert tolerations == [{"operator": "Exists"}]
        else:
            assert {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"} in (
                tolerations
            )


@each_addon
def test_an_addon_has_a_role_in_aws_exactly_where_a_pod_takes_it(plan: AddonPlan) -> None:
    specs = (sample_spec(), sample_spec(cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"}))
    roles = {role.addon: role for spec in specs for role in addon_roles(spec)}
    takers = {
        (pod(workload)["serviceAccountName"], environment(container)["AWS_ROLE_ARN"])
        for workload in workloads(plan)
        for container in containers(workload)
        if "AWS_ROLE_ARN" in environment(container)
    }
    expected = {(roles[plan.name].service_account, Later(f"roleArn/{plan.name}"))} if plan.name in roles else set()
    assert takers == expected
