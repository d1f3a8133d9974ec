from __future__ import annotations

from typing import Any

import pytest

from infra.plan.kept import refuse_another_network
from infra.spec import SpecError
from tests.infra.samples import sample_spec

MADE_WITH = {"cni": "cilium", "podCidr": "100.96.0.0/11", "serviceCidr": "100.64.0.0/13", "kubernetesVersion": "1.36.1"}
VPC_CNI = {"cni": "amazonVpc", "networkPolicies": "notEnforced"}


def refused(recorded: dict[str, str], **cluster: Any) -> list[str]:
    try:
        refuse_another_network(sample_spec(cluster=cluster), recorded)
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("change", "was", "why"),
    [
        ({"podCidr": "10.128.0.0/14"}, "100.96.0.0/11", "machines that run keep the parts of it that they were given"),
        ({"serviceCidr": "10.128.0.0/16"}, "100.64.0.0/13", "Services keep their addresses in it"),
        (VPC_CNI, "cilium", "machines that run stay in the former pod network"),
    ],
)
def test_another_network_is_another_cluster(change: dict[str, str], was: str, why: str) -> None:
    key, value = next(iter(change.items()))
    (line,) = refused(MADE_WITH, **change)
    assert line.startswith(f"cluster.{key}: '{value}' cannot follow on {was}, which the cluster was made with: {why}")
    assert line.endswith(f"Fix: write {was}; another one is another environment.")


def test_all_are_told_together() -> None:
    assert len(refused(MADE_WITH, podCidr="10.128.0.0/14", serviceCidr="10.132.0.0/16")) == 2


def test_what_means_nothing_may_change() -> None:
    assert refused(MADE_WITH) == []
    recorded = {**MADE_WITH, "cni": "amazonVpc"}
    assert refused(recorded, **VPC_CNI, podCidr="10.128.0.0/14") == []
    assert len(refused(recorded, **VPC_CNI, serviceCidr="10.128.0.0/16")) == 1
    # A record of before these keys were in it.
    assert refused({"kubernetesVersion": "1.36.1"}, podCidr="10.128.0.0/14") == []
