from __future__ import annotations

from typing import Any

import pytest

from infra.plan.control_plane.pki import AUTHORITIES, PkiPlan, plan_pki, resource_name
from tests.infra.samples import sample_spec


def plan(**pki: Any) -> PkiPlan:
    return plan_pki(sample_spec(cluster={"pki": pki}))


@pytest.mark.parametrize(
    ("pki", "signing", "trusted"),
    [({}, 1, (1,)), ({"trusted": [1, 2]}, 1, (1, 2)), ({"signing": 2, "trusted": [1, 2]}, 2, (2, 1))],
)
def test_what_signs_comes_first(pki: dict[str, Any], signing: int, trusted: tuple[int, ...]) -> None:
    assert (plan(**pki).signing, plan(**pki).trusted) == (signing, trusted)


def test_files_lie_as_kubeadm_looks_for_them() -> None:
    assert plan().key("etcd/ca.crt") == "test.example.com/pki/etcd/ca.crt"
    assert {name: path for name, (_, path) in AUTHORITIES.items()} == {
        "ca": "ca",
        "etcd-ca": "etcd/ca",
        "front-proxy-ca": "front-proxy-ca",
    }


def test_the_first_generation_has_plain_names() -> None:
    assert [resource_name("ca", generation) for generation in (1, 2)] == ["ca", "ca-2"]
