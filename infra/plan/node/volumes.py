"""Data volumes of a node: what ``mount-volumes.sh`` is told, and where it must not mount."""

from __future__ import annotations

from collections.abc import Iterator

from infra.plan.control_plane.members import ETCD_MOUNT, VOLUME_DEVICE
from infra.spec import InstanceGroupSpec, Problem
from infra.spec.errors import Location
from infra.spec.volumes import DataVolumeSpec

_WHOLE_TREES = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr")  # noqa: S108 (a path that is refused)
_ROOTS = ("/root", "/var", "/var/cache", "/var/lib", "/var/lib/cloud", "/var/lib/slipway", "/var/log", "/var/tmp")  # noqa: S108
"""Directories that are in use before data volumes are mounted; a mount over them would hide what they hold."""


def volumes_document(group: InstanceGroupSpec) -> str:
    """Return the group's volumes, a line each: the device's name without ``/dev/``, a blank, the mount path.

    Neither can hold a blank (the spec's rules). A mount point comes before those below it.
    """
    volumes = sorted(group.volumes, key=lambda volume: volume.mount_path.split("/"))
    return "".join(f"{volume.device.removeprefix('/dev/')} {volume.mount_path}\n" for volume in volumes)


def volume_problems(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    """Yield the mount paths that would hide a part of the running system, and what a member's own volume has taken."""
    for position, volume in enumerate(group.volumes):
        place, path = (*at, "volumes", position), volume.mount_path
        if path in _ROOTS or any(_within(path, tree) for tree in _WHOLE_TREES):
            yield Problem(
                (*place, "mountPath"),
                "would hide a part of the running system",
                "choose a directory of its own, as /var/lib/data or /srv/data",
                repr(path),
            )
        if group.role == "ControlPlane":
            yield from _member_problems(place, volume)


def _member_problems(place: Location, volume: DataVolumeSpec) -> Iterator[Problem]:
    # Data volumes are mounted first, and a member leaves alone what is mounted: etcd would write to one that ends with
    # the machine.
    if _within(volume.mount_path, ETCD_MOUNT):
        yield Problem(
            (*place, "mountPath"),
            "is where a control-plane member has its etcd volume, which outlives the machine",
            "choose another path; cluster.controlPlane.etcd sets that volume's size and type",
            repr(volume.mount_path),
            ((*place[:-2], "role"),),
        )
    if volume.device == VOLUME_DEVICE:
        yield Problem(
            (*place, "device"),
            "is the device at which a control-plane member attaches its etcd volume",
            "use /dev/sdf to /dev/sdo",
            repr(volume.device),
            ((*place[:-2], "role"),),
        )


def _within(path: str, tree: str) -> bool:
    return path == tree or path.startswith(f"{tree}/")
