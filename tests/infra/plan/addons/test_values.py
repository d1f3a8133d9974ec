"""What each add-on is told of its environment."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from infra.plan.addons.cilium import cluster_name
from infra.plan.addons.images import images
from infra.plan.addons.kubelet_csr_approver import host_names
from infra.plan.addons.objects import Later
from infra.plan.security import KUBELET_PORT
from tests.infra.plan.addons.planned import addons, body, container, containers, environment, pod, workloads
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_spec, with_group

API = {"KUBERNETES_SERVICE_HOST": Later("apiHost"), "KUBERNETES_SERVICE_PORT": "443"}


def members(count: int) -> list[dict[str, object]]:
    zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    planes = [
        {"name": f"control-plane-{zone[-1]}", "role": "ControlPlane", "machineType": "m7i.large", "zones": [zone]}
        for zone in zones[:count]
    ]
    return [*planes, group_mapping()]


def test_the_addons_of_a_cluster_are_in_the_order_of_its_birth() -> None:
    assert list(addons()) == [
        "cilium",
        "cloud-controller-manager",
        "kubelet-csr-approver",
        "coredns",
        "ebs-csi",
        "metrics-server",
        "node-termination-handler",
        "cluster-autoscaler",
        "node-problem-detector",
    ]
    vpc = list(addons(sample_spec(cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"})))
    assert vpc == ["amazon-vpc-cni", "kube-proxy", *list(addons())[1:]]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("ebsCsi", "ebs-csi"),
        ("metricsServer", "metrics-server"),
        ("nodeTerminationHandler", "node-termination-handler"),
        ("clusterAutoscaler", "cluster-autoscaler"),
        ("nodeProblemDetector", "node-problem-detector"),
        ("kubeletCsrApprover", "kubelet-csr-approver"),
    ],
)
def test_a_switch_leaves_out_its_addon_alone(key: str, name: str) -> None:
    off = addons(sample_spec(cluster={"addons": {key: {"enabled": False}}}, monitoring={"enabled": False}))
    assert set(addons()) - set(off) == {name}


def test_none_is_applied_where_others_bring_them() -> None:
    assert addons(sample_spec(cluster={"addons": {"managed": False}})) == {}


def test_coredns_has_the_tenth_address_of_the_services() -> None:
    spec = sample_spec(cluster={"serviceCidr": "172.20.0.0/16", "addons": {"coreDns": {"replicas": 5}}})
    plan = addons(spec)["coredns"]
    assert body(plan, "Service", "kube-dns")["spec"]["clusterIP"] == "172.20.0.10"
    assert body(plan, "Deployment", "coredns")["spec"]["replicas"] == 5
    assert body(addons()["coredns"], "Deployment", "coredns")["spec"]["replicas"] == 2


def test_cilium_has_the_clusters_ranges_and_the_apis_own_address() -> None:
    plan = addons(sample_spec(cluster={"podCidr": "100.112.0.0/12"}))["cilium"]
    config = body(plan, "ConfigMap", "cilium-config")["data"]
    assert config["cluster-pool-ipv4-cidr"] == "100.112.0.0/12"
    assert config["cluster-pool-ipv4-mask-size"] == "24"
    assert config["cluster-name"] == "test-example-com"
    assert config["kube-proxy-replacement"] == "true"
    assert config["enable-wireguard"] == "false"
    assert all(isinstance(value, str) for value in config.values())
    for kind, name in (("DaemonSet", "cilium"), ("Deployment", "cilium-operator")):
        for each in containers(body(plan, kind, name)):
            assert API.items() <= environment(each).items()


def test_ciliums_containers_may_do_what_they_were_seen_to_need() -> None:
    # Without NET_ADMIN `config` cannot mark its connections to the API, and no agent of any machine ever starts.
    added = {
        each["name"]: set(each["securityContext"].get("capabilities", {}).get("add", ()))
        for each in containers(body(addons()["cilium"], "DaemonSet", "cilium"))
    }
    enters = {"SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE"}
    loads = {"NET_ADMIN", "SYS_ADMIN", "SYS_MODULE", "SYS_RESOURCE"}
    owns = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "IPC_LOCK", "KILL", "NET_RAW", "SETGID", "SETUID"}
    assert added == {
        "config": {"NET_ADMIN"},
        "mount-cgroup": enters,
        "apply-sysctl-overwrites": enters,
        "mount-bpf-fs": set(),
        "clean-cilium-state": loads,
        "install-cni-binaries": set(),
        "cilium-agent": loads | owns,
    }


def test_a_changed_configuration_starts_ciliums_pods_anew() -> None:
    plain = addons()["cilium"]
    sealed = addons(sample_spec(cluster={"addons": {"cilium": {"encryption": "wireguard"}}}))["cilium"]
    assert body(sealed, "ConfigMap", "cilium-config")["data"]["enable-wireguard"] == "true"
    for kind, name in (("DaemonSet", "cilium"), ("Deployment", "cilium-operator")):
        digests = {
            body(plan, kind, name)["spec"]["template"]["metadata"]["annotations"]["slipway/config"]
            for plan in (plain, sealed)
        }
        assert len(digests) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("prod.k8s.example.com", "prod-k8s-example-com"),
        ("a" * 32, "a" * 32),
        ("a" * 22 + ".example.com", "a" * 22 + "-a4b62300"),
    ],
)
def test_ciliums_name_of_a_cluster_fits(name: str, expected: str) -> None:
    assert cluster_name(name) == expected
    assert len(expected) <= 32


@pytest.mark.parametrize(("count", "replicas"), [(1, 1), (3, 2)])
def test_controllers_run_on_the_control_plane_with_one_to_lose(count: int, replicas: int) -> None:
    planned = addons(sample_spec(instanceGroups=members(count)))
    found = {}
    for plan in planned.values():
        for workload in workloads(plan):
            if workload["kind"] == "Deployment":
                selector = pod(workload)["nodeSelector"].get("slipway/role")
                found[workload["metadata"]["name"]] = (workload["spec"]["replicas"], selector)
    anywhere = {"coredns": (2, None)}
    assert found == anywhere | dict.fromkeys(
        [
            "cilium-operator",
            "kubelet-csr-approver",
            "ebs-csi-controller",
            "metrics-server",
            "aws-node-termination-handler",
            "cluster-autoscaler",
        ],
        (replicas, "ControlPlane"),
    )


def test_what_makes_nodes_ready_does_not_wait_for_them() -> None:
    early = {"node.cloudprovider.kubernetes.io/uninitialized", "node.kubernetes.io/not-ready"}
    for addon, kind, name in (
        ("cilium", "Deployment", "cilium-operator"),
        ("cloud-controller-manager", "DaemonSet", "aws-cloud-controller-manager"),
        ("kubelet-csr-approver", "Deployment", "kubelet-csr-approver"),
    ):
        keys = {each["key"] for each in pod(body(addons()[addon], kind, name))["tolerations"]}
        assert early <= keys
    scaler = pod(body(addons()["cluster-autoscaler"], "Deployment", "cluster-autoscaler"))
    assert [each["key"] for each in scaler["tolerations"]] == ["node-role.kubernetes.io/control-plane"]


def test_the_cloud_controller_manager_is_on_the_host_network_and_knows_its_cluster() -> None:
    workload = body(addons()["cloud-controller-manager"], "DaemonSet", "aws-cloud-controller-manager")
    manager = container(workload, "aws-cloud-controller-manager")
    assert "--cluster-name=test.example.com" in manager["args"]
    assert "--configure-cloud-routes=false" in manager["args"]
    assert pod(workload)["hostNetwork"] is True
    assert pod(workload)["nodeSelector"]["slipway/role"] == "ControlPlane"
    assert API.items() <= environment(manager).items()
    assert manager["image"].endswith(":v1.37.1")


def test_an_aws_role_is_taken_with_a_token_of_the_pod() -> None:
    workload = body(addons()["cloud-controller-manager"], "DaemonSet", "aws-cloud-controller-manager")
    (volume,) = pod(workload)["volumes"]
    (source,) = volume["projected"]["sources"]
    assert source["serviceAccountToken"] == {
        "audience": "sts.amazonaws.com",
        "expirationSeconds": 86400,
        "path": "token",
    }
    manager = container(workload, "aws-cloud-controller-manager")
    (mount,) = manager["volumeMounts"]
    assert environment(manager)["AWS_WEB_IDENTITY_TOKEN_FILE"] == f"{mount['mountPath']}/token"
    assert environment(manager)["AWS_ROLE_ARN"] == Later("roleArn/cloud-controller-manager")
    assert environment(manager)["AWS_REGION"] == "eu-central-1"


def test_volumes_are_encrypted_wait_for_their_pod_and_carry_the_tags() -> None:
    spec = sample_spec(tags={"team": "platform", "cost": "a=b", "a=b": "c"})
    plan = addons(spec)["ebs-csi"]
    storage = body(plan, "StorageClass", "gp3")
    assert storage["volumeBindingMode"] == "WaitForFirstConsumer"
    assert storage["parameters"] == {"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"}
    assert storage["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    arguments = container(body(plan, "Deployment", "ebs-csi-controller"), "ebs-plugin")["args"]
    assert arguments[-2:] == [
        "--k8s-tag-cluster-id=test.example.com",
        "--extra-tags=cost=a=b,slipway/environment=test,team=platform",
    ]
    bare = addons(
        sample_spec(cluster={"addons": {"ebsCsi": {"defaultStorageClass": False}}}, monitoring={"enabled": False})
    )["ebs-csi"]
    assert {each.kind for each in plan.objects} - {each.kind for each in bare.objects} == {"StorageClass"}


@pytest.mark.parametrize(("declared", "reserved"), [(0, 1), (2, 3)])
def test_the_scheduler_is_told_of_volumes_that_machines_have_of_their_own(declared: int, reserved: int) -> None:
    volumes = [
        {"device": f"/dev/sd{letter}", "mountPath": f"/srv/{letter}", "sizeGi": 10} for letter in "fg"[:declared]
    ]
    plan = addons(with_group(volumes=volumes))["ebs-csi"]
    arguments = container(body(plan, "DaemonSet", "ebs-csi-node"), "ebs-plugin")["args"]
    assert arguments[-1] == f"--reserved-volume-attachments={reserved}"


def test_the_ebs_drivers_part_on_machines_may_watch_what_it_waits_for() -> None:
    # Its watcher of the taint agent-not-ready gives up where it may not list and watch Nodes, and the hook that holds a
    # machine until its volumes are detached hears of each by a watch.
    role = body(addons()["ebs-csi"], "ClusterRole", "ebs-csi-node")
    verbs = {resource: set(rule["verbs"]) for rule in role["rules"] for resource in rule["resources"]}
    assert verbs == {
        "nodes": {"get", "list", "watch", "patch"},
        "csinodes": {"get"},
        "volumeattachments": {"get", "list", "watch"},
    }


def test_the_termination_handler_reads_the_environments_queue_and_acts_on_the_cluster_alone() -> None:
    workload = body(addons()["node-termination-handler"], "Deployment", "aws-node-termination-handler")
    told = environment(container(workload, "aws-node-termination-handler"))
    assert told["QUEUE_URL"] == Later("terminationQueueUrl")
    assert told["ENABLE_SQS_TERMINATION_DRAINING"] == "true"
    assert told["CHECK_TAG_BEFORE_DRAINING"] == "true"
    assert told["MANAGED_TAG"] == "kubernetes.io/cluster/test.example.com"
    assert told["USE_PROVIDER_ID"] == "true"


def test_the_autoscaler_finds_groups_by_the_tags_they_have() -> None:
    spec = sample_spec(cluster={"addons": {"clusterAutoscaler": {"expander": "random"}}})
    workload = body(addons(spec)["cluster-autoscaler"], "Deployment", "cluster-autoscaler")
    arguments = container(workload, "cluster-autoscaler")["args"]
    assert arguments[-2:] == [
        "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,"
        "k8s.io/cluster-autoscaler/test.example.com",
        "--expander=random",
    ]


def test_the_autoscaler_grows_the_group_with_the_greatest_priority_first() -> None:
    spec = sample_spec(
        cluster={"addons": {"clusterAutoscaler": {"expander": "priority"}}},
        instanceGroups=[
            *members(1),
            group_mapping("spot", autoscalePriority=50),
            group_mapping("former", renamedFrom="odd-name", autoscalePriority=50),
            group_mapping("fixed", desiredSize=3),
            group_mapping("gone", retire=True),
        ],
    )
    planned = addons(spec)["cluster-autoscaler"]
    arguments = container(body(planned, "Deployment", "cluster-autoscaler"), "cluster-autoscaler")["args"]
    assert arguments[-1] == "--expander=priority,least-waste"
    told = yaml.safe_load(body(planned, "ConfigMap", "cluster-autoscaler-priority-expander")["data"]["priorities"])
    # A group that stands nowhere would never grow. The autoscaler reads names of Auto Scaling groups as patterns.
    assert told == {
        50: [r"^odd-name\.test\.example\.com$", r"^spot\.test\.example\.com$"],
        0: [r"^nodes\.test\.example\.com$"],
    }
    assert all(re.fullmatch(pattern, "spot.test.example.com") is None for pattern in told[0])


def test_without_priorities_there_is_nothing_to_read() -> None:
    kinds = {each.name for each in addons(sample_spec())["cluster-autoscaler"].objects if each.kind == "ConfigMap"}
    assert kinds == set()


def test_the_vpc_cni_tags_its_interfaces_and_kube_proxy_masquerades_what_leaves_the_vpc() -> None:
    planned = addons(sample_spec(cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"}))
    told = environment(container(body(planned["amazon-vpc-cni"], "DaemonSet", "aws-node"), "aws-node"))
    assert json.loads(told["ADDITIONAL_ENI_TAGS"])["KubernetesCluster"] == "test.example.com"
    assert told["CLUSTER_NAME"] == "test.example.com"
    proxy = container(body(planned["kube-proxy"], "DaemonSet", "kube-proxy"), "kube-proxy")
    assert proxy["args"][-1] == "--cluster-cidr=10.20.0.0/16"
    assert proxy["image"] == "registry.k8s.io/kube-proxy:v1.37.2"
    assert API.items() <= environment(proxy).items()


def test_the_vpc_cnis_probes_ask_where_its_daemon_answers() -> None:
    # Since 1.23 it listens at no port: asked there, it was never ready, and started again each minute and a half.
    planned = addons(sample_spec(cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"}))
    daemon = container(body(planned["amazon-vpc-cni"], "DaemonSet", "aws-node"), "aws-node")
    folders = [each["mountPath"] for each in daemon["volumeMounts"]]
    for probe in ("livenessProbe", "readinessProbe"):
        program, address, *_ = daemon[probe]["exec"]["command"]
        assert (program, address) == ("/app/grpc-health-probe", "-addr=unix:///var/run/aws-node/ipamd.sock")
    assert "/var/run/aws-node" in folders


def test_serving_certificates_are_approved_for_instance_ids_in_the_vpc() -> None:
    workload = body(addons()["kubelet-csr-approver"], "Deployment", "kubelet-csr-approver")
    told = environment(container(workload, "kubelet-csr-approver"))
    assert told["PROVIDER_IP_PREFIXES"] == "10.20.0.0/16"
    assert told["BYPASS_DNS_RESOLUTION"] == "false"
    pattern = told["PROVIDER_REGEX"]
    assert re.search(pattern, "i-0123456789abcdef0.eu-central-1.compute.internal")
    for name in (
        "i-0123456789abcdef0.eu-central-1.compute.internal.evil.example",
        "i-0123456789abcdef0xeu-central-1.compute.internal",
        "ip-10-20-0-1.eu-central-1.compute.internal",
        "i-0123456789abcdef0.eu-central-1.computexinternal",
        "kubernetes.default.svc",
        "ai-0123456789abcdef0.eu-central-1.compute.internal",
    ):
        assert not re.search(pattern, name), name
    assert re.search(host_names("us-east-1"), "i-01234567.ec2.internal")
    assert re.search(host_names("us-east-1"), "i-01234567")


def test_metrics_are_served_where_kubelets_answer_on_a_port_that_is_open_there() -> None:
    workload = body(addons()["metrics-server"], "Deployment", "metrics-server")
    server = container(workload, "metrics-server")
    assert f"--secure-port={KUBELET_PORT}" in server["args"]
    assert [port["containerPort"] for port in server["ports"]] == [KUBELET_PORT]
    assert "hostNetwork" not in pod(workload)


def test_versions_that_follow_the_cluster_do() -> None:
    found = images("1.36.4")
    assert found["kube-proxy"].endswith(":v1.36.4")
    assert found["cluster-autoscaler"].endswith(":v1.36.0")
    assert found["cloud-controller-manager"].endswith(":v1.36.0")
    assert images("1.37.9")["cloud-controller-manager"].endswith(":v1.37.1")


def test_the_sample_has_one_control_plane_member() -> None:
    # What the replicas above are counted from.
    assert sum(group["role"] == "ControlPlane" for group in ENVIRONMENT["instanceGroups"]) == 1
