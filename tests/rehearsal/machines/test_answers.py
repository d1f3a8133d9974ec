"""The stand-ins that speak in datagrams: names and time."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

from rehearsal.machines import resolver, timeserver

ADDRESS = IPv4Address("198.18.0.1")


def query(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def known(name: str) -> list[IPv4Address] | None:
    return [ADDRESS] if name == "s3.eu-central-1.amazonaws.com" else None


def test_a_known_name_has_its_address_whatever_the_letters_case() -> None:
    asked = query("S3.eu-central-1.amazonaws.com")
    told = resolver.answer(asked, known)
    assert told is not None
    assert struct.unpack_from("!HHHHHH", told) == (0x1234, 0x8580, 1, 1, 0, 0)
    assert told[12 : len(asked)] == asked[12:]
    assert told[len(asked) :] == struct.pack("!HHHIH", 0xC00C, 1, 1, 5, 4) + ADDRESS.packed


def test_a_known_name_has_no_address_of_the_other_kind() -> None:
    told = resolver.answer(query("s3.eu-central-1.amazonaws.com", kind=28), known)
    assert told is not None
    assert struct.unpack_from("!HHHHHH", told) == (0x1234, 0x8580, 1, 0, 0, 0)


def test_an_unknown_name_does_not_exist() -> None:
    told = resolver.answer(query("example.com"), known)
    assert told is not None
    assert struct.unpack_from("!HHHHHH", told) == (0x1234, 0x8583, 1, 0, 0, 0)


def test_what_is_no_query_is_left_unanswered() -> None:
    whole = query("example.com")
    assert [resolver.answer(whole[:end], known) for end in (0, 11, 20, len(whole) - 1)] == [None] * 4


def test_the_time_server_tells_the_clock_and_returns_the_clients_stamp() -> None:
    stamp = b"12345678"
    told = timeserver.answer(bytes([0x23, 0, 6]) + bytes(37) + stamp, 1_700_000_000.5)
    assert told is not None
    assert len(told) == 48
    assert told[:2] == bytes([0x24, 1])
    assert told[24:32] == stamp
    assert struct.unpack("!II", told[40:]) == (1_700_000_000 + 2_208_988_800, 2**31)


def test_the_time_server_answers_clients_alone() -> None:
    assert timeserver.answer(bytes([0x24]) + bytes(47), 0.0) is None
    assert timeserver.answer(bytes([0x23]) + bytes(46), 0.0) is None
