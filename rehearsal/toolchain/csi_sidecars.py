"""The programs beside the EBS CSI driver's controller, and what stands for the driver, for end-to-end tests alone."""

from __future__ import annotations

from typing import Final

from semver import Version

from rehearsal.toolchain.release import Release, Tool
from rehearsal.toolchain.versions import SAME_MINOR


def _release(name: str, version: Version, purpose: str) -> Release:
    return Release(
        name=name,
        version=version,
        module="csi-sidecars",
        pinned_module=f"github.com/kubernetes-csi/{name}/v{version.major}",
        purpose=purpose,
        variables=(("main.version", "v{version}"),),
        build_minutes=4,
    )


PROVISIONER: Final = _release("external-provisioner", Version(6, 3, 0), "what has volumes made for claims")
ATTACHER: Final = _release("external-attacher", Version(4, 12, 0), "what has volumes attached to machines")
RESIZER: Final = _release("external-resizer", Version(2, 2, 0), "what has volumes grown and changed")

CSI_SIDECARS: Final = (
    *(
        Tool(
            name=name,
            release=release,
            package=f"{release.pinned_module}/cmd/{name}",
            purpose=release.purpose,
            version_arguments=("--version",),
            rule=SAME_MINOR,
        )
        for name, release in (("csi-provisioner", PROVISIONER), ("csi-attacher", ATTACHER), ("csi-resizer", RESIZER))
    ),
    Tool(
        name="csi-driver",
        release=PROVISIONER,
        package="slipway/tools/csi-sidecars/driver",
        purpose="stands for the driver of the volumes",
        version_arguments=(),
        rule=SAME_MINOR,
    ),
)
