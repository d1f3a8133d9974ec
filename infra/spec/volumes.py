"""EBS volumes of an instance group. All are encrypted; there is no switch for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.spec import foreign_groups
from infra.spec.base import SpecModel, checked, matching, refuse

VolumeType = Literal["gp3", "gp2", "io1", "io2", "st1", "sc1"]

RESERVED_DEVICES = ("/dev/sda", "/dev/sda1", "/dev/xvda")
"""Device names of root volumes (EC2 User Guide, "Device names for volumes")."""


_DEVICE = r"^/dev/(sd[b-p]|xvd[b-d][a-z])$"
_MOUNT_PATH = r"^(/[A-Za-z0-9._-]+)+$"


def _device(value: str) -> str:
    if not re.fullmatch(_DEVICE, value):
        if value in RESERVED_DEVICES:
            refuse("is the device of the root volume", "use /dev/sdf to /dev/sdp")
        refuse("is not a device name EC2 offers for EBS volumes", "use /dev/sdf to /dev/sdp")
    return value


def _mount_path(value: str) -> str:
    if value == "/":
        refuse("is where the root volume is mounted", "write another path, as /var/lib/data")
    if not re.fullmatch(_MOUNT_PATH, value) or {".", ".."} & set(value.split("/")):
        refuse("is not an absolute path in its plain form", "write it as /var/lib/data")
    return value


class RootVolumeSpec(SpecModel):
    """The root volume of an instance group's machines."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_groups.OF_ROOT_VOLUME

    size_gi: Annotated[int, Field(ge=8, le=16384)] = 64
    """Size in GiB: room for images and logs. kops gives members 64 as well, and workers 128."""

    type: Literal["gp3", "gp2", "io1", "io2"] = "gp3"
    """EBS volume type."""

    iops: Annotated[int, Field(ge=100, le=256000)] | None = None
    """Provisioned I/O operations a second; for gp3 (3,000 to 80,000), io1 and io2 only."""

    throughput: Annotated[int, Field(ge=125, le=2000)] | None = None
    """Throughput in MiB/s; for gp3 only."""


class DataVolumeSpec(SpecModel):
    """A further volume of each machine of the group, made and deleted with the machine."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_groups.OF_DATA_VOLUME

    device: Annotated[str, checked(_device), matching(_DEVICE), Field(examples=["/dev/sdf"])]
    """Device name in the launch template."""

    mount_path: Annotated[str, checked(_mount_path), matching(_MOUNT_PATH), Field(examples=["/var/lib/data"])]
    """Where the volume is formatted (ext4) and mounted."""

    size_gi: Annotated[int, Field(ge=1, le=65536, examples=[100])]
    """Size in GiB."""

    type: VolumeType = "gp3"
    """EBS volume type."""

    iops: Annotated[int, Field(ge=100, le=256000)] | None = None
    """Provisioned I/O operations a second; for gp3, io1 and io2 only."""

    throughput: Annotated[int, Field(ge=125, le=2000)] | None = None
    """Throughput in MiB/s; for gp3 only."""
