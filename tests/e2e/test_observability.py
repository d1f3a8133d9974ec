"""Every object of logging and monitoring, put to a real API server: what it would refuse shows here."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from infra.plan.addons.objects import AddonObject
from infra.plan.environment import plan_environment
from infra.spec import EnvironmentSpec
from infra.spec.environment import OwnMonitoring
from rehearsal.providers.kubernetes.api import ApiError
from rehearsal.providers.kubernetes.provider import Provider
from tests.e2e.cluster import plane, provider, tools, warnings
from tests.e2e.test_addons import apply, told
from tests.infra.plan.observability.test_fluent_bit import SPECS

__all__ = ["plane", "provider", "tools", "warnings"]  # fixtures

pytestmark = pytest.mark.e2e

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "monitoring"
FIRST = ("Namespace", "ServiceAccount")
"""What is applied for good, since admission of the others asks for it."""


def objects(spec: EnvironmentSpec) -> list[AddonObject]:
    """Return all objects, with those of rules and a dashboard of the environment's own."""
    rules, dashboard = (EXAMPLES / name for name in ("rules/shop.yaml", "dashboards/shop.json"))
    own = OwnMonitoring({"shop": rules.read_text()}, {"shop": dashboard.read_text()})
    plan = plan_environment(spec.with_own_monitoring(own))
    return [
        each for made in (plan.logging, plan.monitoring) if made for part in made.in_cluster for each in part.objects
    ]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_api_server_takes_every_object_as_it_is(
    provider: Provider, warnings: list[str], spec: EnvironmentSpec
) -> None:
    for each in objects(spec):
        taken = apply(provider, each, told(each.body), dry=each.kind not in FIRST)
        assert taken["metadata"]["name"] == each.name
    # Among what the server warns of are pods that the level of their namespace would not let in.
    assert warnings == []


def test_pods_keep_to_the_level_of_their_namespace(provider: Provider) -> None:
    """The level is enforced for pods, which no controller makes here: so each template is tried as a pod."""
    tried = 0
    for each in objects(SPECS["openSearch"]):
        if each.kind in ("DaemonSet", "Deployment", "Job", "StatefulSet"):
            pod = pod_of(each)
            apply(provider, AddonObject("test", pod), pod)
            tried += 1
    assert tried == 10


def test_a_pod_that_asks_for_more_is_refused(provider: Provider) -> None:
    (store,) = (
        each for each in objects(SPECS["openSearch"]) if (each.kind, each.name) == ("StatefulSet", "opensearch")
    )
    pod = pod_of(store)
    pod["spec"]["containers"][0]["securityContext"]["capabilities"]["add"] = ["SYS_PTRACE"]
    with pytest.raises(ApiError, match="restricted"):
        apply(provider, AddonObject("test", pod), pod)


def pod_of(workload: AddonObject) -> dict[str, Any]:
    body = copy.deepcopy(told(workload.body))
    spec = body["spec"]["template"]["spec"]
    # A claim's volume is put in by the controller.
    claims = [claim["metadata"]["name"] for claim in body["spec"].get("volumeClaimTemplates", [])]
    spec.setdefault("volumes", []).extend(
        {"name": name, "persistentVolumeClaim": {"claimName": f"{name}-0"}} for name in claims
    )
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{workload.name}-try", "namespace": workload.namespace},
        "spec": spec,
    }
