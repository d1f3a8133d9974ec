"""Members of etcd and the age of its backups."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from infra.ops.roll.etcd import EtcdReport
from infra.ops.validate.etcd import check_backup, check_members
from tests.infra.ops.validate.samples import NOW, told


def test_etcd_is_whole_or_not() -> None:
    class Health:
        def __init__(self, *healthy: str) -> None:
            self.healthy = healthy

        def report(self) -> EtcdReport:
            return EtcdReport(True, frozenset(self.healthy), frozenset(), True)

    assert list(check_members(Health("a", "b", "c"), 3)) == []
    assert told(check_members(Health("a", "b"), 3)) == [("invalid", "etcd: 2 of 3 etcd members are healthy")]


class Listing:
    """A bucket with these keys and ages in hours."""

    def __init__(self, **ages: float) -> None:
        self.contents = [
            {"Key": f"c/backups/etcd/{key.replace('__', '/')}", "LastModified": NOW - datetime.timedelta(hours=age)}
            for key, age in ages.items()
        ]

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"Contents": self.contents[:1]}, {"Contents": self.contents[1:]}, {}]


@pytest.mark.parametrize(
    ("ages", "found"),
    [
        ({"a": 100, "b": 24.9}, []),
        ({"a": 26, "b": 100}, ["the newest backup is 26 h old, and one should be made each day"]),
        ({}, ["holds no backup"]),
        ({"members__a": 1}, ["holds no backup"]),
        ({"members__a": 1, "b": 49.6}, ["the newest backup is 50 h old, and one should be made each day"]),
    ],
)
def test_the_newest_backup(ages: dict[str, float], found: list[str]) -> None:
    findings = list(check_backup(Listing(**ages), "b", "c/backups/etcd/", NOW))
    assert [each.problem for each in findings] == found
