from __future__ import annotations

import pytest

from infra.plan.node.kubelet import cluster_dns, kubelet_configuration
from infra.spec.labels import Taint
from tests.infra.plan.node.rendered import kubelet_config, user_data
from tests.infra.samples import sample_spec, with_group

SIGNALS = {
    "memory.available",
    "nodefs.available",
    "nodefs.inodesFree",
    "imagefs.available",
    "imagefs.inodesFree",
    "pid.available",
}


def test_a_workers_whole_configuration() -> None:
    assert kubelet_configuration("100.64.0.10", 110, "Node", ()) == {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "readOnlyPort": 0,
        "rotateCertificates": True,
        "serverTLSBootstrap": True,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "systemd",
        "clusterDomain": "cluster.local",
        "clusterDNS": ["100.64.0.10"],
        "maxPods": 110,
        "seccompDefault": True,
        "protectKernelDefaults": True,
        "containerLogMaxSize": "10Mi",
        "containerLogMaxFiles": 5,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "10%",
            "nodefs.inodesFree": "5%",
            "imagefs.available": "15%",
            "imagefs.inodesFree": "5%",
            "pid.available": "10%",
        },
        "evictionSoft": {"memory.available": "300Mi", "nodefs.available": "15%", "imagefs.available": "20%"},
        "evictionSoftGracePeriod": {"memory.available": "1m30s", "nodefs.available": "2m", "imagefs.available": "2m"},
        "evictionMaxPodGracePeriod": 60,
        "imageGCHighThresholdPercent": 75,
        "imageGCLowThresholdPercent": 65,
        "shutdownGracePeriod": "60s",
        "shutdownGracePeriodCriticalPods": "20s",
    }


def test_images_are_collected_before_pods_are_evicted_for_them() -> None:
    config = kubelet_configuration("100.64.0.10", 110, "Node", ())
    evicted_at = 100 - int(config["evictionSoft"]["imagefs.available"].rstrip("%"))
    assert config["imageGCLowThresholdPercent"] < config["imageGCHighThresholdPercent"] < evicted_at


def test_every_signal_is_set_because_one_set_zeroes_the_others() -> None:
    config = kubelet_configuration("100.64.0.10", 110, "Node", ())
    assert set(config["evictionHard"]) == SIGNALS
    assert set(config["evictionSoft"]) == set(config["evictionSoftGracePeriod"]) < SIGNALS


def test_taints_with_and_without_a_value() -> None:
    taints = (Taint("a", "b", "NoExecute"), Taint("c", "", "NoSchedule"))
    assert kubelet_configuration("100.64.0.10", 110, "Edge", taints)["registerWithTaints"] == [
        {"key": "a", "value": "b", "effect": "NoExecute"},
        {"key": "c", "effect": "NoSchedule"},
    ]


@pytest.mark.parametrize(
    ("cidr", "address"),
    [("100.64.0.0/13", "100.64.0.10"), ("172.20.0.0/16", "172.20.0.10"), ("10.96.0.16/28", "10.96.0.26")],
)
def test_dns_has_the_tenth_address(cidr: str, address: str) -> None:
    assert cluster_dns(cidr) == address


def test_the_specs_figures_arrive() -> None:
    config = kubelet_config(user_data("nodes", with_group(maxPods=58)))
    assert config["maxPods"] == 58
    other = kubelet_config(user_data("nodes", sample_spec(cluster={"serviceCidr": "172.20.0.0/16"})))
    assert other["clusterDNS"] == ["172.20.0.10"]
