"""The kernel parameters that a group declares, as files of its machines."""

from __future__ import annotations

from infra.plan.node.assets import NodeFile
from infra.spec import InstanceGroupSpec

SYSCTLS = "/etc/sysctl.d/99-zz-slipway.conf"
"""Files are read in the order of their names, whichever folder they are in, and the last value holds (sysctl.d(5)).
So this one comes after those of Slipway and of the image, whose last is ``99-sysctl.conf`` (/etc/sysctl.conf), and
before the one by which Cilium puts right what it needs, ``99-zzz-override_cilium.conf``."""

MODULES = "/etc/modules-load.d/slipway-group.conf"

_CONNECTIONS = ("net.nf_conntrack_max", "net.netfilter.nf_conntrack_")
"""How the names of parameters begin that are there once the module nf_conntrack is. Nothing loads it before the pod
network starts, and then nobody sets them."""


def sysctl_files(group: InstanceGroupSpec) -> tuple[NodeFile, ...]:
    """Return the files: none where the group declares no parameter."""
    if not group.sysctls:
        return ()
    text = "".join(f"{key} = {value}\n" for key, value in sorted(group.sysctls.items()))
    files = (NodeFile(SYSCTLS, text),)
    if any(key.startswith(_CONNECTIONS) for key in group.sysctls):
        return (NodeFile(MODULES, "nf_conntrack\n"), *files)
    return files
