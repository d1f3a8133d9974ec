"""``slipway destroy`` as its user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.commands.test_recover import bucket  # noqa: F401 (a fixture)
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.destroy.test_destroy import CSI, OWNED, World
from tests.infra.ops.state.world import Bucket, at, resource, state
from tests.infra.test_cli import Run, run  # noqa: F401 (a fixture)

ENGINE = """#!/bin/sh
echo "$@" >> "$ENGINE_CALLS"
exit $(cat "$ENGINE_STATUS")
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine that notes how it is called, and ends with the status in the file ``status``."""
    (tmp_path / "bin").mkdir()
    engine = tmp_path / "bin" / "pulumi"
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    (tmp_path / "status").write_text("0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setenv("ENGINE_CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("ENGINE_STATUS", str(tmp_path / "status"))
    return tmp_path / "calls"


def test_it_shows_first_and_names_what_stays(run: Run, bucket: Bucket, calls: Path) -> None:  # noqa: F811
    world = World()
    group, volume = world.group("k8s-elb", OWNED), world.volume({**OWNED, **CSI})
    bucket.update(at(-60), state(resource("a"), resource("b", protect=True), resource("c", retainOnDelete=True)))
    status, out, _ = run("destroy", "test")
    assert status == 0
    for said in (
        f"security group k8s-elb ({group})",
        f"volume 8 GiB ({volume}), made for pvc-1",
        "kept unless --delete-volumes",
        "pulumi state unprotect 'urn:pulumi:test::slipway::aws:sqs/queue:Queue::b' --stack test",
        "Deleted by pulumi destroy: 2 resources.",
        "Left in AWS by pulumi destroy: urn:pulumi:test::slipway::aws:sqs/queue:Queue::c",
        "backups under s3://acme-slipway-test/test.example.com/backups/",
        "Nothing was deleted. To do it: slipway destroy test --yes",
    ):
        assert said in out
    status, _, err = run("destroy", "test", "--yes")
    assert (status, calls.exists(), len(world.found())) == (1, False, 2)
    assert "1 resource is protected; nothing was deleted" in err


def test_it_counts_what_is_many(run: Run, bucket: Bucket, calls: Path) -> None:  # noqa: F811
    key, network = "aws:s3/bucketObjectv2:BucketObjectv2", resource("a")
    kept = (resource(name, key, retainOnDelete=True) for name in ("ca.key", "sa.key"))
    inside = resource("shop", "kubernetes:core/v1:Namespace", deletedWith=network["urn"])
    bucket.update(at(-60), state(network, *kept, inside))
    _, out, _ = run("destroy", "test")
    assert "Deleted by pulumi destroy: 2 resources, 1 of them objects in the cluster, which go with it." in out
    assert [line for line in out.splitlines() if line.startswith("Left in AWS")] == [
        "Left in AWS by pulumi destroy: 2 objects in buckets that stay"
    ]


def test_it_names_the_last_snapshots_of_volumes_and_how_to_find_them(
    run: Run,  # noqa: F811
    bucket: Bucket,  # noqa: F811
    calls: Path,
) -> None:
    volume = resource("control-plane-a", "aws:ebs/volume:Volume", inputs={"finalSnapshot": True})
    bucket.update(at(-60), state(resource("a"), volume))
    _, out, _ = run("destroy", "test")
    assert f"Left in AWS by pulumi destroy: a last snapshot of {volume['urn']}" in out
    listing = "aws ec2 describe-snapshots --owner-ids self --filters Name=tag:KubernetesCluster,Values=test.example.com"
    assert listing in out
    _, out, _ = run("destroy", "test", "--yes")
    assert f"kept: a last snapshot of 1 volume: {listing}" in out


def protected(world: World, name: str, tags: dict[str, str], value: str = "true") -> str:
    """Return the ARN of a load balancer that AWS refuses to delete, or does no more."""
    elb = world.session.client("elbv2")
    named = [each["LoadBalancerArn"] for each in elb.describe_load_balancers()["LoadBalancers"]]
    arn = next((each for each in named if f"/{name}/" in each), None) or world.balancer(name, tags)
    attributes = [{"Key": "deletion_protection.enabled", "Value": value}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)
    return arn


@pytest.mark.parametrize("made_by", ["the program", "a controller"])
def test_a_load_balancer_that_was_protected_by_hand_is_found_before_anything_goes(
    run: Run,  # noqa: F811
    bucket: Bucket,  # noqa: F811
    calls: Path,
    made_by: str,
) -> None:
    world, kind = World(), "aws:lb/loadBalancer:LoadBalancer"
    arn = protected(world, "lb", OWNED)
    others = [resource("lb", kind, id=arn)] if made_by == "the program" else []
    bucket.update(at(-60), state(resource("a"), resource("gone", kind, id=f"{arn}0"), *others))
    status, out, err = run("destroy", "test", "--yes")
    assert (status, calls.exists()) == (1, False)
    command = f"--load-balancer-arn {arn} --attributes Key=deletion_protection.enabled,Value=false"
    assert f"Refused by AWS, which protects it from deletion: {arn}" in out
    assert f"aws elbv2 modify-load-balancer-attributes {command}" in out
    assert "Fix: lift its protection as shown above, then run the command again." in err
    protected(world, "lb", OWNED, "false")
    assert run("destroy", "test", "--yes")[0] == 0


def test_a_load_balancer_that_aws_does_not_delete_is_released_before_anything_goes(
    run: Run,  # noqa: F811
    bucket: Bucket,  # noqa: F811
    calls: Path,
) -> None:
    arn = protected(World(), "edge", {"Name": "edge"})
    edge = resource("edge", "aws:lb/loadBalancer:LoadBalancer", id=arn, inputs={"enableDeletionProtection": True})
    bucket.update(at(-60), state(resource("a"), edge))
    status, out, err = run("destroy", "test", "--yes")
    assert (status, calls.exists()) == (1, False)
    assert f"Refused by AWS until edge.deletionProtection: false was applied by pulumi up: {edge['urn']}" in out
    assert "set edge.deletionProtection: false, run pulumi up --stack test, then the command again" in err


@pytest.mark.parametrize("delete_volumes", [False, True])
def test_it_sweeps_destroys_and_keeps_volumes_unless_told(
    run: Run,  # noqa: F811
    bucket: Bucket,  # noqa: F811
    calls: Path,
    delete_volumes: bool,
) -> None:
    world = World()
    world.group("k8s-elb", OWNED)
    volume = world.volume({**OWNED, **CSI})
    bucket.update(at(-60), state(resource("a")))
    status, out, _ = run("destroy", "test", "--yes", *(["--delete-volumes"] if delete_volumes else []))
    assert status == 0
    assert calls.read_text() == "destroy --stack test --yes\n"
    assert [each.id for each in world.found()] == ([] if delete_volumes else [volume])
    assert (f"kept: volume 8 GiB ({volume})" in out) is not delete_volumes
    assert "Destroyed test. Kept: state bucket acme-slipway-test" in out


def test_a_failed_engine_is_told(run: Run, bucket: Bucket, calls: Path, tmp_path: Path) -> None:  # noqa: F811
    bucket.update(at(-60), state(resource("a")))
    (tmp_path / "status").write_text("255")
    status, _, err = run("destroy", "test", "--yes")
    assert (status, calls.read_text().count("destroy")) == (1, 1)
    assert "pulumi destroy failed" in err


def test_without_a_readable_state_nothing_is_taken_for_a_leftover(run: Run, bucket: Bucket, calls: Path) -> None:  # noqa: F811
    World().group("nodes", OWNED)
    bucket.put(".pulumi/stacks/slipway/test.json", "{", at(-1))
    status, out, err = run("destroy", "test", "--yes")
    assert (status, out, calls.exists()) == (1, "", False)
    assert "the state is damaged" in err
    assert "bring one back as `slipway doctor test` says" in err, "no version can be named here"
