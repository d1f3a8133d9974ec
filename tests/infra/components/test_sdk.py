"""The SDK's debug messages are dropped, unless they are asked for."""

from __future__ import annotations

from collections.abc import Callable

import pulumi
import pytest

from infra.components import sdk


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.setattr(pulumi.log, "debug", debug := lambda *_, **__: None)
    return debug


def test_debug_messages_are_dropped(theirs: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "get_engine", lambda: told.append("asked for the engine"))

    sdk.drop_debug_messages({"SLIPWAY_DEBUG": ""})
    pulumi.log.debug("resource registration prepared", stream_id=1)

    assert pulumi.log.debug is not theirs
    assert told == []


def test_debug_messages_are_sent_when_asked_for(theirs: Callable[..., None]) -> None:
    sdk.drop_debug_messages({"SLIPWAY_DEBUG": "1"})

    assert pulumi.log.debug is theirs
