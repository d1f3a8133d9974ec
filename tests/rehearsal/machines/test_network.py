from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from rehearsal.machines import network
from rehearsal.machines.network import Network
from tests.rehearsal.machines.samples import interface

WITH = replace(interface(), further=(IPv4Address("10.20.32.9"),), prefixes=(IPv4Network("10.20.32.32/31"),))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the bridge is told, line by line."""
    lines: list[str] = []

    def run(command: list[str], *, stdin: str = "") -> str:
        assert command == ["ip", "-n", "slipway-test", "-batch", "-"] or command[3:] == ["-o", "link"]
        lines.extend(stdin.splitlines())
        return ""

    monkeypatch.setattr(network, "run", run)
    return lines


def neighbour(address: str) -> str:
    return f"neighbour replace {address} lladdr 02:00:00:00:00:00 dev vpc nud permanent"


def test_the_bridge_is_told_once_of_each_address_for_pods(told: list[str]) -> None:
    it = Network("test")
    it.lead_to_pods(interface())
    assert told == []
    it.lead_to_pods(WITH)
    it.lead_to_pods(WITH)
    assert told == [neighbour("10.20.32.9"), neighbour("10.20.32.32"), neighbour("10.20.32.33")]


def test_it_forgets_what_an_interface_has_no_more_and_all_of_one_that_goes(told: list[str]) -> None:
    it = Network("test")
    it.lead_to_pods(WITH)
    told.clear()
    fewer = replace(WITH, prefixes=())
    it.lead_to_pods(fewer)
    assert sorted(told) == ["neighbour delete 10.20.32.32 dev vpc", "neighbour delete 10.20.32.33 dev vpc"]
    told.clear()
    it.detach("i-1", fewer)
    assert told == ["neighbour delete 10.20.32.9 dev vpc"]
    it.detach("i-1", fewer)
    assert len(told) == 1
