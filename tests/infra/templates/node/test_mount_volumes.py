"""The program that mounts data volumes, run with real blkid and mkfs.ext4 on image files.

What a test machine has no hardware or right for is a stand-in: NVMe controllers (`nvme`), and `mount`, `mountpoint` and
`sleep`, which note what they are asked for.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from infra.plan.node.assets import asset
from tests.infra.templates.node.tools import needs

pytestmark = [needs("blkid", "util-linux"), needs("mkfs.ext4", "e2fsprogs")]

MODEL_EBS = b"Amazon Elastic Block Store"

STAND_INS = {
    # `nvme id-ctrl --raw-binary DEVICE` prints the controller's 4,096 bytes of identify data.
    "nvme": '[[ $1 == id-ctrl && $2 == --raw-binary ]] && cat "$IDENTIFY/${3##*/}"',
    "mount": 'echo "$*" >>"$LOG"',
    "mountpoint": 'grep -qxF -- "$2" "$MOUNTED"',
    "sleep": 'echo "sleep $*" >>"$LOG"; if [[ -e $IDENTIFY/late ]]; then mv "$IDENTIFY/late" "$DEV/nvme7n1"; fi',
}


class Machine:
    """A machine with a folder for /dev, whose NVMe devices are image files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dev = root / "dev"
        self.identify = root / "identify"
        self.log = root / "log"
        self.mounted = root / "mounted"
        self.mounts = root / "mnt"
        for folder in (self.dev, self.identify, root / "bin"):
            folder.mkdir()
        for name, body in STAND_INS.items():
            path = root / "bin" / name
            path.write_text(f"#!/usr/bin/env bash\n{body}\n")
            path.chmod(0o755)
        self.log.touch()
        self.mounted.touch()
        self.script = root / "mount-volumes.sh"
        self.script.write_text(asset("mount-volumes.sh"))

    def attach(self, device: str, attached_as: str, image: Path | None = None) -> Path:
        """Attach a blank volume of 8 MiB that was given the name `attached_as`, as its NVMe controller reports it."""
        data = bytearray(4096)
        data[24:64] = MODEL_EBS.ljust(40)
        data[3072:3104] = attached_as.encode().ljust(32)
        (self.identify / device).write_bytes(data)
        path = image or self.dev / device
        with path.open("wb") as file:
            file.truncate(8 << 20)
        return path

    def run(self, *volumes: str, wait: int = 0) -> subprocess.CompletedProcess[str]:
        listing = self.root / "volumes"
        listing.write_text("".join(f"{line}\n" for line in volumes))
        environment = {
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "DEV": str(self.dev),
            "IDENTIFY": str(self.identify),
            "LOG": str(self.log),
            "MOUNTED": str(self.mounted),
            "VOLUMES": str(listing),
            "WAIT": str(wait),
        }
        return subprocess.run(
            ["bash", str(self.script)], env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()

    def type_of(self, image: Path) -> str:
        command = ["blkid", "--probe", "--match-tag", "TYPE", "--output", "value", str(image)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_volumes_are_found_by_their_names_whatever_their_numbers(machine: Machine) -> None:
    # The controllers answered in the wrong order; the first is the root volume.
    machine.attach("nvme0n1", "xvda")
    data, logs = machine.attach("nvme1n1", "/dev/sdg"), machine.attach("nvme2n1", "sdf")
    a, b = machine.mounts / "a", machine.mounts / "a/b"
    result = machine.run(f"sdf {a}", f"sdg {b}")
    assert (result.returncode, result.stderr) == (0, "")
    assert machine.calls() == [f"-t ext4 -o noatime {logs} {a}", f"-t ext4 -o noatime {data} {b}"]
    assert (machine.type_of(data), machine.type_of(logs)) == ("ext4", "ext4")
    assert machine.type_of(machine.dev / "nvme0n1") == ""
    assert b.is_dir()


def test_names_of_which_one_begins_with_the_other_are_not_confused(machine: Machine) -> None:
    machine.attach("nvme1n1", "xvdba")
    right = machine.attach("nvme2n1", "xvdb")
    assert machine.run(f"sdb {machine.mounts}").returncode == 0
    assert machine.calls() == [f"-t ext4 -o noatime {right} {machine.mounts}"]


def without_times(image: Path) -> bytes:
    """Return a volume without what any look at it sets: the superblock's time of writing, and its checksum.

    resize2fs writes both although there is nothing to do (ext4's on-disk format: ``s_wtime``, ``s_checksum``).
    """
    content = bytearray(image.read_bytes())
    for at in (0x30, 0x3FC):
        content[1024 + at : 1024 + at + 4] = bytes(4)
    return bytes(content)


def test_a_file_system_of_ours_is_mounted_with_its_data(machine: Machine) -> None:
    image = machine.attach("nvme1n1", "sdf")
    machine.run(f"sdf {machine.mounts}")
    before = without_times(image)
    # In another second.
    time.sleep(1.1)
    assert machine.run(f"sdf {machine.mounts}").returncode == 0
    assert without_times(image) == before
    assert len(machine.calls()) == 2


def test_a_file_system_takes_up_the_room_of_a_volume_that_grew(machine: Machine) -> None:
    image = machine.attach("nvme1n1", "sdf")
    machine.run(f"sdf {machine.mounts}")
    before = blocks(image)
    os.truncate(image, 16 << 20)
    result = machine.run(f"sdf {machine.mounts}")
    assert (result.returncode, result.stderr) == (0, "")
    assert blocks(image) == 2 * before


def test_a_file_system_that_cannot_grow_is_mounted_all_the_same(machine: Machine) -> None:
    machine.attach("nvme1n1", "sdf")
    stand_in = machine.root / "bin" / "resize2fs"
    stand_in.write_text("#!/usr/bin/env bash\necho no room >&2; exit 1\n")
    stand_in.chmod(0o755)
    result = machine.run(f"sdf {machine.mounts}")
    told = f"mount-volumes: the file system of {machine.mounts} keeps its size: no room\n"
    assert (result.returncode, result.stderr) == (0, told)
    assert len(machine.calls()) == 1


def blocks(image: Path) -> int:
    """Return how many blocks the file system has."""
    told = subprocess.run(["dumpe2fs", "-h", str(image)], capture_output=True, text=True, check=True).stdout
    return int(next(line for line in told.splitlines() if line.startswith("Block count:")).split()[-1])


def test_what_is_mounted_is_left_alone(machine: Machine) -> None:
    image = machine.attach("nvme1n1", "sdf")
    machine.mounted.write_text(f"{machine.mounts}\n")
    assert machine.run(f"sdf {machine.mounts}").returncode == 0
    assert machine.calls() == []
    assert machine.type_of(image) == ""


def swap(image: Path) -> str:
    subprocess.run(["mkswap", str(image)], capture_output=True, check=True)
    return "swap"


def partitioned(image: Path) -> str:
    subprocess.run(["sfdisk", "-q", str(image)], input=",\n", text=True, capture_output=True, check=True)
    return "something"


@pytest.mark.parametrize("fill", [swap, pytest.param(partitioned, marks=needs("sfdisk", "fdisk"))])
def test_anothers_data_is_never_overwritten(machine: Machine, fill: object) -> None:
    image = machine.attach("nvme1n1", "sdf")
    assert callable(fill)
    kind = fill(image)
    before = image.read_bytes()
    result = machine.run(f"sdf {machine.mounts}")
    assert result.returncode == 1
    assert result.stderr == f"mount-volumes: {image} holds {kind} and not ext4: left as it is\n"
    assert image.read_bytes() == before
    assert machine.calls() == []


def test_a_volume_that_attaches_late_is_waited_for(machine: Machine) -> None:
    machine.attach("nvme7n1", "sdf", image=machine.identify / "late")
    assert machine.run(f"sdf {machine.mounts}", wait=5).returncode == 0
    assert machine.calls() == ["sleep 1", f"-t ext4 -o noatime {machine.dev / 'nvme7n1'} {machine.mounts}"]


def test_a_volume_that_never_attaches_is_named(machine: Machine) -> None:
    machine.attach("nvme1n1", "sdg")
    result = machine.run(f"sdf {machine.mounts}", wait=2)
    assert result.returncode == 1
    assert result.stderr == f"mount-volumes: /dev/sdf for {machine.mounts} is not attached\n"
    assert machine.calls() == ["sleep 1", "sleep 1"]


def test_a_machine_without_nvme_devices_does_not_stumble(machine: Machine) -> None:
    result = machine.run(f"sdf {machine.mounts}")
    assert result.stderr == f"mount-volumes: /dev/sdf for {machine.mounts} is not attached\n"


def test_a_failed_mount_fails_the_unit(machine: Machine) -> None:
    machine.attach("nvme1n1", "sdf")
    (machine.root / "bin/mount").write_text("#!/usr/bin/env bash\nexit 32\n")
    assert machine.run(f"sdf {machine.mounts}").returncode == 32


@pytest.mark.parametrize("shown", ["sdf", "xvdf"])
def test_a_block_device_of_that_name_needs_no_nvme(machine: Machine, shown: str) -> None:
    # On Xen machines, and where udev rules make links. A block device that this test may have: any of the system's.
    real = next((path for path in Path("/dev").iterdir() if path.is_block_device()), None)
    if real is None:
        pytest.skip("this machine shows no block device")
    (machine.dev / shown).symlink_to(real)
    # It is found and then looked at; blkid and mkfs are kept away from a device that is not ours.
    for name in ("blkid", "mkfs.ext4"):
        path = machine.root / "bin" / name
        path.write_text('#!/usr/bin/env bash\necho ext4\necho "looked at $*" >>"$LOG"\n')
        path.chmod(0o755)
    assert machine.run(f"sdf {machine.mounts}").returncode == 0
    assert machine.calls() == [
        f"looked at --probe --match-tag TYPE --output value {machine.dev / shown}",
        f"-t ext4 -o noatime {machine.dev / shown} {machine.mounts}",
    ]
