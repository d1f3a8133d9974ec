"""What stands for the engine under tests: it keeps what was registered, and refuses what nobody expects."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.runtime import MockCallArgs, MockResourceArgs

from infra.testing.recorder import CallFailed, Recorder, is_secret, record, secret
from infra.testing.resource import Secret, plain, resource_of

TOKEN = "x:index:Thing"


class Thing(pulumi.CustomResource):
    arn: pulumi.Output[str]
    size: pulumi.Output[int]

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TOKEN, name, {**props, "arn": None}, opts)


class Group(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:Group", name, {}, opts)


def given(name: str = "one", **more: Any) -> MockResourceArgs:
    return MockResourceArgs(typ=TOKEN, name=name, inputs={"size": 1}, resource_id=more.get("id"))


def test_a_resource_is_answered_with_what_it_gave_an_id_and_what_else_its_type_has() -> None:
    recorder = Recorder({TOKEN: {"result": "r", "size": 2}})
    assert recorder.new_resource(given()) == ("one-id", {"arn": "arn:aws:mock:::Thing/one", "size": 2, "result": "r"})
    assert recorder.new_resource(given("two", id="adopted"))[0] == "adopted"
    assert recorder.inputs(TOKEN, "one") == {"size": 1}
    assert recorder.names(TOKEN) == {"one", "two"}
    assert recorder.names("x:index:Other") == set()
    with pytest.raises(AssertionError, match="x:index:Thing 'one' is registered twice"):
        recorder.new_resource(given())
    with pytest.raises(AssertionError, match=r"no x:index:Thing 'three'; registered: .*'one'.*'two'"):
        recorder.inputs(TOKEN, "three")
    with pytest.raises(AssertionError, match="no x:index:Thing 'three'"):
        recorder.options(TOKEN, "three")


def test_a_look_up_is_answered_fails_or_is_no_business_of_the_program() -> None:
    def fails(_: Any) -> Any:
        raise CallFailed("no such image")

    recorder = Recorder(calls={"x:get": lambda asked: {"id": asked["name"]}, "x:fail": fails})
    assert recorder.call(MockCallArgs("x:get", {"name": "a"}, "")) == ({"id": "a"}, [])
    assert recorder.call(MockCallArgs("x:fail", {}, "")) == ({}, [("", "no such image")])
    assert recorder.invoked == [("x:get", {"name": "a"}), ("x:fail", {})]
    with pytest.raises(AssertionError, match=r"unexpected invoke of x:other with {'a': 1}"):
        recorder.call(MockCallArgs("x:other", {"a": 1}, ""))


def test_a_program_is_recorded_to_its_last_resource_with_options_and_names() -> None:
    def program() -> None:
        outer = Group("outer")
        inner = Group("inner", pulumi.ResourceOptions(parent=outer))
        first = Thing("first", {"size": 1})
        options = pulumi.ResourceOptions(
            parent=inner, protect=True, retain_on_delete=True, ignore_changes=["size"], import_="i-1"
        )
        Thing("second", {"of": first.arn, "password": pulumi.Output.secret("hush")}, options)

    recorder = record(program, stack="other")
    key = (TOKEN, "second")
    second = resource_of(recorder.urns[key], recorder.options(*key), recorder.inputs(*key))
    assert second.inputs["of"] == "arn:aws:mock:::Thing/first"
    assert second.inputs["password"] == Secret("hush")
    assert "hush" not in repr(second)
    assert (second.type, second.name) == key
    # The engine's URN has the types of all components above; it ends with the resource's own.
    above = "urn:pulumi:other::slipway::slipway:index:Group$slipway:index:Group"
    assert (second.urn, second.parent) == (f"{above}${TOKEN}::second", f"{above}::inner")
    assert (second.protect, second.retain_on_delete, second.ignore_changes) == (True, True, ("size",))
    assert second.adopted == "i-1"
    first = resource_of("", recorder.options(TOKEN, "first"), recorder.inputs(TOKEN, "first"))
    assert (first.protect, first.retain_on_delete, first.adopted, first.ignore_changes) == (False, False, "", ())


def test_secrets_are_told_from_mappings() -> None:
    assert is_secret(secret("a"))
    assert not any(map(is_secret, ({"value": "a"}, {}, "a", None)))
    assert plain({"a": [secret({"b": secret(1)})], "c": 2}) == {"a": [Secret({"b": Secret(1)})], "c": 2}
