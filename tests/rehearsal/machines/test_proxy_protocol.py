from __future__ import annotations

from rehearsal.machines.proxy_protocol import LOCAL, proxied

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")


def test_a_connection_is_told_with_client_and_what_it_reached() -> None:
    header = proxied(("198.51.100.9", 40000), ("198.18.1.2", 443))
    assert header == SIGNATURE + bytes.fromhex("21 11 000c c6336409 c6120102 9c40 01bb".replace(" ", ""))


def test_a_health_check_is_of_the_load_balancer_itself() -> None:
    assert SIGNATURE + bytes.fromhex("20000000") == LOCAL
