"""What is seen of a group at one moment: its machines as AWS has them, their nodes as the cluster has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Mark = Literal["", "due", "detach"]
"""Value of an instance's tag ``slipway/roll``: ``due``, it is to be replaced whatever its template (``--force``);
``detach``, it was, or is just being, taken out of its group to make room for its replacement."""


@dataclass(frozen=True)
class Instance:
    """A machine of a group, or one taken out of it by a rolling update."""

    id: str
    zone: str
    type: str
    lifecycle: str
    """Auto Scaling's state of it, as ``InService``; empty once it is out of the group."""
    template_id: str
    template_version: str
    mark: Mark = ""
    launched: datetime | None = None

    @property
    def attached(self) -> bool:
        """Whether it is in its Auto Scaling group."""
        return bool(self.lifecycle)

    @property
    def leaving(self) -> bool:
        """Whether Auto Scaling is ending it already."""
        return self.lifecycle.startswith("Terminat")


@dataclass(frozen=True)
class Group:
    """An Auto Scaling group, with the machines taken out of it behind those that are in it."""

    name: str
    desired: int
    min_size: int
    max_size: int
    template_id: str
    template_version: str
    """The number that ``$Latest`` or ``$Default`` stands for now."""
    types: tuple[str, ...]
    """Instance types that a mixed group lists; empty where it lists none."""
    instances: tuple[Instance, ...]
    warm: tuple[Instance, ...] = ()
    """Machines of its warm pool."""
    target_groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    """A Kubernetes node."""

    name: str
    instance_id: str
    """From its ``providerID``; empty where it has none."""
    ready: bool
    cordoned: bool
    draining: bool
    """Whether a rolling update has begun to drain it."""
    needs_update: bool
    """Whether somebody asked, by the annotation ``slipway/needs-update``, that its machine be replaced."""
    tainted: bool
    """Whether a rolling update asked the scheduler to prefer other nodes."""
    version: str
    created: datetime | None = None
    group: str = ""
    taints: tuple[Mapping[str, str], ...] = ()
    resource_version: str = ""


@dataclass(frozen=True)
class Member:
    """A machine, its node where it has one, and why it must be replaced; no reasons, no need."""

    instance: Instance
    node: Node | None
    reasons: tuple[str, ...]

    @property
    def outdated(self) -> bool:
        """Whether it must be replaced."""
        return bool(self.reasons)

    @property
    def available(self) -> bool:
        """Whether it counts as one of the group's machines: its node is ready, and no drain of ours has begun."""
        return self.node is not None and self.node.ready and not self.node.draining and not self.instance.leaving

    @property
    def draining(self) -> bool:
        """Whether a rolling update has begun to drain it and it has not gone yet."""
        return self.node is not None and self.node.draining and not self.instance.leaving
