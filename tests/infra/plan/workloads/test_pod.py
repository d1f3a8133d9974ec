from __future__ import annotations

from typing import Any

import pytest

from infra.plan.workloads.objects import SecretReference
from infra.plan.workloads.workload import WorkloadPlan, plan_workloads
from tests.infra.workload_samples import DIGEST, IMAGE, environment

WEB: dict[str, Any] = {"image": IMAGE, "ports": [{"name": "http", "port": 8080}]}


def plan(**change: Any) -> WorkloadPlan:
    (planned,) = plan_workloads(environment({"web": {**WEB, **change}}))
    return planned


def pod(**change: Any) -> dict[str, Any]:
    found: dict[str, Any] = plan(**change).controller.body["spec"]["template"]["spec"]
    return found


def container(**change: Any) -> dict[str, Any]:
    (found,) = pod(**change)["containers"]
    return dict(found)


LABELS = {
    "app.kubernetes.io/name": "web",
    "app.kubernetes.io/instance": "web-test",
    "app.kubernetes.io/part-of": "test",
    "app.kubernetes.io/managed-by": "slipway",
}
SELECTOR = {key: LABELS[key] for key in ("app.kubernetes.io/name", "app.kubernetes.io/instance")}
PROBE = {"httpGet": {"path": "/", "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 2}


def test_a_container_of_a_file_of_two_lines() -> None:
    assert container() == {
        "name": "web",
        "image": IMAGE,
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "volumeMounts": [{"name": "scratch-0", "mountPath": "/tmp"}],  # noqa: S108
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "256Mi"},
            "limits": {"memory": "128Mi", "ephemeral-storage": "256Mi"},
        },
        "readinessProbe": {**PROBE, "periodSeconds": 10, "failureThreshold": 3},
        "livenessProbe": {**PROBE, "periodSeconds": 10, "failureThreshold": 6},
        "startupProbe": {**PROBE, "periodSeconds": 5, "failureThreshold": 30},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def test_the_rest_of_its_pod() -> None:
    found = pod()
    del found["containers"]
    spread = {
        "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": SELECTOR},
        "nodeTaintsPolicy": "Honor",
        "matchLabelKeys": ["pod-template-hash"],
    }
    assert found == {
        "serviceAccountName": "web",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumes": [{"name": "scratch-0", "emptyDir": {"sizeLimit": "64Mi"}}],
        "topologySpreadConstraints": [
            {**spread, "topologyKey": "topology.kubernetes.io/zone"},
            {**spread, "topologyKey": "kubernetes.io/hostname"},
        ],
    }


def test_the_version_is_told_by_what_runs_the_image_and_by_nothing_else() -> None:
    planned = plan()
    template = planned.controller.body["spec"]["template"]["metadata"]
    assert template["labels"] == {**LABELS, "app.kubernetes.io/version": DIGEST[7:19]}
    assert planned.controller.body["metadata"]["labels"] == template["labels"]
    others = [each.body["metadata"]["labels"] for each in (*planned.before, *planned.beside)]
    assert others == [LABELS] * len(others)


@pytest.mark.parametrize(
    ("resources", "qos"),
    [
        ({}, "Burstable"),
        ({"cpu": "500m", "cpuLimit": "0.5"}, "Guaranteed"),
        ({"cpu": "500m", "cpuLimit": "1"}, "Burstable"),
    ],
)
def test_quality_of_service(resources: dict[str, str], qos: str) -> None:
    assert plan(resources=resources).qos == qos


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        ({"common": {"type": "tcp"}}, {"tcpSocket": {"port": "http"}}),
        ({"common": {"type": "grpc"}}, {"grpc": {"port": 8080, "service": ""}}),
        (
            {"common": {"type": "tcp"}, "readiness": {"type": "grpc", "service": "a"}},
            {"grpc": {"port": 8080, "service": "a"}},
        ),
        (
            {"common": {"type": "https", "headers": {"Host": "shop.example.com"}}},
            {
                "httpGet": {
                    "path": "/",
                    "port": "http",
                    "scheme": "HTTPS",
                    "httpHeaders": [{"name": "Host", "value": "shop.example.com"}],
                }
            },
        ),
        ({"readiness": {"type": "exec", "command": ["ok", "-q"]}}, {"exec": {"command": ["ok", "-q"]}}),
        (
            {"common": {"path": "/live"}, "readiness": {"path": "/ready"}},
            {"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}},
        ),
    ],
)
def test_probes_take_their_own_words_before_the_common_ones(probes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert container(probes=probes)["readinessProbe"] == {
        **expected, "periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 3,
    }  # fmt: skip


def test_a_probe_can_be_left_out_and_without_tcp_port_there_is_none() -> None:
    assert "livenessProbe" not in container(probes={"liveness": {"type": "none"}})
    assert "readinessProbe" in container(probes={"liveness": {"type": "none"}})
    silent = container(ports=[{"name": "dns", "port": 5353, "protocol": "UDP"}])
    assert [key for key in silent if key.endswith("Probe")] == []


def test_configuration_is_an_object_named_by_its_contents() -> None:
    names = {
        text: next(each for each in plan(config={"a.yaml": text}).before if each.kind == "ConfigMap")
        for text in ("x: 1", "x: 2")
    }
    first, second = names["x: 1"], names["x: 2"]
    assert first.name != second.name
    assert first.name.startswith("web-config-")
    assert first.logical_name == second.logical_name == "web-config"
    assert (first.body["data"], first.body["immutable"]) == ({"a.yaml": "x: 1"}, True)
    assert {"name": "config", "configMap": {"name": first.name}} in pod(config={"a.yaml": "x: 1"})["volumes"]
    assert {"name": "config", "mountPath": "/etc/config", "readOnly": True} in container(config={"a": ""})[
        "volumeMounts"
    ]


def test_secrets_are_files_and_no_plan_holds_a_value() -> None:
    secrets = [
        {"name": "db", "config": "databasePassword"},
        {"name": "key", "generate": 32, "env": "SESSION_KEY"},
        {"name": "cert", "existing": "web-tls"},
    ]
    own = SecretReference("web-secrets")
    volume = next(each for each in pod(secrets=secrets)["volumes"] if each["name"] == "secrets")
    assert volume["projected"] == {
        "sources": [
            {"secret": {"name": own, "items": [{"key": "db", "path": "db"}, {"key": "key", "path": "key"}]}},
            {"secret": {"name": "web-tls", "items": [{"key": "cert", "path": "cert"}]}},
        ],
        "defaultMode": 0o440,
    }
    assert container(secrets=secrets)["env"] == [
        {"name": "SESSION_KEY", "valueFrom": {"secretKeyRef": {"name": own, "key": "key"}}}
    ]
    planned = plan(secrets=secrets).secret
    assert planned is not None
    assert [(each.name, each.config, each.generate) for each in planned.entries] == [
        ("db", "databasePassword", None), ("key", None, 32),
    ]  # fmt: skip


def test_rights_in_aws_are_a_role_and_a_token_for_sts() -> None:
    statements = [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::acme/*"]}]
    planned = plan(aws=statements)
    assert planned.role is not None
    assert (planned.role.namespace, planned.role.service_account) == ("web", "web")
    variables = {each["name"]: each["value"] for each in container(aws=statements)["env"]}
    assert variables == {
        "AWS_REGION": "eu-central-1",
        "AWS_ROLE_ARN": f"arn:aws:iam::111122223333:role/{planned.role.role_name}",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/aws/token",
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
    }
    token = {"audience": "sts.amazonaws.com", "expirationSeconds": 3600, "path": "token"}
    volume = next(each for each in pod(aws=statements)["volumes"] if each["name"] == "aws-token")
    assert volume["projected"] == {"sources": [{"serviceAccountToken": token}], "defaultMode": 0o440}
    assert plan().role is None


def test_sidecars_are_native_and_share_the_folder() -> None:
    sidecars = [
        {"type": "stream", "image": IMAGE, "folder": "/logs", "files": ["a.log", "b.log"], "sizeMi": 64},
        {"type": "agent", "image": IMAGE, "folder": "/audit", "files": ["c.log"], "sendTo": "collector"},
    ]
    collector = {"image": IMAGE, "ports": [{"name": "forward", "port": 24224}], "from": ["web"]}
    files = {"web": {**WEB, "sidecars": sidecars, "to": ["collector"]}, "collector": collector}
    planned = plan_workloads(environment(files))[0]
    found = planned.controller.body["spec"]["template"]["spec"]
    assert [(each["name"], each["restartPolicy"]) for each in found["initContainers"]] == [
        ("stream-0-0", "Always"), ("stream-0-1", "Always"), ("agent-1", "Always"),
    ]  # fmt: skip
    assert found["initContainers"][1]["command"] == ["tail", "-n", "+1", "-F", "/logs/b.log"]
    assert {"name": "logs-1", "mountPath": "/audit"} in found["containers"][0]["volumeMounts"]
    settings = next(each for each in planned.before if each.logical_name == "web-agents").body["data"]
    assert "      host: collector.web\n      port: 24224\n" in settings["fluent-bit-1.yaml"]
    assert "      db: /var/lib/agent/c.log.db\n" in settings["fluent-bit-1.yaml"]


def test_where_pods_may_go() -> None:
    found = pod(
        nodeSelector={"kubernetes.io/arch": "amd64"},
        tolerations=["example.com/dedicated=web:NoSchedule", "example.com/spot:NoExecute"],
    )
    assert found["nodeSelector"] == {"kubernetes.io/arch": "amd64"}
    assert found["tolerations"] == [
        {"key": "example.com/dedicated", "operator": "Equal", "value": "web", "effect": "NoSchedule"},
        {"key": "example.com/spot", "operator": "Exists", "effect": "NoExecute"},
    ]
    strict = pod(spread={"zones": "required", "hosts": "none"})["topologySpreadConstraints"]
    assert [(each["topologyKey"], each["whenUnsatisfiable"]) for each in strict] == [
        ("topology.kubernetes.io/zone", "DoNotSchedule")
    ]


def test_a_port_below_1024_needs_no_rights() -> None:
    low = [{"name": "http", "port": 80}, {"name": "https", "port": 443}, {"name": "admin", "port": 8080}]
    assert pod(ports=low)["securityContext"]["sysctls"] == [
        {"name": "net.ipv4.ip_unprivileged_port_start", "value": "80"}
    ]
    assert "sysctls" not in pod()["securityContext"]


def test_root_keeps_the_capabilities_that_its_file_names() -> None:
    security = {"runAsUser": 0, "capabilities": ["CHOWN", "SETGID", "SETUID"]}
    spec = environment({"web": {**WEB, "security": security}}, namespaces=[{"name": "web", "podSecurity": "baseline"}])
    (planned,) = plan_workloads(spec)
    found = planned.controller.body["spec"]["template"]["spec"]["containers"][0]["securityContext"]["capabilities"]
    assert found == {"drop": ["ALL"], "add": ["CHOWN", "SETGID", "SETUID"]}


def test_a_device_is_asked_for_and_limited_alike() -> None:
    resources = container(resources={"devices": {"nvidia.com/gpu": 2}})["resources"]
    assert resources["requests"]["nvidia.com/gpu"] == resources["limits"]["nvidia.com/gpu"] == "2"
