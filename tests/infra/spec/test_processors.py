from __future__ import annotations

from typing import Any

import pytest

from infra.spec.processors import architecture_of
from tests.infra.samples import with_group


@pytest.mark.parametrize(
    ("machine_type", "architecture"),
    [
        ("m7i.large", "amd64"),
        ("m7g.large", "arm64"),
        ("c6gn.large", "arm64"),
        ("t4g.medium", "arm64"),
        ("a1.large", "arm64"),
        ("g4dn.xlarge", "amd64"),
        ("g5g.xlarge", "arm64"),
        ("g6.xlarge", "amd64"),
        ("x2gd.large", "arm64"),
        ("m8gd.large", "arm64"),
        ("im4gn.large", "arm64"),
        ("u7i-12tb.224xlarge", "amd64"),
        ("m7i-flex.large", "amd64"),
        ("hpc7g.4xlarge", "arm64"),
        ("inf2.xlarge", "amd64"),
        ("r8g-flex.large", "arm64"),
    ],
)
def test_architectures_of_types(machine_type: str, architecture: str) -> None:
    assert architecture_of(machine_type) == architecture


NEEDS = {"cpu": {"min": 4}, "memoryMi": {"min": 8192}}


@pytest.mark.parametrize(
    ("group", "architecture"),
    [
        ({"machineType": "m7i.large"}, "amd64"),
        ({"machineType": "m7g.large"}, "arm64"),
        ({"machineType": None}, "amd64"),
        ({"machineType": None, "architecture": "arm64"}, "arm64"),
        ({"machineType": None, "mixedInstancesPolicy": {"instances": ["m7g.large", "c7g.large"]}}, "arm64"),
        ({"machineType": None, "mixedInstancesPolicy": {"instanceRequirements": NEEDS}}, "amd64"),
        (
            {
                "machineType": None,
                "mixedInstancesPolicy": {"instanceRequirements": {**NEEDS, "allowedInstanceTypes": ["m7g*", "c7g*"]}},
            },
            "arm64",
        ),
    ],
)
def test_a_group_is_of_the_architecture_of_what_it_names(group: dict[str, Any], architecture: str) -> None:
    (nodes,) = (each for each in with_group(**group).instance_groups if each.name == "nodes")
    assert nodes.architecture == architecture
