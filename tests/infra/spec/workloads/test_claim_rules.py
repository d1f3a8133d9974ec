"""Claims that no storage class of the cluster would give a volume are refused."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.addons.ebs_csi import plan_ebs_csi
from infra.spec.workloads.claim_rules import OWN_CLASS
from tests.infra.samples import sample_spec
from tests.infra.workload_samples import IMAGE, problems

SHARED = (
    "apps/web.yaml: claims[0].access: 'ReadWriteMany' is of no volume of EBS, which storage class gp3 makes: one node "
    "mounts it at a time. Fix: name a storageClass that shares its volumes, as one of EFS."
)
MISSING = (
    "apps/web.yaml: claims[0].storageClass: is missing, and cluster.addons.ebsCsi brings no default StorageClass. "
    "Fix: name a StorageClass of the cluster."
)
NO_DEFAULT = {"ebsCsi": {"defaultStorageClass": False}}
OFF = {"ebsCsi": {"enabled": False}}


@pytest.mark.parametrize(
    ("claim", "addons", "lines"),
    [
        ({}, {}, []),
        ({"access": "ReadWriteMany"}, {}, [SHARED]),
        ({"access": "ReadWriteMany", "storageClass": "gp3"}, {}, [SHARED]),
        ({"access": "ReadWriteMany", "storageClass": "efs"}, {}, []),
        ({}, NO_DEFAULT, [MISSING]),
        ({}, OFF, [MISSING]),
        ({"access": "ReadWriteMany"}, NO_DEFAULT, [MISSING]),
        ({"access": "ReadWriteMany", "storageClass": "gp3"}, NO_DEFAULT, []),
        ({"storageClass": "fast"}, OFF, []),
        ({}, {"managed": False}, []),
        ({"access": "ReadWriteMany"}, {"managed": False}, []),
    ],
)
def test_claims_that_would_wait_for_ever(claim: dict[str, Any], addons: dict[str, Any], lines: list[str]) -> None:
    claims = [{"name": "data", "path": "/data", "sizeGi": 10, **claim}]
    written = {"image": IMAGE, "replicas": 1, "claims": claims}
    # What else needs a default class is switched off.
    rest = {"monitoring": {"enabled": False}, "logging": {"enabled": False}}
    assert problems({"web": written}, cluster={"addons": addons}, change=rest) == lines


def test_the_class_has_the_name_that_the_rule_knows() -> None:
    assert [each.name for each in plan_ebs_csi(sample_spec()).objects if each.kind == "StorageClass"] == [OWN_CLASS]
