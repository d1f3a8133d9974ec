from __future__ import annotations

from typing import Any

import pytest

from infra.plan.node.volumes import volume_problems, volumes_document
from infra.spec import InstanceGroupSpec
from tests.infra.samples import with_group


def group(*paths: str, member: bool = False) -> InstanceGroupSpec:
    volumes = [
        {"device": f"/dev/sd{letter}", "mountPath": path, "sizeGi": 8}
        for letter, path in zip("fghij", paths, strict=False)
    ]
    return a_member(volumes) if member else with_group(volumes=volumes).instance_groups[1]


def a_member(volumes: list[dict[str, Any]]) -> InstanceGroupSpec:
    return with_group(volumes=volumes).instance_groups[1].model_copy(update={"role": "ControlPlane"})


def test_a_mount_point_comes_before_those_below_it() -> None:
    assert volumes_document(group("/srv/a/b", "/srv/a-b", "/srv/a", "/data")) == (
        "sdi /data\nsdh /srv/a\nsdf /srv/a/b\nsdg /srv/a-b\n"
    )


def test_xen_names_stay_as_they_are_written() -> None:
    volume = [{"device": "/dev/xvdba", "mountPath": "/data", "sizeGi": 8}]
    assert volumes_document(with_group(volumes=volume).instance_groups[1]) == "xvdba /data\n"


@pytest.mark.parametrize(
    "path",
    ["/etc", "/etc/data", "/usr/local", "/var", "/var/lib", "/var/log", "/run/x", "/boot", "/dev/x", "/tmp", "/root"],  # noqa: S108
)
def test_a_mount_over_the_running_system_is_refused(path: str) -> None:
    (problem,) = volume_problems(("instanceGroups", 1), group("/srv/ok", path))
    assert str(problem) == (
        f"instanceGroups[1].volumes[1].mountPath: {path!r} would hide a part of the running system. "
        "Fix: choose a directory of its own, as /var/lib/data or /srv/data."
    )


@pytest.mark.parametrize(
    "path", ["/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods", "/srv", "/data", "/etcd", "/home", "/opt/x"]
)
def test_a_directory_of_its_own_is_accepted(path: str) -> None:
    assert list(volume_problems(("instanceGroups", 1), group(path))) == []


@pytest.mark.parametrize("path", ["/var/lib/etcd", "/var/lib/etcd/data"])
def test_a_members_own_volume_is_not_displaced_by_one_that_goes_with_the_machine(path: str) -> None:
    (problem,) = volume_problems(("instanceGroups", 1), group("/srv/ok", path, member=True))
    assert str(problem) == (
        f"instanceGroups[1].volumes[1].mountPath: {path!r} is where a control-plane member has its etcd volume, which "
        "outlives the machine. Fix: choose another path; cluster.controlPlane.etcd sets that volume's size and type."
    )
    assert list(volume_problems(("instanceGroups", 1), group(path))) == []
    assert list(volume_problems(("instanceGroups", 1), group("/var/lib/etcd-tools", member=True))) == []


def test_the_device_of_a_members_own_volume_is_taken() -> None:
    volume = {"device": "/dev/sdp", "mountPath": "/srv/data", "sizeGi": 8}
    (problem,) = volume_problems(("instanceGroups", 1), a_member([volume]))
    assert str(problem) == (
        "instanceGroups[1].volumes[0].device: '/dev/sdp' is the device at which a control-plane member attaches its "
        "etcd volume. Fix: use /dev/sdf to /dev/sdo."
    )
    assert list(volume_problems(("instanceGroups", 1), with_group(volumes=[volume]).instance_groups[1])) == []
