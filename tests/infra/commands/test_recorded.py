"""While an environment's files have problems, what only looks goes by the last update, and says so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import cli
from infra.ops import images, kube
from infra.ops.errors import OpsError
from infra.ops.images import ImageInUse, declared_images
from infra.ops.validate import run as validate_module
from infra.ops.validate.run import Report
from infra.plan.records import plan_records
from infra.spec import CONFIG_KEY, EnvironmentSpec, load
from tests.infra.ops.cloud import ACCOUNT, BUCKET
from tests.infra.ops.conftest import cloud
from tests.infra.samples import sample_mapping
from tests.infra.workload_samples import IMAGE

__all__ = ["cloud"]  # fixture

pytestmark = pytest.mark.usefixtures("cloud")

SENTENCE = re.compile(
    r"The files of test have the problems above and were left aside: what follows is held against test as its last "
    r"update recorded it \(unchanged since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)\.\n$"
)


class Project:
    """An environment that an update has recorded, with its files."""

    def __init__(self, folder: Path) -> None:
        (folder / "Pulumi.yaml").write_text("name: slipway\n", encoding="utf-8")
        for name in ("stacks", "apps"):
            (folder / name).mkdir()
        self.stack, self.app = folder / "stacks" / "Pulumi.test.yaml", folder / "apps" / "web.yaml"
        self.app.write_text(yaml.safe_dump({"image": IMAGE, "replicas": 3}), encoding="utf-8")
        use = {"name": "web", "namespace": "web"}
        written = sample_mapping(accountId=ACCOUNT, cluster={"namespaces": [{"name": "web"}]}, workloads=[use])
        self.stack.write_text(yaml.safe_dump({"config": {CONFIG_KEY: written}}, sort_keys=False), encoding="utf-8")
        self.good = load(self.stack, "test")

    def record(self) -> None:
        """Write the records as an update does."""
        from infra.ops.aws import session_for

        s3 = session_for(self.good).client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for record in plan_records(self.good).records:
            s3.put_object(Bucket=BUCKET, Key=record.key, Body=record.content.encode())

    def half_edited(self) -> None:
        """Leave the stack file in the middle of a change."""
        with self.stack.open("a", encoding="utf-8") as file:
            file.write('  half: "\n')


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[EnvironmentSpec]:
    """Return the environments that a cluster was held against: all is well with it."""
    found: list[EnvironmentSpec] = []

    class Validation:
        def report(self, *_: Any) -> Report:
            return Report((), ("workloads",))

    def connected(spec: EnvironmentSpec, *_: Any) -> Validation:
        found.append(spec)
        return Validation()

    def in_use(spec: EnvironmentSpec, _: Any) -> tuple[ImageInUse, ...]:
        found.append(spec)
        return declared_images(spec)

    monkeypatch.setattr(validate_module, "connected", connected)
    monkeypatch.setattr(kube, "connect", lambda _: None)
    monkeypatch.setattr(images, "images_in_use", in_use)
    return found


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["slipway", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("command", ["validate", "image"])
def test_a_stack_file_that_is_no_yaml_is_told_and_left_aside(
    project: Project,
    looked_at: list[EnvironmentSpec],
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.record()
    project.half_edited()
    assert run(monkeypatch, command, "test") == 2
    (spec,) = looked_at
    assert (spec.cluster, spec.declared_workloads) == (project.good.cluster, project.good.declared_workloads)
    out, told = capsys.readouterr()
    assert told.startswith(
        f"{project.stack}: 1 problem in the environment's spec\n  1. the file is not readable as YAML"
    )
    assert SENTENCE.search(told)
    assert ("is valid" if command == "validate" else IMAGE) in out


def test_a_workload_file_with_a_mistake_is_told_and_left_aside(
    project: Project,
    looked_at: list[EnvironmentSpec],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.record()
    project.app.write_text("image: web\nreplicas: many\n", encoding="utf-8")
    assert run(monkeypatch, "image", "test", "--json") == 2
    assert [each.replicas for each in looked_at[0].declared_workloads] == [3]
    out, told = capsys.readouterr()
    assert [each["declared"] for each in json.loads(out)] == [IMAGE]
    assert "apps/web.yaml: replicas: 'many' is not a whole number" in told
    assert SENTENCE.search(told)


def test_what_another_program_reads_has_the_problems_too(
    project: Project,
    looked_at: list[EnvironmentSpec],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.record()
    assert run(monkeypatch, "validate", "test", "--format", "json") == 0
    assert not {"recorded", "problems"} & json.loads(capsys.readouterr().out).keys()
    project.app.unlink()
    assert run(monkeypatch, "validate", "test", "--format", "json") == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["verdict"], len(looked_at)) == ("valid", 2)
    assert document["problems"] == [
        "apps/web.yaml: the file does not exist. Fix: create it in " + str(project.app.parent) + "."
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["recorded"])


@pytest.mark.usefixtures("looked_at")
def test_where_nothing_is_recorded_the_problems_are_told_all_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.half_edited()
    assert run(monkeypatch, "validate", "test") == 2
    out, told = capsys.readouterr()
    assert (out, told.count("not readable as YAML")) == ("", 1)
    assert "\nerror: what was recorded of test cannot stand in for its files: " in told


def test_where_the_file_does_not_say_where_to_look_nobody_is_asked(
    project: Project,
    looked_at: list[EnvironmentSpec],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.record()
    project.stack.write_text("config: [", encoding="utf-8")
    assert run(monkeypatch, "validate", "test") == 2
    assert (looked_at, capsys.readouterr().err.count("\n")) == ([], 2)


def test_what_asks_no_cluster_has_no_use_for_the_record(
    project: Project,
    looked_at: list[EnvironmentSpec],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.record()
    project.half_edited()
    assert run(monkeypatch, "image", "test", "--declared") == 2
    assert (looked_at, SENTENCE.search(capsys.readouterr().err)) == ([], None)


def test_a_cluster_that_does_not_answer_is_told_behind_the_problems(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def connected(*_: Any) -> None:
        raise OpsError("no kubeconfig", "test.example.com", "make one")

    monkeypatch.setattr(validate_module, "connected", connected)
    project.record()
    project.half_edited()
    assert run(monkeypatch, "validate", "test") == 2
    assert capsys.readouterr().err.endswith("error: no kubeconfig: test.example.com. Fix: make one.\n")
