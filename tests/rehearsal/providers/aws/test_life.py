"""The whole life of each resource type, against moto."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.providers.aws import store
from rehearsal.providers.aws.lifecycle import Lifecycle
from rehearsal.providers.aws.session import Aws
from rehearsal.providers.aws.types import KINDS
from tests.rehearsal.providers.aws.samples import SAMPLES, Props, Sample
from tests.rehearsal.providers.aws.world import World

EVERY = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.token.rpartition(":")[2])


def _life(sample: Sample, aws: Aws) -> Lifecycle:
    return Lifecycle(KINDS[sample.token], aws)


def _born(sample: Sample, world: World) -> tuple[Lifecycle, Props, str, Props]:
    life = _life(sample, world.aws)
    inputs, failures = life.check("sample", {}, sample.inputs(world), b"seed")
    assert failures == []
    identifier, state = life.create(inputs, preview=False)
    return life, inputs, identifier, state


def _tops(life: Lifecycle, old: Props, new: Props) -> set[str]:
    return {str(change.path[0]) for change, _ in life.diff(old, new, []).changes}


def _changed(inputs: Props, change: Props) -> Props:
    return {key: value for key, value in {**inputs, **change}.items() if value is not None}


def test_every_type_has_a_sample() -> None:
    assert sorted(KINDS) == sorted({sample.token for sample in SAMPLES})


@pytest.mark.parametrize("token", sorted(KINDS))
def test_a_table_speaks_of_the_vendors_properties_alone(token: str) -> None:
    kind, shape = KINDS[token], store.resource_shape(token)
    fields = set(shape.inputs.fields)
    assert kind.handled <= fields
    assert set(kind.defaults) <= fields
    assert {name.split(".")[0] for name in (*kind.force_new, *kind.computed, *kind.sets, *kind.documents)} <= fields
    assert set(kind.changing) <= shape.outputs
    assert shape.inputs.required <= kind.handled


@EVERY
def test_life(sample: Sample, world: World) -> None:
    life, inputs, identifier, state = _born(sample, world)
    assert life.read(identifier, state, inputs) == (state, inputs)
    assert {key: state[key] for key in sample.inputs(world)} == sample.inputs(world)
    _import(sample, life, identifier, inputs)
    for change in sample.changes(world):
        inputs, state = _change(sample, life, identifier, inputs, state, change)
    life.delete(identifier, state)
    assert (life.read(identifier, state, inputs) is not None) == sample.stays
    life.delete(identifier, state)


def _import(sample: Sample, life: Lifecycle, identifier: str, inputs: Props) -> None:
    imported_by = sample.import_id(identifier, inputs)
    if imported_by is not None:
        found = life.read(imported_by, {}, {})
        assert found is not None
        assert _tops(life, found[1], inputs) == set(sample.not_imported)


def _change(
    sample: Sample, life: Lifecycle, identifier: str, inputs: Props, state: Props, change: Props
) -> tuple[Props, Props]:
    new, failures = life.check("sample", inputs, _changed(inputs, change), b"seed")
    assert failures == []
    assert _tops(life, inputs, new) == change.keys()
    assert life.diff(inputs, new, []).replaces == []
    state = life.update(identifier, state, inputs, new, [], preview=False)
    assert life.read(identifier, state, new) == (state, new)
    # Seen from the inputs before, the change is one that somebody made by hand.
    drifted = life.read(identifier, state, inputs)
    assert drifted is not None
    unseen = {key for key in change if key in sample.unseen and key not in inputs}
    assert _tops(life, drifted[1], inputs) == change.keys() - unseen
    return new, state


@EVERY
def test_a_change_of_what_cannot_change_is_a_replacement(sample: Sample, world: World) -> None:
    life = _life(sample, world.aws)
    inputs, _ = life.check("sample", {}, sample.inputs(world), b"seed")
    for name, value in sample.replaces.items():
        assert life.diff(inputs, {**inputs, name: value}, []).replaces


@EVERY
def test_a_preview_of_a_creation_calls_nothing(sample: Sample, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    life = _life(sample, world.aws)
    inputs, _ = life.check("sample", {}, sample.inputs(world), b"seed")

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a preview must not call")

    monkeypatch.setattr(Aws, "call", refuse)
    identifier, state = life.create(inputs, preview=True)
    assert identifier == ""
    assert {key: state[key] for key in sample.inputs(world)} == sample.inputs(world)


@EVERY
def test_a_property_the_vendor_does_not_know_is_refused_with_the_nearest(sample: Sample, world: World) -> None:
    inputs = sample.inputs(world)
    known = max((name for name in KINDS[sample.token].handled), key=len)
    _, failures = _life(sample, world.aws).check("sample", {}, {**inputs, f"{known}x": "y"}, b"seed")
    assert [(at, f"did you mean {known}?" in reason) for at, reason in failures] == [(f"{known}x", True)]


@EVERY
def test_a_wrong_type_is_refused(sample: Sample, world: World) -> None:
    inputs = sample.inputs(world)
    name = min(inputs)
    _, failures = _life(sample, world.aws).check("sample", {}, {**inputs, name: 1.5}, b"seed")
    assert [at for at, _ in failures] == [name]


@EVERY
def test_every_missing_property_is_named(sample: Sample, world: World) -> None:
    life = _life(sample, world.aws)
    _, failures = life.check("sample", {}, {}, b"seed")
    assert [at for at, _ in failures] == sorted(life.shape.inputs.required)


def test_a_property_that_the_stand_in_leaves_out_is_refused(world: World) -> None:
    life = Lifecycle(KINDS["aws:ec2/vpc:Vpc"], world.aws)
    _, failures = life.check("a", {}, {"cidrBlock": "10.0.0.0/16", "enableNetworkAddressUsageMetrics": True}, b"seed")
    assert [(at, "not supported by the stand-in" in reason) for at, reason in failures] == [
        ("enableNetworkAddressUsageMetrics", True)
    ]
