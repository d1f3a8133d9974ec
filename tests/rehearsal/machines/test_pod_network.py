from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from rehearsal.machines.pod_network import PodRanges


def test_each_machine_has_a_share_of_its_own_and_keeps_it() -> None:
    ranges = PodRanges(IPv4Network("100.96.0.0/22"))
    assert [str(ranges.of(name)) for name in ("a", "b", "a")] == ["100.96.0.0/24", "100.96.1.0/24", "100.96.0.0/24"]


def test_a_share_is_given_again_once_its_machine_is_gone() -> None:
    ranges = PodRanges(IPv4Network("100.96.0.0/23"))
    ranges.remember("b", IPv4Network("100.96.0.0/24"))
    assert str(ranges.of("a")) == "100.96.1.0/24"
    with pytest.raises(ValueError, match=r"all of 100\.96\.0\.0/23 is given"):
        ranges.of("c")
    ranges.give_back("b")
    assert str(ranges.of("c")) == "100.96.0.0/24"
