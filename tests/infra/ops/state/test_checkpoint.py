from __future__ import annotations

import json
from typing import Any

import pytest

from infra.ops.state.checkpoint import (
    DamagedStateError,
    PendingOperation,
    integrity_problems,
    parse,
)
from tests.infra.ops.state.world import PROVIDER, STACK, URN, packed, packed_by_zstandard, resource, state

QUEUE = f"{URN}aws:sqs/queue:Queue::"


def problems(*resources: dict[str, Any]) -> list[str]:
    return integrity_problems(parse(state(*resources)))


def test_a_sound_state_is_read_plain_or_packed() -> None:
    operation = {"type": "deleting", "resource": resource("a")}
    content = state(resource("a"), pending=[operation])
    for written in (content, packed(content), packed_by_zstandard(content)):
        checkpoint = parse(written)
        assert (checkpoint.schema, len(checkpoint.resources)) == (3, 3)
        assert checkpoint.pending == (PendingOperation("deleting", f"{QUEUE}a", "id-a"),)
        assert checkpoint.secrets == {"type": "passphrase", "state": {"salt": "v1:a"}}
        assert integrity_problems(checkpoint) == []


def test_an_empty_stack_is_sound() -> None:
    checkpoint = parse(b'{"version": 3, "checkpoint": {"stack": "x"}}')
    assert (checkpoint.resources, integrity_problems(checkpoint)) == ((), [])


def test_every_truncation_is_found() -> None:
    content = state(resource("a"))
    for length in range(len(content)):
        with pytest.raises(DamagedStateError, match="no JSON"):
            parse(content[:length])
    for zipped, header in ((packed(content), 2), (packed_by_zstandard(content), 4)):
        for length in range(header, len(zipped)):
            with pytest.raises(DamagedStateError, match="cannot be unpacked"):
                parse(zipped[:length])


def test_no_changed_byte_breaks_the_reader() -> None:
    """It is found, or it is in a value, which the engine would not notice either; packed, it is always found."""
    content = state(resource("a", dependencies=[f"{QUEUE}b"]))
    found = 0
    for at in range(len(content)):
        for other in b'{"0':
            changed = content[:at] + bytes([other]) + content[at + 1 :]
            try:
                found += bool(integrity_problems(parse(changed)))
            except DamagedStateError:
                found += 1
    assert found > len(content)
    for zipped in (packed(content), packed_by_zstandard(content)):
        for at in range(10, len(zipped)):  # the header says nothing of the content
            with pytest.raises(DamagedStateError, match="cannot be unpacked"):
                parse(zipped[:at] + bytes([zipped[at] ^ 0x55]) + zipped[at + 1 :])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[]", "no checkpoint"),
        (b'{"version": 3}', "no checkpoint"),
        (b'{"version": 2, "checkpoint": {}}', "version 2"),
        (b'{"version": 5, "checkpoint": {}}', "version 5"),
        (b'{"checkpoint": {}}', "version None"),
        (b'{"version": 3, "checkpoint": {"latest": {"resources": {}}}}', "no list of resources"),
        (b'{"version": 3, "checkpoint": {"latest": {"resources": ["x"]}}}', "no list of resources"),
        (b'{"version": 3, "checkpoint": {"latest": []}}', None),
        (b'{"version": 3, "checkpoint": {"latest": "x"}}', "no deployment"),
        (b"\xff\xfe{}", "no JSON"),
    ],
)
def test_what_is_no_state_is_told(content: bytes, said: str | None) -> None:
    if said is None:
        assert parse(content).resources == ()
        return
    with pytest.raises(DamagedStateError, match=said):
        parse(content)


def test_what_a_resource_names_must_stand_before_it() -> None:
    gone = f"{QUEUE}gone"
    assert problems(resource("a", parent=gone)) == [f"{QUEUE}a names the parent {gone}, which is not in the state"]
    assert problems(resource("a", dependencies=[f"{QUEUE}b"]), resource("b")) == [
        f"{QUEUE}a names the dependency {QUEUE}b, which comes after it"
    ]
    assert problems(resource("a", propertyDependencies={"x": [gone], "y": [gone]}, dependencies=[gone])) == [
        f"{QUEUE}a names the dependency {gone}, which is not in the state"
    ]
    assert len(problems(resource("a", deletedWith=gone, replaceWith=[gone]))) == 2
    assert problems(resource("a"), resource("b", dependencies=[f"{QUEUE}a"], propertyDependencies={"x": None})) == []


def test_a_provider_must_stand_before_it_unless_the_resource_is_to_be_replaced() -> None:
    other = f"{PROVIDER}::p2"
    assert problems(resource("a", provider=other)) == [
        f"{QUEUE}a names the provider {other}, which is not in the state before it"
    ]
    assert problems(resource("a", provider=other, pendingReplacement=True)) == []


def test_a_urn_may_be_there_once_besides_what_is_to_be_deleted() -> None:
    assert problems(resource("a"), resource("a")) == [f"{QUEUE}a is there twice"]
    assert problems(resource("a"), resource("a", delete=True), resource("a", delete=True)) == []


def test_malformed_resources_are_told() -> None:
    assert problems({"type": "x"}) == ["resource 2 has no URN"]
    assert problems({"urn": f"{QUEUE}a", "custom": True, "parent": STACK}) == [f"{QUEUE}a has no type"]
    assert problems(resource("a", custom=False)) == [f"{QUEUE}a is a component and has an ID"]


def test_an_edited_manifest_is_told() -> None:
    document = json.loads(state())
    document["checkpoint"]["latest"]["manifest"]["version"] = "v3.0.0"
    (problem,) = integrity_problems(parse(json.dumps(document).encode()))
    assert "magic" in problem
