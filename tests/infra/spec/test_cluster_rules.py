"""Rules of the control plane: path, value, fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import report


def cluster(**change: Any) -> list[str]:
    return report(sample_mapping(cluster=change))


def test_a_public_api_names_whom_it_admits() -> None:
    assert cluster(api={"access": "public"}) == [
        "cluster.api.allowedCidrs: are missing: a public API that admits nobody is of no use. Fix: list the "
        "networks of "
        "your people and pipelines, or write access: internal."
    ]
    assert cluster(api={"access": "public", "allowedCidrs": ["203.0.113.0/24"]}) == []
    assert cluster(api={"allowedCidrs": ["10.99.0.0/16"]}) == []
    assert cluster(api={"access": "public", "allowedCidrs": ["10.99.0.0/16"]}) == [
        "cluster.api.allowedCidrs: ['10.99.0.0/16'] are private networks alone, which reach the API inside: nobody "
        "would reach it over the internet. Fix: list the networks of your people and pipelines, or write access: "
        "internal."
    ]


def test_nobody_opens_the_api_to_everybody() -> None:
    assert cluster(api={"access": "public", "allowedCidrs": ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/8"]}) == [
        "cluster.api.allowedCidrs[0]: '0.0.0.0/0' is everybody on the internet. Fix: list the networks of your "
        "people and "
        "pipelines.",
        "cluster.api.allowedCidrs[2]: '10.0.0.0/8' is listed twice. Fix: remove one.",
    ]


def test_two_halves_are_everybody_too() -> None:
    halves = ["128.0.0.0/1", "0.0.0.0/1"]
    assert report(sample_mapping(cluster={"api": {"allowedCidrs": halves}})) == [
        f"cluster.api.allowedCidrs: {halves!r} together are everybody on the internet. Fix: list the networks of your "
        "people and pipelines."
    ]
    assert report(sample_mapping(cluster={"api": {"allowedCidrs": ["128.0.0.0/1", "0.0.0.0/2"]}})) == []


def test_the_issuers_bucket_is_another() -> None:
    assert report(sample_mapping(state={"bucket": "acme-one", "issuerBucket": "acme-one"})) == [
        "state.issuerBucket: 'acme-one' is the state bucket, and what is in the issuer's bucket is public. Fix: "
        "leave it "
        "out, or name another bucket."
    ]


@pytest.mark.parametrize(("length", "problems"), [(56, 0), (57, 1)])
def test_the_issuers_bucket_has_room_for_its_name(length: int, problems: int) -> None:
    assert len(report(sample_mapping(state={"bucket": "a" * length}))) == problems
    assert report(sample_mapping(state={"bucket": "a" * length, "issuerBucket": "acme-issuer"})) == []


@pytest.mark.parametrize(
    ("etcd", "problem"),
    [
        ({"volumeSizeGi": 20, "iops": 10_000}, None),
        ({"volumeSizeGi": 20, "iops": 10_001}, "10001 is too great for 20 GiB of gp3. Fix: write at most 10000"),
        ({"volumeSizeGi": 20, "volumeType": "io2", "iops": 20_000}, None),
        (
            {"volumeSizeGi": 20, "volumeType": "io2", "iops": 20_001},
            "20001 is too great for 20 GiB of io2. Fix: write at most 20000",
        ),
        ({"volumeSizeGi": 10, "iops": 5_001}, "5001 is too great for 10 GiB of gp3. Fix: write at most 5000"),
    ],
)
def test_what_a_volume_offers(etcd: dict[str, Any], problem: str | None) -> None:
    expected = [] if problem is None else [f"cluster.controlPlane.etcd.iops: {problem}, or a greater volumeSizeGi."]
    assert cluster(controlPlane={"etcd": etcd}) == expected


def test_a_node_may_miss_a_heartbeat() -> None:
    assert cluster(controlPlane={"controllers": {"nodeMonitorGracePeriod": "14s"}}) == [
        "cluster.controlPlane.controllers.nodeMonitorGracePeriod: '14s' is less than 3 times nodeMonitorPeriod (5s): a "
        "node would count as lost for one message that came late. Fix: write at least 15s."
    ]
    assert cluster(controlPlane={"controllers": {"nodeMonitorGracePeriod": "15s"}}) == []


def test_what_signs_is_trusted() -> None:
    assert cluster(pki={"signing": 2}) == [
        "cluster.pki.signing: 2 is not among the trusted generations (1): nobody would believe what it signs. "
        "Fix: add 2 "
        "to trusted, run up and roll every group, and only then let it sign."
    ]
    assert cluster(pki={"signing": 2, "trusted": [1, 2]}) == []
    assert cluster(pki={"trusted": [1, 1]}) == ["cluster.pki.trusted[1]: 1 is listed twice. Fix: remove one."]
