"""What EBS offers of each volume type: sizes, IOPS, throughput; and volumes that get in each other's way."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.spec.reports import GROUP, report, with_fourth


def data(**keys: Any) -> list[str]:
    """Return what is wrong with a group that has one data volume with these keys, without the volume's path."""
    volume = {"device": "/dev/sdf", "mountPath": "/srv/data", "sizeGi": 200, **keys}
    return [line.removeprefix(f"{GROUP}.volumes[0].") for line in report(with_fourth(volumes=[volume]))]


def root(**keys: Any) -> list[str]:
    return [line.removeprefix(f"{GROUP}.rootVolume.") for line in report(with_fourth(rootVolume=keys))]


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [
        ("gp2", 1, 16384),
        ("gp3", 1, 65536),
        ("io1", 4, 16384),
        ("io2", 4, 65536),
        ("st1", 125, 16384),
        ("sc1", 125, 16384),
    ],
)
def test_sizes(kind: str, least: int, most: int) -> None:
    iops = {"iops": 100} if kind.startswith("io") else {}
    assert data(type=kind, sizeGi=least, **iops) == []
    assert data(type=kind, sizeGi=most, **iops) == []
    if least > 1:
        assert data(type=kind, sizeGi=least - 1, **iops) == [
            f"sizeGi: {least - 1} is too small for {kind}. Fix: write {least} to {most}."
        ]
    if most < 65536:
        assert data(type=kind, sizeGi=most + 1, **iops) == [
            f"sizeGi: {most + 1} is too great for {kind}. Fix: write {least} to {most}."
        ]


@pytest.mark.parametrize("kind", ["gp2", "st1", "sc1"])
def test_iops_cannot_be_set(kind: str) -> None:
    assert data(type=kind, iops=3000) == [
        f"iops: 3000 cannot be set for {kind}. Fix: remove it, or use gp3, io1 or io2."
    ]


@pytest.mark.parametrize("kind", ["io1", "io2"])
def test_iops_must_be_set(kind: str) -> None:
    assert data(type=kind) == [f"iops: is missing: {kind} has no default. Fix: add iops, 100 or more."]
    assert root(type=kind) == [f"iops: is missing: {kind} has no default. Fix: add iops, 100 or more."]


@pytest.mark.parametrize(
    ("kind", "size", "least", "most"), [("gp3", 160, 3000, 80000), ("io1", 1280, 100, 64000), ("io2", 256, 100, 256000)]
)
def test_bounds_of_iops(kind: str, size: int, least: int, most: int) -> None:
    assert data(type=kind, sizeGi=size, iops=least) == []
    assert data(type=kind, sizeGi=size, iops=most) == []
    if least > 100:
        words = f"is outside what {kind} offers. Fix: write {least} to {most}."
        assert data(type=kind, sizeGi=size, iops=least - 1) == [f"iops: {least - 1} {words}"]
    if most < 256000:
        words = f"is outside what {kind} offers. Fix: write {least} to {most}."
        assert data(type=kind, sizeGi=size, iops=most + 1) == [f"iops: {most + 1} {words}"]


@pytest.mark.parametrize(
    ("kind", "size", "iops", "each", "room", "needed"),
    [
        ("gp3", 10, 5001, 500, 5000, 11),
        ("gp3", 1, 3001, 500, 3000, 7),
        ("io1", 10, 501, 50, 500, 11),
        ("io1", 4, 201, 50, 200, 5),
        ("io2", 10, 10001, 1000, 10000, 11),
    ],
)
def test_iops_by_size(kind: str, size: int, iops: int, each: int, room: int, needed: int) -> None:
    assert data(type=kind, sizeGi=size, iops=iops) == [
        f"iops: {iops} is too great for {size} GiB: {kind} offers {each} for each GiB. "
        f"Fix: write at most {room}, or sizeGi of at least {needed}."
    ]
    assert data(type=kind, sizeGi=size, iops=room) == []
    assert data(type=kind, sizeGi=needed, iops=iops) == []


@pytest.mark.parametrize("kind", ["gp2", "io1", "io2", "st1", "sc1"])
def test_throughput_is_of_gp3(kind: str) -> None:
    iops = {"iops": 1000} if kind.startswith("io") else {}
    assert data(type=kind, throughput=125, **iops) == [
        f"throughput: 125 cannot be set for {kind}. Fix: remove it, or use gp3."
    ]


def test_throughput_by_iops() -> None:
    words = "IOPS: gp3 offers 1 MiB/s for each 4. Fix: write at most"
    assert data(throughput=750) == []
    assert data(throughput=751) == [f"throughput: 751 is too great for 3000 {words} 750, or iops of at least 3004."]
    assert data(throughput=1001, iops=4000) == [
        f"throughput: 1001 is too great for 4000 {words} 1000, or iops of at least 4004."
    ]
    assert data(throughput=2000, iops=8000) == []
    assert root(throughput=751) == [f"throughput: 751 is too great for 3000 {words} 750, or iops of at least 3004."]


def test_a_bad_type_leaves_its_numbers_alone() -> None:
    assert data(type="gp9", iops=50, sizeGi=70000) == [
        "sizeGi: 70000 is too great. Fix: write at most 65536.",
        "type: 'gp9' is not one of the choices. Fix: write 'gp3', 'gp2', 'io1', 'io2', 'st1' or 'sc1'.",
        "iops: 50 is too small. Fix: write at least 100.",
    ]


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"type": "gp9", "iops": 200}, "type"),
        ({"type": "gp9", "iops": 60000, "sizeGi": 10}, "type"),
        ({"type": "gp9", "throughput": 900}, "type"),
        ({"sizeGi": "ten", "iops": 60000}, "sizeGi"),
        ({"iops": "many", "throughput": 900}, "iops"),
    ],
)
def test_a_number_is_not_judged_by_another_that_is_bad_itself(keys: dict[str, Any], key: str) -> None:
    assert [line.partition(":")[0] for line in data(**keys)] == [key]


def test_volumes_in_each_others_way() -> None:
    volumes = [
        {"device": "/dev/sdf", "mountPath": "/a", "sizeGi": 1},
        {"device": "/dev/sdg", "mountPath": "/b", "sizeGi": 1},
        {"device": "/dev/sdf", "mountPath": "/b", "sizeGi": 1},
    ]
    assert report(with_fourth(volumes=volumes)) == [
        f"{GROUP}.volumes[2].device: '/dev/sdf' is used twice. Fix: choose another.",
        f"{GROUP}.volumes[2].mountPath: '/b' is used twice. Fix: choose another.",
    ]
