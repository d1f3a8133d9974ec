from __future__ import annotations

from typing import Any

import pytest
import yaml

from infra.plan.control_plane.kubeadm import kubeadm_documents
from infra.plan.control_plane.members import plan_members
from infra.spec import EnvironmentSpec
from tests.infra.samples import sample_spec

THREE = [{"name": f"cp-{zone}", "role": "ControlPlane", "zones": [f"eu-central-1{zone}"]} for zone in "abc"]


def documents(spec: EnvironmentSpec | None = None, position: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    spec = spec or sample_spec()
    members = plan_members(spec)
    init, cluster = yaml.safe_load_all(kubeadm_documents(spec, members[position], members))
    return init, cluster


def arguments(part: dict[str, Any]) -> dict[str, str]:
    found = [(each["name"], each["value"]) for each in part["extraArgs"]]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_a_member_serves_at_its_own_address() -> None:
    init, _ = documents()
    assert init["localAPIEndpoint"] == {"advertiseAddress": "10.20.32.10", "bindPort": 443}
    assert init["nodeRegistration"]["name"] == "@NODE_NAME@"


def test_every_member_has_the_same_cluster_but_for_its_etcds_name_and_address() -> None:
    spec = sample_spec(instanceGroups=THREE)
    clusters = [documents(spec, position)[1] for position in range(3)]
    assert [arguments(each["etcd"]["local"])["name"] for each in clusters] == ["cp-a", "cp-b", "cp-c"]
    for each in clusters:
        own = ("name", "listen-metrics-urls")
        each["etcd"]["local"]["extraArgs"] = [e for e in each["etcd"]["local"]["extraArgs"] if e["name"] not in own]
    assert clusters[0] == clusters[1] == clusters[2]


def test_etcd_is_a_cluster_of_members_that_stay() -> None:
    local = documents(sample_spec(instanceGroups=THREE))[1]["etcd"]["local"]
    assert local["dataDir"] == "/var/lib/etcd/data"
    assert arguments(local) == {
        "feature-gates": "InitialCorruptCheck=true,SetMemberLocalAddr=true",
        "initial-cluster": "cp-a=https://10.20.32.10:2380,cp-b=https://10.20.64.10:2380,cp-c=https://10.20.96.10:2380",
        "initial-cluster-state": "new",
        "initial-cluster-token": "test.example.com",
        "listen-metrics-urls": "http://127.0.0.1:2381,http://10.20.32.10:2381",
        "name": "cp-a",
        "quota-backend-bytes": "8589934592",
    }


def test_flags_of_the_api_server() -> None:
    _, cluster = documents()
    assert arguments(cluster["apiServer"]) == {
        "audit-log-maxage": "30",
        "audit-log-maxbackup": "10",
        "audit-log-maxsize": "100",
        "audit-log-path": "/var/log/kubernetes/audit/audit.log",
        "audit-policy-file": "/etc/kubernetes/config/audit-policy.yaml",
        "authentication-config": "/etc/kubernetes/config/authentication.yaml",
        "default-not-ready-toleration-seconds": "300",
        "default-unreachable-toleration-seconds": "300",
        "encryption-provider-config": "/etc/kubernetes/pki/encryption.yaml",
        "goaway-chance": "0.001",
        "profiling": "false",
        "service-account-issuer": "https://acme-slipway-test-issuer.s3.eu-central-1.amazonaws.com",
        "service-account-jwks-uri": ("https://acme-slipway-test-issuer.s3.eu-central-1.amazonaws.com/openid/v1/jwks"),
    }
    mounted = {volume["hostPath"]: volume["readOnly"] for volume in cluster["apiServer"]["extraVolumes"]}
    assert mounted == {"/etc/kubernetes/config": True, "/var/log/kubernetes/audit": False}


def test_flags_of_the_controllers_and_the_scheduler() -> None:
    _, cluster = documents()
    assert arguments(cluster["controllerManager"]) == {
        "cloud-provider": "external",
        "cluster-signing-cert-file": "/etc/kubernetes/pki/ca-signing.crt",
        "configure-cloud-routes": "false",
        "node-monitor-grace-period": "50s",
        "node-monitor-period": "5s",
        "profiling": "false",
        "terminated-pod-gc-threshold": "1000",
    }
    assert arguments(cluster["scheduler"]) == {"profiling": "false"}


@pytest.mark.parametrize(
    ("setting", "part", "flag", "value"),
    [
        ({"controllers": {"notReadyToleration": "2m"}}, "apiServer", "default-not-ready-toleration-seconds", "120"),
        (
            {"controllers": {"unreachableToleration": "90s"}},
            "apiServer",
            "default-unreachable-toleration-seconds",
            "90",
        ),
        ({"controllers": {"nodeMonitorPeriod": "2s"}}, "controllerManager", "node-monitor-period", "2s"),
        ({"controllers": {"nodeMonitorGracePeriod": "40s"}}, "controllerManager", "node-monitor-grace-period", "40s"),
        ({"controllers": {"terminatedPodsKept": 50}}, "controllerManager", "terminated-pod-gc-threshold", "50"),
        ({"audit": {"maxSizeMi": 20}}, "apiServer", "audit-log-maxsize", "20"),
        ({"audit": {"maxFiles": 3}}, "apiServer", "audit-log-maxbackup", "3"),
        ({"audit": {"maxAgeDays": 5}}, "apiServer", "audit-log-maxage", "5"),
    ],
)
def test_settings_reach_the_flag_of_their_name(setting: dict[str, Any], part: str, flag: str, value: str) -> None:
    _, cluster = documents(sample_spec(cluster={"controlPlane": setting}))
    assert arguments(cluster[part])[flag] == value


def test_names_that_a_client_may_use_stand_in_the_certificate() -> None:
    assert documents()[1]["apiServer"]["certSANs"] == ["@API_INTERNAL@", "localhost", "127.0.0.1"]
    public = sample_spec(cluster={"api": {"access": "public", "allowedCidrs": ["203.0.113.0/24"]}})
    assert documents(public)[1]["apiServer"]["certSANs"] == [
        "@API_INTERNAL@", "@API_PUBLIC@", "localhost", "127.0.0.1",
    ]  # fmt: skip


def test_pods_have_a_range_of_their_own_unless_the_vpc_gives_them_addresses() -> None:
    assert documents()[1]["networking"] == {
        "serviceSubnet": "100.64.0.0/13",
        "dnsDomain": "cluster.local",
        "podSubnet": "100.96.0.0/11",
    }
    assert (
        "podSubnet"
        not in documents(sample_spec(cluster={"cni": "amazonVpc", "networkPolicies": "notEnforced"}))[1]["networking"]
    )
