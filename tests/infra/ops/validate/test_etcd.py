"""Members of etcd and the age of its backups."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from infra.ops.roll.etcd import EtcdReport
from infra.ops.validate.etcd import check_backup, check_members
from tests.infra.ops.validate.samples import NOW, told
from tests.infra.samples import sample_spec


def test_etcd_is_whole_or_not() -> None:
    class Health:
        def __init__(self, *healthy: str) -> None:
            self.healthy = healthy

        def report(self) -> EtcdReport:
            return EtcdReport(True, frozenset(self.healthy), frozenset(), True)

    assert list(check_members(Health("a", "b", "c"), 3)) == []
    assert told(check_members(Health("a", "b"), 3)) == [("invalid", "etcd: 2 of 3 etcd members are healthy")]


class Listing:
    """A bucket with objects of these ages in hours, by the ends of their names."""

    def __init__(self, **ages: float) -> None:
        self.contents = [
            {
                "Key": f"test.example.com/backups/etcd/{key.replace('__', '/').replace('_', '.')}",
                "LastModified": NOW - datetime.timedelta(hours=age),
                "Size": 1,
            }
            for key, age in ages.items()
        ]

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"Contents": self.contents[:1]}, {"Contents": self.contents[1:]}, {}]


OLD, YOUNG = "20260531T000000Z-a", "20260531T210000Z-a"


@pytest.mark.parametrize(
    ("ages", "found"),
    [
        ({f"{OLD}_db": 100, f"{OLD}_json": 100, f"{YOUNG}_json": 2.9, f"{YOUNG}_db": 2.9}, []),
        (
            {f"{YOUNG}_db": 3.6, f"{YOUNG}_json": 3.6},
            ["the newest backup is 4 h old, and one should be made each hour"],
        ),
        ({}, ["holds no backup that is whole"]),
        ({"members__a_json": 1}, ["holds no backup that is whole"]),
        # The record is uploaded last, and stays when retention hides its snapshot.
        ({f"{YOUNG}_db": 1}, ["holds no backup that is whole"]),
        ({f"{YOUNG}_json": 1}, ["holds no backup that is whole"]),
        (
            {f"{OLD}_db": 26, f"{OLD}_json": 26, f"{YOUNG}_db": 1},
            ["the newest backup is 26 h old, and one should be made each hour"],
        ),
    ],
)
def test_the_newest_backup(ages: dict[str, float], found: list[str]) -> None:
    findings = list(check_backup(Listing(**ages), sample_spec(), NOW))
    assert [(each.severity, each.problem) for each in findings] == [("invalid", each) for each in found]
    assert all("slipway-etcd-backup.timer" in each.fix for each in findings)
