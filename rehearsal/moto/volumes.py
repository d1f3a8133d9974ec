"""Volumes of machines: moto 5.2.5 makes them without the operations and throughput that were asked for.

It refuses io1 and io2 volumes without a number of operations, so no machine with one could start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

from moto.ec2.models.instances import Instance, InstanceBackend

from rehearsal.moto.replaced import replace_once

_asked: Final[ContextVar[Mapping[str, Mapping[str, Any]]]] = ContextVar("asked")
"""Device -> what is asked of its volume, while machines are started."""


def complete_volumes() -> None:
    """Make moto give each volume of a machine the operations and throughput of the launch template or the call."""
    replace_once(InstanceBackend, "run_instances", _asking)
    setattr(Instance, Instance.add_block_device.__name__, _add_block_device)


def _asking(start: Callable[..., Any]) -> Callable[..., Any]:
    def started(self: Any, *arguments: Any, **named: Any) -> Any:
        mappings = named.get("block_device_mappings")
        if mappings is None and named.get("launch_template"):
            mappings = self._get_template_from_args(named["launch_template"]).data.get("BlockDeviceMappings")
        token = _asked.set({each["DeviceName"]: each.get("Ebs", {}) for each in mappings or ()})
        try:
            return start(self, *arguments, **named)
        finally:
            _asked.reset(token)

    return started


def _add_block_device(
    self: Any,
    size: int,
    device_path: str,
    snapshot_id: str | None,
    encrypted: bool,
    delete_on_termination: bool,
    kms_key_id: str | None,
    volume_type: str | None,
) -> None:
    asked = _asked.get().get(device_path, {})
    volume = self.ec2_backend.create_volume(
        size=size,
        zone_name=self._placement.zone,
        snapshot_id=snapshot_id,
        encrypted=encrypted,
        kms_key_id=kms_key_id,
        volume_type=volume_type,
        iops=_number(asked.get("Iops")),
        throughput=_number(asked.get("Throughput")),
    )
    self.ec2_backend.attach_volume(volume.id, self.id, device_path, delete_on_termination)


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
