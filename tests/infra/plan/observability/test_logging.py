from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from infra.plan.addons.iam import plan_addon_roles
from infra.plan.addons.objects import AddonPlan, Later, leaves
from infra.plan.observability.credentials import CERTIFICATES, PASSWORDS, password
from infra.plan.observability.logging import LoggingPlan, plan_logging
from infra.plan.observability.open_search import setup_files
from infra.spec import EnvironmentSpec
from tests.infra.plan.addons.planned import body, container, containers, environment, pod
from tests.infra.plan.observability.test_fluent_bit import SPECS, each_store
from tests.infra.samples import sample_spec

OWN = SPECS["openSearch"]
WORKLOADS = ("DaemonSet", "Deployment", "Job", "StatefulSet")


def planned(spec: EnvironmentSpec) -> LoggingPlan:
    plan = plan_logging(spec)
    assert plan is not None
    return plan


def parts(spec: EnvironmentSpec) -> dict[str, AddonPlan]:
    return {part.name: part for part in planned(spec).in_cluster}


def workloads(spec: EnvironmentSpec) -> Iterator[dict[str, Any]]:
    for part in planned(spec).in_cluster:
        yield from (dict(each.body) for each in part.objects if each.kind in WORKLOADS)


def policy(spec: EnvironmentSpec, name: str) -> dict[str, Any]:
    (found,) = (
        each.body["spec"]
        for part in planned(spec).in_cluster
        for each in part.objects
        if (each.kind, each.name, each.namespace)
        == ("NetworkPolicy", name, "logging" if name == "fluent-bit" else "log-store")
    )
    return dict(found)


def test_nothing_is_planned_where_something_else_ships_logs() -> None:
    assert plan_logging(sample_spec(logging={"enabled": False})) is None


def test_the_agent_runs_on_every_machine_and_outlives_its_pod() -> None:
    agent = body(parts(SPECS["cloudWatch"])["fluent-bit"], "DaemonSet", "fluent-bit")
    assert pod(agent)["tolerations"] == [{"operator": "Exists"}]
    assert pod(agent)["nodeSelector"] == {"kubernetes.io/os": "linux"}
    paths = {volume["name"]: volume["hostPath"]["path"] for volume in pod(agent)["volumes"] if "hostPath" in volume}
    assert paths == {"logs": "/var/log", "machine-id": "/etc/machine-id", "state": "/var/lib/slipway/fluent-bit"}
    writable = [mount["name"] for mount in containers(agent)[0]["volumeMounts"] if not mount.get("readOnly")]
    assert writable == ["state"]


def test_the_agent_reads_pods_and_nothing_else() -> None:
    part = parts(OWN)["fluent-bit"]
    assert body(part, "ClusterRole", "slipway:fluent-bit")["rules"] == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    ]
    assert [each.kind for each in parts(OWN)["opensearch"].objects if "Role" in each.kind] == []
    for workload in workloads(OWN):
        wanted = workload["metadata"]["name"] == "fluent-bit"
        assert pod(workload)["automountServiceAccountToken"] is wanted


def test_in_aws_the_agent_adds_to_the_three_groups_and_nothing_else() -> None:
    (role,) = (role for role in plan_addon_roles(SPECS["cloudWatch"]) if role.name == "fluent-bit")
    assert (role.namespace, role.service_account) == ("logging", "fluent-bit")
    statements = json.loads(role.policy)["Statement"]
    assert sorted(action for each in statements for action in each["Action"]) == [
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]
    prefix = "arn:aws:logs:eu-central-1:111122223333:log-group:/slipway/test.example.com/"
    resources = {resource for each in statements for resource in each["Resource"]}
    assert {resource.removeprefix(prefix).split(":")[0] for resource in resources} == {"containers", "audit", "hosts"}
    assert not any(role.name == "fluent-bit" for role in plan_addon_roles(OWN))
    agent = body(parts(SPECS["cloudWatch"])["fluent-bit"], "DaemonSet", "fluent-bit")
    assert environment(container(agent, "fluent-bit"))["AWS_ROLE_ARN"] == Later("roleArn/fluent-bit")


def test_log_groups_have_the_retention_of_the_spec() -> None:
    spec = sample_spec(logging={"retentionDays": 7, "auditRetentionDays": 731})
    assert {group.name: group.retention_days for group in planned(spec).groups} == {
        "/slipway/test.example.com/containers": 7,
        "/slipway/test.example.com/audit": 731,
        "/slipway/test.example.com/hosts": 7,
    }
    assert planned(OWN).groups == ()


@each_store
def test_a_secret_value_is_only_ever_told_later_and_only_in_a_secret(spec: EnvironmentSpec) -> None:
    for part in planned(spec).in_cluster:
        for each in part.objects:
            later = [leaf.name for leaf in leaves(each.body) if isinstance(leaf, Later)]
            if each.kind == "Secret":
                assert len(later) == len(each.body["stringData"]) > 0
            else:
                assert [name for name in later if not name.startswith("roleArn/")] == [], each.logical_name


def test_every_key_and_password_of_the_store_is_used() -> None:
    told = {
        leaf.name
        for part in planned(OWN).in_cluster
        for each in part.objects
        for leaf in leaves(each.body)
        if isinstance(leaf, Later)
    }
    made = {each.name for certificate in CERTIFICATES for each in (certificate.certificate, certificate.key)}
    assert told == made | {password(name).name for name in PASSWORDS} | {"logStore/ca.crt", "logStorePassword"}


def test_the_agent_reaches_its_store_alone() -> None:
    web = {"ports": [{"port": 443, "protocol": "TCP"}]}
    assert policy(SPECS["cloudWatch"], "fluent-bit")["egress"][1:] == [web]
    assert policy(SPECS["elasticsearch"], "fluent-bit")["egress"][1:] == [web]
    assert policy(OWN, "fluent-bit")["egress"][2] == {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "log-store"}},
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": "opensearch"}},
            }
        ],
        "ports": [{"port": 9200, "protocol": "TCP"}],
    }
    (scrape,) = policy(OWN, "fluent-bit")["ingress"]
    assert scrape["ports"] == [{"port": 2020, "protocol": "TCP"}]
    for namespace in ("logging", "log-store"):
        denied = [
            each.body["spec"]
            for part in planned(OWN).in_cluster
            for each in part.objects
            if (each.kind, each.name, each.namespace) == ("NetworkPolicy", "default-deny", namespace)
        ]
        assert denied == [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}]


@pytest.mark.parametrize(("members", "copies"), [(1, 0), (3, 1), (5, 1)])
def test_members_and_copies_follow_the_spec(members: int, copies: int) -> None:
    spec = sample_spec(
        logging={"store": "openSearch", "openSearch": {"members": members, "volumeSizeGi": 40, "memoryGi": 4}}
    )
    store = body(parts(spec)["opensearch"], "StatefulSet", "opensearch")
    assert store["spec"]["replicas"] == members
    assert store["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"] == {"storage": "40Gi"}
    assert container(store, "opensearch")["resources"] == {
        "requests": {"cpu": "250m", "memory": "4Gi"},
        "limits": {"memory": "4Gi"},
    }
    assert environment(container(store, "opensearch"))["OPENSEARCH_JAVA_OPTS"] == "-Xms2048m -Xmx2048m"
    config = yaml.safe_load(body(parts(spec)["opensearch"], "ConfigMap", "opensearch")["data"]["opensearch.yml"])
    assert ("discovery.type" in config) is (members == 1)
    assert config.get("cluster.initial_cluster_manager_nodes", []) == [
        f"opensearch-{number}" for number in range(members) if members > 1
    ]
    template = json.loads(setup_files(spec)["template-containers.json"])
    assert template["template"]["settings"]["index.number_of_replicas"] == copies


def test_indices_go_when_their_days_are_over() -> None:
    files = setup_files(sample_spec(logging={"store": "openSearch", "retentionDays": 14}))
    policies = {name: json.loads(text)["policy"] for name, text in files.items() if name.startswith("policy-")}
    ages = {name: each["states"][0]["transitions"][0]["conditions"]["min_index_age"] for name, each in policies.items()}
    assert ages == {"policy-audit.json": "366d", "policy-containers.json": "15d", "policy-hosts.json": "15d"}
    patterns = [pattern for each in policies.values() for pattern in each["ism_template"][0]["index_patterns"]]
    assert sorted(patterns) == ["logs-audit-*", "logs-containers-*", "logs-hosts-*"]
    assert all(each["states"][1]["actions"] == [{"delete": {}}] for each in policies.values())


def test_passwords_stand_in_no_file_and_the_shipper_can_only_add() -> None:
    files = setup_files(OWN)
    users = yaml.safe_load(files["security/internal_users.yml"])
    assert {user: value["hash"] for user, value in users.items() if user != "_meta"} == {
        "admin": "${envbc.ADMIN_PASSWORD}",
        "reader": "${envbc.READER_PASSWORD}",
        "fluent-bit": "${envbc.SHIPPER_PASSWORD}",
        "dashboards": "${envbc.DASHBOARDS_PASSWORD}",
    }
    job = next(workload for workload in workloads(OWN) if workload["kind"] == "Job")
    given = {variable["name"] for variable in containers(job)[0]["env"]}
    assert given == set(re.findall(r"envbc\.([A-Z_]+)", files["security/internal_users.yml"]))
    shipper = yaml.safe_load(files["security/roles.yml"])["log_shipper"]
    allowed = shipper["cluster_permissions"] + shipper["index_permissions"][0]["allowed_actions"]
    assert not [
        action for action in allowed if re.search(r"delete|read|get|search|update|\*$", action.removesuffix("bulk*"))
    ]


def test_the_store_knows_as_whom_dashboards_asks_of_no_tenants_and_lists_what_may_be_read() -> None:
    """A tenant is what the store asks every other user for who wants the index of Dashboards."""
    told = yaml.safe_load(
        body(parts(OWN)["opensearch"], "ConfigMap", "opensearch-dashboards")["data"]["opensearch_dashboards.yml"]
    )
    files = setup_files(OWN)
    dynamic = yaml.safe_load(files["security/config.yml"])["config"]["dynamic"]
    assert dynamic["kibana"] == {
        "multitenancy_enabled": told["opensearch_security.multitenancy.enabled"],
        "server_username": told["opensearch.username"],
    }
    # Dashboards asks for all indices, of which its readers have some.
    assert dynamic["do_not_fail_on_forbidden"] is True
    assert yaml.safe_load(files["security/roles_mapping.yml"])["kibana_server"]["users"] == [
        told["opensearch.username"]
    ]


def test_the_set_up_has_what_securityadmin_refuses_to_do_without() -> None:
    files = setup_files(OWN)
    assert {name.removeprefix("security/") for name in files if name.startswith("security/")} == {
        "action_groups.yml", "config.yml", "internal_users.yml", "nodes_dn.yml", "roles.yml", "roles_mapping.yml",
        "tenants.yml",
    }  # fmt: skip
    # Archives have lost its mode: it is run by bash, which asks for none.
    assert '\nbash "$home/plugins/opensearch-security/tools/securityadmin.sh"' in files["setup.sh"]


def test_a_change_of_what_is_set_up_is_another_job_with_its_own_files() -> None:
    def job(days: int) -> dict[str, Any]:
        spec = sample_spec(logging={"store": "openSearch", "retentionDays": days})
        return next(workload for workload in workloads(spec) if workload["kind"] == "Job")

    first, second = job(7), job(14)
    assert first["metadata"]["name"] != second["metadata"]["name"]
    for made in (first, second):
        (volume,) = (volume for volume in pod(made)["volumes"] if volume["name"] == "setup")
        assert volume["configMap"]["name"] == made["metadata"]["name"]
    config = next(
        each.body
        for each in parts(OWN)["opensearch"].objects
        if each.name.startswith("opensearch-setup-") and each.kind == "ConfigMap"
    )
    job_of_own = next(workload for workload in workloads(OWN) if workload["kind"] == "Job")
    (volume,) = (volume for volume in pod(job_of_own)["volumes"] if volume["name"] == "setup")
    assert {item["key"]: item["path"] for item in volume["configMap"]["items"]}.keys() == config["data"].keys()


@each_store
def test_every_pod_is_held_to_what_it_needs(spec: EnvironmentSpec) -> None:
    for workload in workloads(spec):
        names = {volume["name"] for volume in pod(workload)["volumes"]}
        names |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
        assert {mount["name"] for each in containers(workload) for mount in each["volumeMounts"]} == names
        for each in containers(workload):
            assert re.fullmatch(r"[a-z0-9.-]+/[a-z0-9/-]+:\d+\.\d+\.\d+", each["image"])
            assert each["securityContext"]["capabilities"]["drop"] == ["ALL"]
            assert each["securityContext"]["allowPrivilegeEscalation"] is False
            assert {"cpu", "memory"} <= each["resources"]["requests"].keys()
            assert "memory" in each["resources"]["limits"]
        if workload["metadata"]["namespace"] == "log-store":
            assert pod(workload)["securityContext"]["runAsNonRoot"] is True


def test_the_lines_namespace_alone_is_protected() -> None:
    protected = [each.logical_name for part in planned(OWN).in_cluster for each in part.objects if each.protect]
    assert protected == ["opensearch/Namespace/log-store"]


def test_a_change_of_the_configuration_replaces_the_agents() -> None:
    def mark(gib: int) -> str:
        plan = parts(sample_spec(logging={"bufferGi": gib}))["fluent-bit"]
        annotations = body(plan, "DaemonSet", "fluent-bit")["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["slipway/config-digest"])

    assert mark(4) == mark(4) != mark(5)


def test_the_buffer_of_one_machine_is_what_the_spec_says() -> None:
    agent = parts(sample_spec(logging={"bufferGi": 8}))["fluent-bit"]
    config = yaml.safe_load(body(agent, "ConfigMap", "fluent-bit")["data"]["fluent-bit.yaml"])
    sizes = [int(each["storage.total_limit_size"][:-1]) for each in config["pipeline"]["outputs"]]
    assert sum(sizes) == 8 * 1024
