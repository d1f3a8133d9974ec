from __future__ import annotations

import base64
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import bcrypt
import grpc
import pytest

from rehearsal.providers.base.values import UNKNOWN, Secret
from rehearsal.providers.random.service import Service
from tests.rehearsal.providers.plugin import Plugin, served

STRING = "random:index/randomString:RandomString"
PASSWORD = "random:index/randomPassword:RandomPassword"
BYTES = "random:index/randomBytes:RandomBytes"
ID = "random:index/randomId:RandomId"


@pytest.fixture(scope="module")
def plugin() -> Iterator[Plugin]:
    with served(Service, lambda: datetime.now(UTC)) as made:
        yield made


def test_a_string_is_its_own_id_and_differs_from_every_other(plugin: Plugin) -> None:
    inputs = {"length": 16, "special": False, "upper": False}
    identifier, state = plugin.create(STRING, inputs)
    assert state["result"] == identifier
    assert len(identifier) == 16
    assert set(identifier) <= {*string.ascii_lowercase, *string.digits}
    filled = {name: state[name] for name in ("lower", "numeric", "upper", "special", "minLower", "minNumeric")}
    assert filled == {
        "lower": True, "numeric": True, "upper": False, "special": False, "minLower": 0, "minNumeric": 0,
    }  # fmt: skip
    assert len({plugin.create(STRING, inputs)[0] for _ in range(20)}) == 20


def test_classes_have_their_least_numbers(plugin: Plugin) -> None:
    least = {"minLower": 1, "minUpper": 2, "minNumeric": 3, "minSpecial": 4}
    result = plugin.made(STRING, {"length": 10, **least, "overrideSpecial": "_"})["result"]
    classes = [string.ascii_lowercase, string.ascii_uppercase, string.digits, "_"]
    assert [sum(each in alphabet for each in result) for alphabet in classes] == [1, 2, 3, 4]


def test_a_password_is_secret_with_its_hash(plugin: Plugin) -> None:
    identifier, state = plugin.create(PASSWORD, {"length": 80})
    assert identifier == "none"
    assert {name for name, value in state.items() if isinstance(value, Secret)} == {"result", "bcryptHash"}
    password, hashed = state["result"].value, state["bcryptHash"].value
    assert len(password) == 80
    assert hashed.startswith("$2a$10$")
    assert bcrypt.checkpw(password[:72].encode(), hashed.encode())


def test_bytes_and_ids(plugin: Plugin) -> None:
    identifier, state = plugin.create(BYTES, {"length": 32})
    assert identifier == "none"
    drawn = bytes.fromhex(state["hex"].value)
    assert len(drawn) == 32
    assert base64.b64decode(state["base64"].value) == drawn
    identifier, state = plugin.create(ID, {"byteLength": 5, "prefix": "ci-"})
    drawn = bytes.fromhex(state["hex"].removeprefix("ci-"))
    assert len(drawn) == 5
    assert state["dec"] == f"ci-{int.from_bytes(drawn)}"
    assert state["b64Std"] == "ci-" + base64.b64encode(drawn).decode()
    assert state["b64Url"] == f"ci-{identifier}"
    assert base64.urlsafe_b64decode(identifier + "=") == drawn


@pytest.mark.parametrize(
    ("token", "inputs"),
    [(STRING, {"length": 6}), (PASSWORD, {"length": 6}), (BYTES, {"length": 6}), (ID, {"byteLength": 6})],
)
def test_another_is_drawn_when_a_keeper_changes(plugin: Plugin, token: str, inputs: dict[str, Any]) -> None:
    kept = {**inputs, "keepers": {"from": "2026-01"}}
    identifier, state = plugin.create(token, kept)
    assert plugin.diff(token, state, kept, kept) == ([], [])
    assert plugin.read(token, identifier, state, kept) == state
    changed = {**kept, "keepers": {"from": "2026-02"}}
    assert plugin.diff(token, state, kept, changed) == (["keepers.from"], ["keepers.from"])
    unknown = {**kept, "keepers": {"from": UNKNOWN}}
    assert plugin.diff(token, state, kept, unknown) == (["keepers.from"], ["keepers.from"])
    longer = {name: value + 1 if isinstance(value, int) else value for name, value in kept.items()}
    assert plugin.diff(token, state, kept, longer)[1] == sorted(inputs)


def test_a_preview_draws_nothing(plugin: Plugin) -> None:
    identifier, state = plugin.create(PASSWORD, {"length": 6}, preview=True)
    assert (identifier, state["result"], state["bcryptHash"], state["length"]) == ("", UNKNOWN, UNKNOWN, 6)


def test_what_the_vendor_would_refuse(plugin: Plugin) -> None:
    assert plugin.check(STRING, {"length": 3, "minLower": 2, "minUpper": 2})[1] == [
        "length must be at least 4, and is 3"
    ]
    assert plugin.check(STRING, {"length": 0})[1] == ["length must be at least 1, and is 0"]
    assert plugin.check(STRING, {"length": "6"})[1] == ["length must be a integer, and is a string ('6')"]
    nothing = dict.fromkeys(("upper", "lower", "numeric", "special"), False)
    assert plugin.check(STRING, {"length": 6, **nothing})[1] == [
        "special at least one of upper, lower, numeric, special must be true"
    ]
    assert plugin.check(STRING, {"length": 6, "minUpper": -1})[1] == ["minUpper must be at least 0, and is -1"]
    assert plugin.check(STRING, {"length": 6, "number": True})[1] == ["number is not supported by this stand-in"]
    assert plugin.check(BYTES, {"length": 0})[1] == ["length must be at least 1, and is 0"]
    assert plugin.check(ID, {"byteLength": 0})[1] == ["byteLength must be at least 1, and is 0"]
    with pytest.raises(grpc.RpcError) as caught:
        plugin.check("random:index/randomPet:RandomPet", {})
    assert "does not know the resource type random:index/randomPet:RandomPet" in caught.value.details()
