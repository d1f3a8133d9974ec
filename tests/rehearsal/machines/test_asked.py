from __future__ import annotations

from typing import Any

import pytest

from infra.spec import EnvironmentSpec, from_mapping
from rehearsal.machines import asked
from rehearsal.machines.asked import NETWORK_VARIABLE, POLICIES_VARIABLE, keeps_policies, pod_network
from rehearsal.machines.errors import MachineError
from tests.e2e.specs import small


@pytest.mark.parametrize(("said", "kept"), [(None, False), ("", False), ("enforce", True)])
def test_network_policies_are_kept_when_it_is_asked_for(
    said: str | None, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(POLICIES_VARIABLE, raising=False)
    if said is not None:
        monkeypatch.setenv(POLICIES_VARIABLE, said)
    assert keeps_policies() is kept


def test_another_word_is_refused_with_the_one_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POLICIES_VARIABLE, "yes")
    with pytest.raises(MachineError, match="SLIPWAY_MACHINE_POLICIES is 'yes': leave it out, or say 'enforce'"):
        keeps_policies()


def declared(encryption: str = "none", **cluster: Any) -> EnvironmentSpec:
    spec = small("net")
    addons = {"addons": {"cilium": {"encryption": encryption}}} if not cluster else {}
    spec["cluster"] = {"name": "net.example.com", "kubernetesVersion": "1.37.2", **addons, **cluster}
    return from_mapping(spec, "net")


AMAZON_VPC = {"cni": "amazonVpc", "networkPolicies": "notEnforced"}


@pytest.fixture(autouse=True)
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer with control groups of version 2, whatever runs the tests."""
    monkeypatch.setattr(asked, "has_unified_groups", lambda: True)


@pytest.mark.parametrize(("said", "real"), [(None, ""), ("", ""), ("cilium", "cilium")])
def test_cilium_runs_when_it_is_asked_for(said: str | None, real: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NETWORK_VARIABLE, raising=False)
    if said is not None:
        monkeypatch.setenv(NETWORK_VARIABLE, said)
    assert pod_network(declared()) == real


@pytest.mark.parametrize(("kernel_has_it", "refused"), [(True, False), (False, True)])
def test_encryption_needs_a_kernel_that_has_it(
    kernel_has_it: bool, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NETWORK_VARIABLE, "cilium")
    monkeypatch.setattr(asked, "kernel_has_wireguard", lambda: kernel_has_it)
    if not refused:
        assert pod_network(declared("wireguard")) == "cilium"
        return
    with pytest.raises(MachineError, match=r"no WireGuard: set `cluster\.addons\.cilium\.encryption: none`"):
        pod_network(declared("wireguard"))


def test_what_cilium_cannot_be_beside_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NETWORK_VARIABLE, "flannel")
    with pytest.raises(
        MachineError, match="SLIPWAY_MACHINE_NETWORK is 'flannel': leave it out, or say 'cilium' or 'amazonVpc'"
    ):
        pod_network(declared())
    monkeypatch.setenv(NETWORK_VARIABLE, "cilium")
    with pytest.raises(MachineError, match="net has another pod network"):
        pod_network(declared(**AMAZON_VPC))
    monkeypatch.setattr(asked, "has_unified_groups", lambda: False)
    with pytest.raises(MachineError, match="needs control groups of version 2"):
        pod_network(declared())
    monkeypatch.setenv(POLICIES_VARIABLE, "enforce")
    with pytest.raises(MachineError, match="leave SLIPWAY_MACHINE_POLICIES out"):
        pod_network(declared())


def test_the_vpcs_own_network_runs_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NETWORK_VARIABLE, "amazonVpc")
    monkeypatch.setattr(asked, "has_unified_groups", lambda: False)
    assert pod_network(declared(**AMAZON_VPC)) == "amazonVpc"
    with pytest.raises(MachineError, match="net has another pod network"):
        pod_network(declared())
