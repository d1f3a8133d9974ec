"""The stand-in for the kubernetes plugin, driven by the real engine, against a real API server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.controlplane import ControlPlane
from rehearsal.providers.kubernetes.provider import Provider
from tests.e2e.cluster import live, patched, plane, provider, tools, warnings

__all__ = ["plane", "provider", "tools", "warnings"]  # fixtures

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import os

import pulumi
import pulumi_kubernetes as k8s

version = os.environ["VERSION"]
namespace = k8s.core.v1.Namespace("apps", metadata={"name": "apps", "labels": {"version": version}})
where = {"namespace": namespace.metadata.name}
labels = {"app": "web"}
settings = k8s.core.v1.ConfigMap("settings", metadata=where, data={"version": version})
k8s.core.v1.Secret(
    "credentials", metadata={**where, "name": "credentials"}, string_data={"password": pulumi.Output.secret("hunter2")}
)
container = {
    "name": "web",
    "image": f"web:{version}",
    "env": [{"name": "SETTINGS", "value": settings.metadata.name}],
    "resources": {"requests": {"cpu": "1000m", "memory": "1024Mi"}},
}
k8s.apps.v1.Deployment(
    "web",
    metadata={**where, "name": "web"},
    spec={
        "replicas": 2,
        "selector": {"match_labels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    },
)
service = k8s.core.v1.Service(
    "web", metadata={**where, "name": "web"}, spec={"selector": labels, "ports": [{"port": 80, "target_port": 8080}]}
)
k8s.scheduling.v1.PriorityClass("high", metadata={"name": "high"}, value=1000)
k8s.networking.v1.NetworkPolicy(
    "deny", metadata={**where, "name": "deny"}, spec={"pod_selector": {}, "policy_types": ["Ingress"]}
)
k8s.core.v1.ResourceQuota("quota", metadata={**where, "name": "quota"}, spec={"hard": {"requests.cpu": "4000m"}})
k8s.core.v1.LimitRange(
    "limits", metadata={**where, "name": "limits"}, spec={"limits": [{"type": "Container", "default": {"cpu": "500m"}}]}
)
k8s.rbac.v1.ClusterRole(
    "reader", metadata={"name": "reader"}, rules=[{"api_groups": [""], "resources": ["pods"], "verbs": ["get"]}]
)
schema = {
    "type": "object",
    "properties": {"spec": {"type": "object", "x_kubernetes_preserve_unknown_fields": True}},
}
widgets = k8s.apiextensions.v1.CustomResourceDefinition(
    "widgets",
    metadata={"name": "widgets.slipway.test"},
    spec={
        "group": "slipway.test",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"open_apiv3_schema": schema}}],
    },
)
k8s.apiextensions.CustomResource(
    "widget",
    api_version="slipway.test/v1",
    kind="Widget",
    metadata={**where, "name": "widget"},
    spec={"size": 3},
    opts=pulumi.ResourceOptions(depends_on=[widgets]),
)
pulumi.export("address", service.spec.cluster_ip)
"""


@dataclass(frozen=True)
class Engine:
    """Runs the engine on the program."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, version: str = "1", fails: bool = False) -> str:
        done = subprocess.run(
            [self.environment["ENGINE"], "--non-interactive", "--color=never", *arguments],
            cwd=self.folder,
            env={**self.environment, "VERSION": version},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        output = done.stdout + done.stderr
        assert (done.returncode != 0) is fails, output
        return done.stdout if not fails else output

    def changes(self, version: str) -> dict[str, int]:
        summary = json.loads(self.run("preview", "--json", version=version))["changeSummary"]
        return {operation: count for operation, count in summary.items() if operation != "same"}


@pytest.fixture
def engine(plane: ControlPlane, tools: dict[str, Path], tmp_path: Path) -> Engine:
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "Pulumi.yaml").write_text("name: standin\nruntime: python\n")
    (tmp_path / "program" / "__main__.py").write_text(PROGRAM)
    (tmp_path / "state").mkdir()
    made = Engine(
        tmp_path / "program",
        {
            "PATH": f"{ROOT / 'rehearsal' / 'bin'}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "ENGINE": str(tools["pulumi"]),
            "SLIPWAY_HOST_PYTHON": sys.executable,
            "KUBECONFIG": str(plane.kubeconfig),
            "PULUMI_HOME": str(tmp_path / "home"),
            "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        },
    )
    made.run("stack", "init", "dev")
    return made


def test_life_of_a_program(engine: Engine, provider: Provider) -> None:
    assert engine.changes("1") == {"create": 13}
    engine.run("up", "--yes", "--skip-preview")
    outputs = json.loads(engine.run("stack", "output", "--json"))
    service = live(provider, "/api/v1/namespaces/apps/services/web")
    assert service is not None
    assert outputs == {"address": service["spec"]["clusterIP"]}
    exported = engine.run("stack", "export")
    assert "hunter2" not in exported
    assert "aHVudGVyMg==" not in exported

    # Neither a second update nor a refresh finds anything to do.
    engine.run("up", "--yes", "--expect-no-changes")
    engine.run("refresh", "--yes", "--expect-no-changes")
    engine.run("preview", "--expect-no-changes")

    # A new version: the namespace and the deployment change in place, the settings get a new name.
    assert engine.changes("2") == {"update": 2, "replace": 1}
    shown = engine.run("preview", "--diff", version="2")
    assert '~ version: "1" => "2"' in shown
    assert '~ image: "web:1" => "web:2"' in shown
    assert "replicas" not in shown
    assert "uid" not in shown
    engine.run("up", "--yes", "--skip-preview", version="2")
    engine.run("preview", "--expect-no-changes", version="2")

    # Changed and deleted by hand.
    patched(provider, "/apis/apps/v1/namespaces/apps/deployments/web", {"spec": {"replicas": 5}}, "kubectl-edit")
    assert provider.connection.operations is not None
    provider.connection.operations.cluster.client.request(
        "DELETE", "/apis/networking.k8s.io/v1/namespaces/apps/networkpolicies/deny"
    )
    engine.run("refresh", "--yes", version="2")
    assert engine.changes("2") == {"create": 1, "update": 1}
    engine.run("up", "--yes", "--skip-preview", version="2")
    repaired = live(provider, "/apis/apps/v1/namespaces/apps/deployments/web")
    assert repaired is not None
    assert repaired["spec"]["replicas"] == 2

    engine.run("destroy", "--yes", "--skip-preview", version="2")
    for path in (
        "/api/v1/namespaces/apps",
        "/apis/scheduling.k8s.io/v1/priorityclasses/high",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/reader",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.slipway.test",
    ):
        assert live(provider, path) is None


def test_a_program_that_the_vendor_would_refuse(engine: Engine) -> None:
    program = engine.folder / "__main__.py"
    program.write_text(
        "import pulumi_kubernetes as k8s\n"
        "k8s.core.v1.ConfigMap('a', metadata={'name': 'a', 'lables': {}}, data={'a': 'b'})\n"
        "k8s.yaml.ConfigFile('b', file='b.yaml')\n"
    )
    (engine.folder / "b.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n")
    output = engine.run("preview", fails=True)
    assert "metadata.lables: field not declared in schema" in output
    assert "the stand-in for the kubernetes plugin has no function kubernetes:yaml:decode" in output


def test_an_unreachable_cluster(engine: Engine) -> None:
    (engine.folder / "__main__.py").write_text(
        "import pulumi_kubernetes as k8s\nk8s.core.v1.Namespace('n', metadata={'name': 'n'})\n"
    )
    lost = Engine(engine.folder, {**engine.environment, "KUBECONFIG": "/no/such/kubeconfig"})
    assert "configured Kubernetes cluster is unreachable: failed to parse kubeconfig" in lost.run("preview")
    assert "configured Kubernetes cluster is unreachable: failed to parse kubeconfig" in lost.run(
        "up", "--yes", "--skip-preview", fails=True
    )
