"""Rules of an instance group's EBS volumes. The numbers are those of the EBS User Guide, "Amazon EBS volume types"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.spec.errors import Location, Problem
from infra.spec.instance_group import InstanceGroupSpec
from infra.spec.volumes import DataVolumeSpec, RootVolumeSpec


@dataclass(frozen=True)
class _Offer:
    """What EBS offers of a volume type."""

    size: tuple[int, int]
    """Least and greatest size in GiB."""
    iops: tuple[int, int] | None = None
    """Least and greatest number of provisioned I/O operations a second; None where they cannot be set."""
    iops_per_gi: int = 0
    """Greatest number of provisioned I/O operations a second for each GiB, beyond the least number."""


_OFFERS = {
    "gp2": _Offer((1, 16_384)),
    "gp3": _Offer((1, 65_536), (3_000, 80_000), 500),
    "io1": _Offer((4, 16_384), (100, 64_000), 50),
    "io2": _Offer((4, 65_536), (100, 256_000), 1_000),
    "st1": _Offer((125, 16_384)),
    "sc1": _Offer((125, 16_384)),
}

_BASE_IOPS = 3_000
"""I/O operations a second of a gp3 volume of any size, without provisioning."""

_IOPS_PER_THROUGHPUT = 4
"""I/O operations a second that each MiB/s of a gp3 volume's throughput needs."""


def check_volumes(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    """Yield the problems of the volumes of the group at ``at``."""
    placed: list[tuple[Location, RootVolumeSpec | DataVolumeSpec]] = [((*at, "rootVolume"), group.root_volume)]
    placed += [((*at, "volumes", position), volume) for position, volume in enumerate(group.volumes)]
    for where, volume in placed:
        yield from _check_size(where, volume)
        yield from _check_iops(where, volume)
        yield from _check_throughput(where, volume)
    yield from _check_unique(at, group)


def _check_size(at: Location, volume: RootVolumeSpec | DataVolumeSpec) -> Iterator[Problem]:
    least, most = _OFFERS[volume.type].size
    if not least <= volume.size_gi <= most:
        yield Problem(
            (*at, "sizeGi"),
            f"is too {'small' if volume.size_gi < least else 'great'} for {volume.type}",
            f"write {least} to {most}",
            str(volume.size_gi),
            ((*at, "type"),),
        )


def _check_iops(at: Location, volume: RootVolumeSpec | DataVolumeSpec) -> Iterator[Problem]:
    offer, kind, iops = _OFFERS[volume.type], (*at, "type"), volume.iops
    if iops is None:
        if volume.type in ("io1", "io2"):
            fix = "add iops, 100 or more"
            yield Problem((*at, "iops"), f"is missing: {volume.type} has no default", fix, None, (kind,))
        return
    if offer.iops is None:
        fix = "remove it, or use gp3, io1 or io2"
        yield Problem((*at, "iops"), f"cannot be set for {volume.type}", fix, str(iops), (kind,))
        return
    least, most = offer.iops
    room = max(least, volume.size_gi * offer.iops_per_gi)
    if not least <= iops <= most:
        fix = f"write {least} to {most}"
        yield Problem((*at, "iops"), f"is outside what {volume.type} offers", fix, str(iops), (kind,))
    elif iops > room:
        yield Problem(
            (*at, "iops"),
            f"is too great for {volume.size_gi} GiB: {volume.type} offers {offer.iops_per_gi} for each GiB",
            f"write at most {room}, or sizeGi of at least {-(-iops // offer.iops_per_gi)}",
            str(iops),
            (kind, (*at, "sizeGi")),
        )


def _check_throughput(at: Location, volume: RootVolumeSpec | DataVolumeSpec) -> Iterator[Problem]:
    throughput, kind = volume.throughput, (*at, "type")
    if throughput is None:
        return
    iops = volume.iops or _BASE_IOPS
    if volume.type != "gp3":
        fix = "remove it, or use gp3"
        yield Problem((*at, "throughput"), f"cannot be set for {volume.type}", fix, str(throughput), (kind,))
    elif throughput * _IOPS_PER_THROUGHPUT > iops:
        yield Problem(
            (*at, "throughput"),
            f"is too great for {iops} IOPS: gp3 offers 1 MiB/s for each {_IOPS_PER_THROUGHPUT}",
            f"write at most {iops // _IOPS_PER_THROUGHPUT}, or iops of at least {throughput * _IOPS_PER_THROUGHPUT}",
            str(throughput),
            (kind, (*at, "iops")),
        )


def _check_unique(at: Location, group: InstanceGroupSpec) -> Iterator[Problem]:
    for key, values in (
        ("device", [v.device for v in group.volumes]),
        ("mountPath", [v.mount_path for v in group.volumes]),
    ):
        for position, value in enumerate(values):
            if value in values[:position]:
                yield Problem((*at, "volumes", position, key), "is used twice", "choose another", repr(value))
