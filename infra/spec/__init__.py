"""The typed environment spec: what a stack file may declare, read once and checked as a whole."""

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Problem, SpecError
from infra.spec.instance_group import InstanceGroupSpec
from infra.spec.load import CONFIG_KEY, from_mapping, load

__all__ = [
    "CONFIG_KEY",
    "EnvironmentSpec",
    "InstanceGroupSpec",
    "Problem",
    "SpecError",
    "from_mapping",
    "load",
]
