"""``slipway volumes``: what is shown of claims and snapshots, and that nothing is done without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from infra import cli
from infra.ops import kube as kube_module
from infra.spec import CONFIG_KEY
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.volumes.samples import Api, claim, pod, volume
from tests.infra.samples import sample_mapping


class World:
    """moto's EC2 with a volume of the claim ``shop/data-store-0``, which one pod uses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.ec2: Any = boto3.client("ec2", region_name="eu-central-1")
        made = self.ec2.create_volume(AvailabilityZone="eu-central-1a", Size=10, VolumeType="gp3")
        self.volume = str(made["VolumeId"])
        self.api = Api(
            persistentvolumes=[volume(handle=self.volume)],
            persistentvolumeclaims=[claim(), claim("data-store-1", "")],
            pods=[pod("store-0", "data-store-0")],
        )
        monkeypatch.setattr(kube_module, "connect", lambda _: self.api)

    def run(self, *arguments: str) -> int:
        self.monkeypatch.setattr("sys.argv", ["slipway", "volumes", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)

    def stop_the_pod(self) -> None:
        self.api.lists["/api/v1/pods"] = []


@pytest.fixture
def world(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:  # noqa: F811
    written = sample_mapping(accountId="123456789012")
    stack = tmp_path / "stacks" / "Pulumi.test.yaml"
    stack.parent.mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\n", encoding="utf-8")
    stack.write_text(yaml.safe_dump({"config": {CONFIG_KEY: written}}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return World(monkeypatch)


def rows(said: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if line.startswith("│")]


def test_claims_are_listed_with_their_newest_snapshot(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.run("list", "test") == 0
    first = ["shop/data-store-0", world.volume, "eu-central-1a", "10Gi", "store-0"]
    second = ["shop/data-store-1", "Pending", "", "8Gi", "nothing", "0", "never"]
    assert rows(capsys.readouterr().out) == [[*first, "0", "never"], second]
    assert world.run("snapshot", "test", "shop/data-store-0") == 0
    said = capsys.readouterr().out
    assert ": begun. It can be restored once `slipway volumes list test shop/data-store-0` calls it completed." in said
    assert world.run("list", "test") == 0
    (listed, _) = rows(capsys.readouterr().out)
    assert listed[:6] == [*first, "1"]
    assert listed[6].startswith("20")


def test_snapshots_of_one_claim(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.run("snapshot", "test", "shop/data-store-0")
    identity = capsys.readouterr().out.partition(":")[0]
    assert world.run("list", "test", "shop/data-store-0") == 0
    ((listed, _, size, of_volume, state),) = rows(capsys.readouterr().out)
    assert (listed, size, of_volume, state) == (identity, "10", world.volume, "completed")
    assert world.run("list", "test", "shop/data-store-1") == 0
    assert capsys.readouterr().out == "There is no snapshot of shop/data-store-1.\n"


def test_a_claim_that_is_gone_shows_by_its_snapshots(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.run("snapshot", "test", "shop/data-store-0")
    for path in ("/api/v1/persistentvolumes", "/api/v1/persistentvolumeclaims"):
        world.api.lists[path] = []
    capsys.readouterr()
    assert world.run("list", "test") == 0
    ((*shown, _),) = rows(capsys.readouterr().out)
    assert shown == ["shop/data-store-0", "gone", "", "10Gi", "nothing", "1"]


def test_a_cluster_without_claims(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.api.lists.clear()
    assert world.run("list", "test") == 0
    assert capsys.readouterr().out == "There is no claim in the cluster, and no snapshot of one.\n"


def test_for_programs(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.run("snapshot", "test", "shop/data-store-0")
    capsys.readouterr()
    assert world.run("list", "test", "--format", "json") == 0
    whole = json.loads(capsys.readouterr().out)
    assert [each["key"] for each in whole["claims"]] == ["shop/data-store-0", "shop/data-store-1"]
    assert whole["claims"][0]["disk"]["handle"] == world.volume
    assert [each["key"] for each in whole["snapshots"]] == ["shop/data-store-0"]
    assert world.run("list", "test", "shop/data-store-1", "--format", "json") == 0
    one = json.loads(capsys.readouterr().out)
    assert ([each["key"] for each in one["claims"]], one["snapshots"]) == (["shop/data-store-1"], [])


def test_a_restoration_is_shown_first_and_done_with_a_word(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.run("snapshot", "test", "shop/data-store-0")
    identity = capsys.readouterr().out.partition(":")[0]
    arguments = ("restore", "test", "shop/data-store-0", "--from", identity)
    assert world.run(*arguments) == 1
    assert "error: pods use the claim shop/data-store-0: store-0. Fix" in capsys.readouterr().err
    world.stop_the_pod()
    assert world.run(*arguments) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"1. make an EBS volume of 10 GiB from {identity} in eu-central-1a",
        "2. make a PersistentVolume of it that waits for the claim shop/data-store-0",
        f"3. keep the volume that the claim has now, {world.volume}",
        "4. delete the claim shop/data-store-0",
        "Nothing was changed. To do it, run the command again with --yes.",
    ]
    assert world.api.asked == []
    assert world.run(*arguments, "--zone", "eu-central-1b", "--yes") == 0
    said = capsys.readouterr().out
    assert f"from {identity} in eu-central-1b\n" in said
    assert said.endswith("by: pulumi up --refresh --stack test\n")
    assert [method for method, _, _ in world.api.asked] == ["POST", "PATCH", "DELETE"]


@pytest.mark.parametrize("name", ["store", "/store", "shop/", "a/b/c"])
def test_a_name_that_is_no_claims(world: World, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.run("snapshot", "test", name) == 2
    assert "names no claim: write NAMESPACE/CLAIM" in " ".join(capsys.readouterr().err.replace("│", "").split())


def test_a_claim_that_is_not_there(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.run("snapshot", "test", "shop/other") == 1
    said = capsys.readouterr().err
    assert "there is no such claim: shop/other. Fix: name one of shop/data-store-0, shop/data-store-1." in said
    world.api.lists.clear()
    assert world.run("snapshot", "test", "shop/other") == 1
    assert "shop/other. Fix: wait until its workload is deployed: the cluster has no claim." in capsys.readouterr().err
