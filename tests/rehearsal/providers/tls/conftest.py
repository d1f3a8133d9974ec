"""A served stand-in for the tls plugin, with a clock that tests turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from rehearsal.providers.tls.service import Service
from tests.rehearsal.providers.plugin import Plugin, served

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
PRIVATE_KEY = "tls:index/privateKey:PrivateKey"


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="package")
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _from_the_start(clock: Clock) -> None:
    clock.now = START


@pytest.fixture(scope="package")
def plugin(clock: Clock) -> Iterator[Plugin]:
    with served(Service, clock) as made:
        yield made


@pytest.fixture(scope="package")
def ca_key(plugin: Plugin) -> dict[str, Any]:
    return plugin.made(PRIVATE_KEY, {"algorithm": "ECDSA", "ecdsaCurve": "P256"})


@pytest.fixture(scope="package")
def node_key(plugin: Plugin) -> dict[str, Any]:
    return plugin.made(PRIVATE_KEY, {"algorithm": "ED25519"})
