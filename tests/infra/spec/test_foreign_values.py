"""Who writes kops's value where there are choices is led to ours, or told why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import GROUP, report, with_fourth
from tests.infra.spec.test_foreign import MODELS


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if getattr(model, "foreign_values", None)])
def test_values_of_habit_stand_for_choices(name: str) -> None:
    fields = {str(field.alias): field for field in MODELS[name].model_fields.values()}
    for key, values in getattr(MODELS[name], "foreign_values").items():  # noqa: B009 (a base model has none)
        choices = str(fields[key].annotation)
        assert "Literal" in choices, key
        assert [value for value in values if f"'{value}'" in choices] == []
        assert all(fix.startswith(("write ", "remove ")) for fix in values.values())


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"role": "Master"}, "role: 'Master' is not one of the choices. Fix: write ControlPlane."),
        ({"role": "Bastion"}, "role: 'Bastion' is not one of the choices. Fix: remove the group: no port is open "
         "for SSH; docs/control-plane.md says what gives a shell."),
        ({"role": "APIServer"}, "role: 'APIServer' is not one of the choices. Fix: remove the group: each member runs "
         "an API server; give the members a larger machineType."),
        ({"role": "node"}, "role: 'node' is not one of the choices. Fix: write 'Node'."),
        ({"subnets": ["us-test-1a"]}, "subnets: ['us-test-1a'] is not one of the choices. Fix: write private or "
         "public, and in zones the zones."),
        ({"subnets": "Utility"}, "subnets: 'Utility' is not one of the choices. Fix: write public."),
        ({"suspendProcesses": ["AZRebalance", "Launch"]}, "suspendProcesses[1]: 'Launch' is not one of the choices. "
         "Fix: remove it: without it machines are not replaced; minSize and maxSize bound their number."),
        ({"machineType": None, "mixedInstancesPolicy": {"instances": ["m7i.large"], "spotAllocationStrategy":
         "diversified"}}, "mixedInstancesPolicy.spotAllocationStrategy: 'diversified' is not one of the choices. Fix: "
         "write price-capacity-optimized: it spreads over pools by itself."),
    ],
)  # fmt: skip
def test_values_in_a_group(change: dict[str, Any], line: str) -> None:
    assert report(with_fourth(**change)) == [f"{GROUP}.{line}"]


@pytest.mark.parametrize(
    ("cni", "fix"),
    [
        ("calico", "write cilium, which enforces NetworkPolicies as well, or amazonVpc"),
        ("kube-router", "write cilium, which enforces NetworkPolicies as well, or amazonVpc"),
        ("cni", "write cilium or amazonVpc, and cluster.addons.managed: false where something else brings it"),
        ("cilium-etcd", "write cilium: it keeps its state in the cluster's own objects"),
        ("nothing", "write 'cilium' or 'amazonVpc'"),
    ],
)
def test_pod_networks(cni: str, fix: str) -> None:
    assert report(sample_mapping(cluster={"cni": cni})) == [
        f"cluster.cni: '{cni}' is not one of the choices. Fix: {fix}."
    ]
