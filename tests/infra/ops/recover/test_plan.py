"""What a recovery does with each object, whatever has become of it since."""

from __future__ import annotations

import pytest

from infra.ops.state.points import PointError, find_point
from tests.infra.ops.cloud import BUCKET
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.recover.world import CONFIG, EXTRA, GONE, NODES, NOW, THEN, World, clean, ignore
from tests.infra.ops.state.world import KEYS, at, packed, resource, state

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def world(cloud: None) -> World:  # noqa: F811
    return World()


def test_the_plan_names_each_object_and_changes_nothing(world: World) -> None:
    steps = world.recovering().plan(world.target())
    assert [(step.key, step.action) for step in steps] == [
        (CONFIG, "restore"),
        (GONE, "restore"),
        (EXTRA, "hide"),
        (KEYS.state, "restore"),
    ]
    assert steps[-1].source == world.then
    assert steps[-1].before == world.now
    assert steps[1].before is None
    assert (world.contents(), world.bucket.count()) == (NOW, world.versions)


def test_and_forth_again(world: World) -> None:
    world.recovering().begin(world.target(), ignore)
    again = find_point(world.s3, BUCKET, KEYS, world.now, env="test")
    world.recovering().begin(again, ignore)
    assert world.contents() == NOW
    clean(world)


def test_a_deleted_stack_comes_back(world: World) -> None:
    world.bucket.delete(KEYS.state, at(-1))
    world.recovering().begin(world.target(), ignore)
    assert world.contents() == THEN
    clean(world)


def test_a_state_under_another_ending_is_hidden(world: World) -> None:
    world.bucket.delete(KEYS.state, at(-2))
    world.bucket.put(f"{KEYS.state}.gz", packed(state()), at(-1))
    world.recovering().begin(world.target(), ignore)
    assert world.contents() == THEN
    assert world.bucket.current(f"{KEYS.state}.gz") is None
    clean(world)


def test_the_version_a_state_names_counts_for_more_than_the_time(world: World) -> None:
    first = world.s3.list_object_versions(Bucket=BUCKET, Prefix=CONFIG)["Versions"][-1]["VersionId"]
    written = resource("config", OBJECT)
    written["outputs"] = {"bucket": BUCKET, "key": CONFIG, "versionId": first}
    # One that was replaced and is still to be deleted stands behind the one that replaced it.
    replaced = {**written, "delete": True, "outputs": {**written["outputs"], "versionId": "older"}}
    other = resource("other", OBJECT)
    other["outputs"] = {"bucket": "another", "key": NODES, "versionId": "x"}
    latest = world.bucket.put(KEYS.state, state(written, other, replaced), at(-10))
    steps = world.recovering().plan(find_point(world.s3, BUCKET, KEYS, latest, env="test"))
    assert [(step.key, step.source) for step in steps] == [(CONFIG, first)]


@pytest.mark.parametrize("content", [state()[:50], b"", state(resource("a", parent="urn:gone"))])
def test_a_damaged_version_is_not_brought_back(world: World, content: bytes) -> None:
    bad = world.bucket.put(KEYS.state, content, at(-10))
    target = find_point(world.s3, BUCKET, KEYS, bad, env="test")
    with pytest.raises(PointError, match=r"damaged|would not take"):
        world.recovering().begin(target, ignore)
    clean(world)


def test_the_stacks_tags_and_no_state_of_another_stack_come_back(world: World) -> None:
    tags = world.bucket.put(KEYS.tags, "{}", at(-60.5))
    world.bucket.put(KEYS.tags, '{"a": 1}', at(-30.5))
    world.bucket.put(f"{KEYS.state}.bak", state(), at(-30.5))
    steps = {step.key: step.source for step in world.recovering().plan(world.target())}
    assert steps[KEYS.tags] == tags
    assert f"{KEYS.state}.bak" not in steps


def test_only_objects_of_the_bucket_name_their_versions(world: World) -> None:
    first = world.s3.list_object_versions(Bucket=BUCKET, Prefix=CONFIG)["Versions"][-1]["VersionId"]
    strange = [
        {**resource("queue"), "outputs": {"bucket": BUCKET, "key": CONFIG, "versionId": first}},
        {**resource("other", OBJECT), "outputs": {"bucket": "another", "key": CONFIG, "versionId": first}},
        {**resource("unmade", OBJECT), "outputs": None},
        {**resource("half", OBJECT), "outputs": {"bucket": BUCKET, "key": CONFIG, "versionId": ""}},
    ]
    latest = world.bucket.put(KEYS.state, state(*strange), at(-10))
    assert world.recovering().plan(find_point(world.s3, BUCKET, KEYS, latest, env="test")) == ()
