"""Containers that a team adds to its pods."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.iam import pull_statements
from infra.plan.workloads.workload import WorkloadPlan, plan_workloads
from infra.spec.workloads.pod_size import PodSize, pod_size
from tests.infra.workload_samples import DIGEST, IMAGE, environment

PROXY = {"name": "proxy", "image": f"proxy@{DIGEST}", "args": ["--listen=:4180"]}
SETUP = {"name": "setup", "runs": "before", "command": ["app", "setup"]}
STREAM = {"type": "stream", "image": IMAGE, "folder": "/var/log/app", "files": ["a.log"]}
MI = 2**20


def plan(**written: Any) -> WorkloadPlan:
    (planned,) = plan_workloads(environment({"web": {"image": IMAGE, **written}}))
    return planned


def init_containers(**written: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plan(**written).controller.body["spec"]["template"]["spec"]["initContainers"]
    return found


def test_one_beside_is_restarted_always_and_one_before_ends() -> None:
    setup, proxy = init_containers(helpers=[SETUP, PROXY], env={"A": "1", "B": "2"}, config={"a.yaml": "x"})
    assert (setup["image"], setup["command"], "restartPolicy" in setup) == (IMAGE, ["app", "setup"], False)
    assert (proxy["image"], proxy["args"], proxy["restartPolicy"]) == (PROXY["image"], PROXY["args"], "Always")
    main = plan(env={"A": "1", "B": "2"}, config={"a.yaml": "x"}).controller.body["spec"]["template"]["spec"]
    for each in (setup, proxy):
        assert each["env"] == main["containers"][0]["env"]
        assert each["volumeMounts"] == main["containers"][0]["volumeMounts"]
        assert each["securityContext"] == main["containers"][0]["securityContext"]
        assert each["resources"]["limits"] == {"memory": "128Mi", "ephemeral-storage": "256Mi"}


def test_it_may_have_variables_a_user_and_an_amount_of_its_own() -> None:
    own = {**PROXY, "env": {"B": "3"}, "runAsUser": 101, "resources": {"cpu": "50m", "cpuLimit": "50m"}}
    (proxy,) = init_containers(helpers=[own], env={"A": "1", "B": "2"})
    assert proxy["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]
    assert proxy["securityContext"]["runAsUser"] == 101
    assert proxy["resources"]["limits"]["cpu"] == "50m"


def test_those_of_log_files_are_there_first() -> None:
    names = [each["name"] for each in init_containers(helpers=[SETUP], sidecars=[STREAM])]
    assert names == ["stream-0-0", "setup"]


@pytest.mark.parametrize(
    ("helpers", "size"),
    [
        ([PROXY], PodSize(200, 256 * MI, 512 * MI)),
        # Done before the main container starts, so the greater of the two counts.
        ([SETUP], PodSize(100, 128 * MI, 256 * MI)),
        ([{**SETUP, "resources": {"cpu": "2", "memory": "64Mi"}}], PodSize(2000, 128 * MI, 256 * MI)),
        ([PROXY, {**SETUP, "resources": {"cpu": "2"}}], PodSize(2100, 256 * MI, 512 * MI)),
        ([{**SETUP, "resources": {"cpu": "2"}}, PROXY], PodSize(2000, 256 * MI, 512 * MI)),
    ],
)
def test_what_a_pod_asks_for(helpers: list[dict[str, Any]], size: PodSize) -> None:
    (workload,) = environment({"web": {"image": IMAGE, "helpers": helpers}}).declared_workloads
    assert pod_size(workload) == size


def test_a_pod_is_guaranteed_where_each_container_is_limited() -> None:
    limited = {"resources": {"cpuLimit": "100m"}}
    assert plan(helpers=[{**PROXY, **limited}], **limited).qos == "Guaranteed"
    assert plan(helpers=[PROXY], **limited).qos == "Burstable"


def test_machines_may_pull_its_image() -> None:
    far = "222233334444.dkr.ecr.eu-west-1.amazonaws.com/proxy"
    spec = environment({"web": {"image": IMAGE, "helpers": [{**PROXY, "image": f"{far}@{DIGEST}"}]}})
    (pull,) = (each for each in pull_statements(spec) if each["Sid"] == "PullImages")
    assert "arn:aws:ecr:eu-west-1:222233334444:repository/proxy" in pull["Resource"]
