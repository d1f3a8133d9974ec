"""Cilium's programs: the real pod network of machines that are asked to have it."""

from __future__ import annotations

from typing import Final

from semver import Version

from rehearsal.toolchain.patches import Patch
from rehearsal.toolchain.release import Release, Tool
from rehearsal.toolchain.versions import SAME_MINOR

MODULE: Final = "github.com/cilium/cilium"

CILIUM: Final = Release(
    name="cilium",
    version=Version(1, 20, 2),
    module="cilium",
    pinned_module=MODULE,
    purpose="the pod network",
    variables=((f"{MODULE}/pkg/version.ciliumVersion", "{version}"),),
    build_minutes=8,
    # The version of GoBGP that it is written for cannot be had. BGP is off in clusters of ours.
    patches=(Patch(MODULE, "pkg/bgp", "no_bgp", replaces=True),),
    # As Cilium's own Makefiles build them: the generic operator gives machines their ranges of pod addresses.
    tags=("osusergo", "ipam_provider_operator"),
)


def _tool(name: str, package: str, purpose: str, *version_arguments: str) -> Tool:
    return Tool(
        name=name,
        release=CILIUM,
        package=f"{MODULE}/{package}",
        purpose=purpose,
        version_arguments=version_arguments,
        rule=SAME_MINOR,
    )


CILIUM_PROGRAMS: Final = (
    _tool("cilium-agent", "daemon", "is a machine's pod network and its Services", "--version"),
    _tool("cilium-operator-generic", "operator", "gives machines their ranges of pod addresses", "--version"),
    _tool("cilium-dbg", "cilium-dbg", "tells what the agent does"),
    _tool("cilium-cni", "plugins/cilium-cni", "gives a pod its network"),
    _tool("cilium-mount", "tools/mount", "mounts control groups on a machine"),
    _tool("cilium-sysctlfix", "tools/sysctlfix", "keeps systemd from undoing settings"),
    _tool("cilium-health-responder", "cilium-health/responder", "answers other machines' agents"),
)
