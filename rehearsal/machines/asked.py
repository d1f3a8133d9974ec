"""What is asked for of machines by environment variables."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

from rehearsal.machines.errors import MachineError
from rehearsal.machines.machine import has_unified_groups

if TYPE_CHECKING:
    from infra.spec import EnvironmentSpec

POLICIES_VARIABLE: Final = "SLIPWAY_MACHINE_POLICIES"
POLICIES_KEPT: Final = "enforce"
NETWORK_VARIABLE: Final = "SLIPWAY_MACHINE_NETWORK"
CILIUM: Final = "cilium"
AMAZON_VPC: Final = "amazonVpc"


def keeps_policies() -> bool:
    """Return whether machines are to keep network policies. Raises MachineError for a value that means nothing."""
    asked = os.environ.get(POLICIES_VARIABLE, "")
    if asked not in ("", POLICIES_KEPT):
        raise MachineError(f"{POLICIES_VARIABLE} is {asked!r}: leave it out, or say {POLICIES_KEPT!r}.")
    return bool(asked)


def pod_network(spec: EnvironmentSpec) -> str:
    """Return the pod network that machines are to run themselves; empty for the stand-in.

    Raises MachineError where they could not.
    """
    asked = os.environ.get(NETWORK_VARIABLE, "")
    if asked not in ("", CILIUM, AMAZON_VPC):
        raise MachineError(f"{NETWORK_VARIABLE} is {asked!r}: leave it out, or say {CILIUM!r} or {AMAZON_VPC!r}.")
    if not asked:
        return ""
    if spec.cluster.cni != asked:
        raise MachineError(f"{NETWORK_VARIABLE} is {asked!r}, and {spec.name} has another pod network.")
    if asked == CILIUM:
        _check_cilium(spec)
    return asked


def _check_cilium(spec: EnvironmentSpec) -> None:
    if keeps_policies():
        raise MachineError(f"Cilium keeps network policies itself: leave {POLICIES_VARIABLE} out.")
    if not has_unified_groups():
        # Its programs for Services would be attached to all that runs here, and not to one machine.
        raise MachineError("Cilium needs control groups of version 2, at least mounted beside the first.")
    if spec.cluster.addons.cilium.encryption == "wireguard" and not kernel_has_wireguard():
        raise MachineError(
            "This kernel has no WireGuard: set `cluster.addons.cilium.encryption: none` in the file that is rehearsed."
        )


def kernel_has_wireguard() -> bool:
    """Return whether this kernel can have a network device of WireGuard's, tried in a namespace of its own."""
    tried = ["unshare", "--net", "ip", "link", "add", "wg0", "type", "wireguard"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0
