"""Data volumes of a node: what ``mount-volumes.sh`` is told, and where it must not mount."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec import InstanceGroupSpec, Problem
from infra.spec.errors import Location

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
    """Yield the mount paths that would hide a part of the running system."""
    for position, volume in enumerate(group.volumes):
        path = volume.mount_path
        if path in _ROOTS or any(path == tree or path.startswith(f"{tree}/") for tree in _WHOLE_TREES):
            yield Problem(
                (*at, "volumes", position, "mountPath"),
                "would hide a part of the running system",
                "choose a directory of its own, as /var/lib/data or /srv/data",
                repr(path),
            )
