"""How an instance group gets its machines: mixed instances, spot, warm pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from infra.spec import foreign_groups, foreign_values
from infra.spec.base import SpecModel
from infra.spec.scalars import MachineType, MachineTypePattern


class RangeSpec(SpecModel):
    """A closed range."""

    min: Annotated[int, Field(ge=0, examples=[2])]
    """Least accepted value."""

    max: Annotated[int, Field(ge=1)] | None = None
    """Greatest accepted value; no limit when unset."""


class InstanceRequirementsSpec(SpecModel):
    """Instance types chosen by their attributes instead of by name."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_groups.OF_REQUIREMENTS

    cpu: RangeSpec
    """Number of vCPUs."""

    memory_mi: RangeSpec
    """Memory in MiB."""

    allowed_instance_types: Annotated[tuple[MachineTypePattern, ...], Field(max_length=400)] = ()
    """Instance types, or patterns such as `m7*`, to choose from; all when empty."""

    excluded_instance_types: Annotated[tuple[MachineTypePattern, ...], Field(max_length=400)] = ()
    """Instance types, or patterns, never chosen."""

    generations: tuple[Literal["current", "previous"], ...] = ("current",)
    """Instance generations to choose from."""

    burstable: Literal["included", "excluded", "required"] = "excluded"
    """Whether burstable types (t2, t3, t4g) are chosen."""

    local_storage: Literal["included", "excluded", "required"] = "included"
    """Whether types with instance store volumes are chosen."""


class MixedInstancesSpec(SpecModel):
    """Several instance types, and the shares of On-Demand and Spot. Fields as in kops's `mixedInstancesPolicy`."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_groups.OF_MIXED
    foreign_values: ClassVar[Mapping[str, Mapping[str, str]]] = foreign_values.OF_MIXED

    instances: Annotated[tuple[MachineType, ...], Field(max_length=40)] = ()
    """Instance types that replace `machineType` in the group, best first. At most 40 (Auto Scaling quota)."""

    instance_requirements: InstanceRequirementsSpec | None = None
    """Choose types by attributes; excludes `instances`."""

    on_demand_base: Annotated[int, Field(ge=0, le=10000)] = 0
    """Machines that are On-Demand before any Spot is used."""

    on_demand_above_base: Annotated[int, Field(ge=0, le=100)] = 100
    """Percentage of On-Demand among the machines above the base. 0 makes the rest all Spot."""

    on_demand_allocation_strategy: Literal["prioritized", "lowest-price"] | None = None
    """How On-Demand types are chosen. Unset: `prioritized` with `instances`, `lowest-price` with requirements."""

    spot_allocation_strategy: Literal[
        "capacity-optimized", "capacity-optimized-prioritized", "price-capacity-optimized", "lowest-price"
    ] = "price-capacity-optimized"
    """How Spot pools are chosen. The default is what AWS recommends for most workloads."""

    spot_instance_pools: Annotated[int, Field(ge=1, le=20)] | None = None
    """Number of Spot pools; with `lowest-price` only."""


class WarmPoolSpec(SpecModel):
    """Machines initialised beforehand and kept aside, so that a scale-out is quick."""

    foreign_keys: ClassVar[Mapping[str, str]] = foreign_groups.OF_WARM_POOL

    min_size: Annotated[int, Field(ge=0, le=10000)] = 0
    """Least number of machines kept in the pool."""

    max_size: Annotated[int, Field(ge=0, le=10000)] | None = None
    """Greatest number of machines prepared, in the pool and in the group together; the group's maximum when unset."""

    state: Literal["Stopped", "Hibernated", "Running"] = "Stopped"
    """State in which they wait."""

    reuse_on_scale_in: bool = False
    """Whether machines go back to the pool on scale-in instead of being terminated."""
