"""The slipway command as its user meets it: what it prints, where, and with which exit status."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from infra import cli
from infra.ops.aws import session_for
from infra.plan.diagram import diagram
from infra.plan.environment import plan_environment
from infra.spec import CONFIG_KEY, EnvironmentSpec
from infra.spec.schema import json_schema, options_table
from tests.infra.ops.cloud import ACCOUNT, BUCKET
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.samples import group_mapping, sample_mapping, sample_spec

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the environments `test` and `bad`, and the current directory deep inside it."""
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\n", encoding="utf-8")
    (tmp_path / "stacks").mkdir()
    declare(tmp_path, "test", accountId=ACCOUNT)
    declare(tmp_path, "bad", region="Frankfurt", extra=1)
    inside = tmp_path / "docs" / "adr"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    return tmp_path


def declare(project: Path, name: str, **change: object) -> Path:
    path = project / "stacks" / f"Pulumi.{name}.yaml"
    path.write_text(yaml.safe_dump({"config": {CONFIG_KEY: sample_mapping(**change)}}), encoding="utf-8")
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command as its entry point does; return exit status, stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["slipway", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return call


def rows(text: str) -> list[list[str]]:
    """Return the cells of the tables in a text."""
    return [
        [cell.strip() for cell in line.strip("│┃").split("│")] for line in text.splitlines() if line.startswith("│")
    ]


def test_a_good_environment(run: Run, project: Path) -> None:
    status, out, err = run("spec", "check", "test")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == (
        "test: cluster test.example.com, Kubernetes 1.37.2, account 123456789012, eu-central-1, 3 zones, 3 NAT gateways"
    )
    assert [row[:5] for row in rows(out)] == [
        ["control-plane-a", "ControlPlane", "1", "m7i.large", "a"],
        ["nodes", "Node", "2 to 6", "m7i.large", "a, b, c"],
        ["edge", "Edge", "2 to 4", "t3.medium", "a, b, c"],
    ]
    data = [group.launch_template.user_data for group in plan_environment(spec_of_project()).groups]
    assert [int(row[5].removesuffix(" bytes").replace(",", "")) for row in rows(out)] == [
        pytest.approx(len(base64.b64decode(each)), abs=2) for each in data
    ]
    assert re.fullmatch(r"A first `pulumi preview` shows (\d+) resources: (\d+) to create and 9 to import\.", lines[-1])


def test_one_of_each_is_not_said_in_the_plural(run: Run, project: Path) -> None:
    declare(project, "one", network={"zones": ["eu-central-1a"], "nat": "single"})
    assert run("spec", "check", "one")[1].splitlines()[0].endswith(", 1 zone, 1 NAT gateway")


def test_a_zone_that_takes_the_quorum_with_it_is_told(run: Run, project: Path) -> None:
    members = [
        group_mapping(f"member-{name}", role="ControlPlane", minSize=1, maxSize=1, zones=[f"eu-central-1{zone}"])
        for name, zone in (("x", "a"), ("y", "a"), ("z", "b"))
    ]
    declare(project, "two", instanceGroups=[*members, group_mapping()])
    status, out, _ = run("spec", "check", "two")
    assert status == 0
    assert (
        "Note: member-x, member-y are all in eu-central-1a. Without this zone etcd has no quorum, and the API takes no "
        "writes.\n"
    ) in out
    assert "Note:" not in run("spec", "check", "test")[1]


def test_mixed_and_long_names_are_shown_whole(run: Run, project: Path) -> None:
    group = group_mapping("n" * 47, machineType=None, mixedInstancesPolicy={"instances": ["m7i.large"]})
    del group["machineType"]
    declare(project, "long", instanceGroups=[*sample_mapping()["instanceGroups"], group])
    _, out, _ = run("spec", "check", "long")
    assert rows(out)[3][:5] == ["n" * 47, "Node", "2 to 6", "mixed", "a, b, c"]


def test_workloads_are_shown_with_what_became_of_their_files(run: Run, project: Path) -> None:
    (project / "apps").mkdir()
    image = f"registry.example.com/web@sha256:{'ab' * 32}"
    files = {
        "web": {"image": image, "ports": [{"name": "http", "port": 8080}], "from": ["api", "monitoring"]},
        "api": {"image": image, "to": ["web"], "replicas": 4},
        "agent": {"image": image, "kind": "DaemonSet"},
        "report": {"image": image, "kind": "CronJob", "schedule": "30 2 * * *"},
        "spare": {"image": image},
    }
    for name, written in files.items():
        (project / "apps" / f"{name}.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    uses: list[dict[str, object]] = [{"name": name, "namespace": "web"} for name in ("web", "api", "agent", "report")]
    uses[1]["overrides"] = {"replicas": 3}
    declare(project, "apps", cluster={"namespaces": [{"name": "web"}]}, workloads=uses)
    status, out, err = run("spec", "check", "apps")
    assert (status, err) == (0, "")
    assert [row for row in rows(out) if len(row) == 5] == [
        ["web", "web", "Deployment", "2", "api, monitoring"],
        ["api", "web", "Deployment", "3", "nobody"],
        ["agent", "web", "DaemonSet", "one a node", "nobody"],
        ["report", "web", "CronJob", "30 2 * * *", "nobody"],
    ]
    assert "Not in this environment, since no line under workloads names it: apps/spare.yaml." in out


def test_resources_by_type_add_up(run: Run, project: Path) -> None:
    _, out, _ = run("spec", "check", "test", "--resources")
    counts = {row[0]: int(row[1]) for row in rows(out) if len(row) == 2}
    (total,) = re.findall(r"shows (\d+) resources", out)
    assert sum(counts.values()) == int(total)
    assert counts["aws:autoscaling/group:Group"] == 3
    assert counts["aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"] == 1


def test_the_path_of_a_file_stands_for_an_environment(run: Run, project: Path) -> None:
    path = project / "stacks" / "Pulumi.test.yaml"
    assert run("spec", "check", str(path))[1].startswith("test: cluster")
    other = path.rename(project / "somewhere.yml")
    assert run("spec", "check", str(other))[1].startswith("somewhere: cluster")


def test_the_picture_is_the_environments(run: Run, project: Path) -> None:
    status, out, err = run("diagram", "test")
    assert (status, err) == (0, "")
    assert out == diagram(plan_environment(spec_of_project()))
    file = project / "test.svg"
    assert run("diagram", "test", "--write", str(file)) == (0, f"Wrote {file}.\n", "")
    assert file.read_text(encoding="utf-8") == out


def test_a_bad_environment_is_one_report_on_stderr(run: Run, project: Path) -> None:
    status, out, err = run("spec", "check", "bad")
    assert (status, out) == (2, "")
    known = ", ".join(sorted(str(f.alias) for f in EnvironmentSpec.model_fields.values() if not f.exclude))
    assert known.startswith("accountId, backends, cluster, ")
    assert err.splitlines() == [
        f"{project / 'stacks' / 'Pulumi.bad.yaml'}: 2 problems in the environment's spec",
        f"  1. extra: is not a known key. Fix: remove it; known here: {known}.",
        "  2. region: 'Frankfurt' is not an AWS region name. Fix: write a region such as eu-central-1.",
    ]


@pytest.mark.parametrize("command", [("spec", "check"), ("diagram",), ("bootstrap",)])
def test_every_command_refuses_a_bad_environment(run: Run, project: Path, command: tuple[str, ...]) -> None:
    status, out, err = run(*command, "bad")
    assert (status, out) == (2, "")
    assert "Pulumi.bad.yaml: 2 problems" in err


@pytest.mark.parametrize("command", [("spec", "check"), ("diagram",), ("bootstrap",)])
def test_what_only_the_plan_can_refuse(run: Run, project: Path, command: tuple[str, ...]) -> None:
    labelled = group_mapping("x", nodeLabels={"slipway/x": "1"})
    path = declare(project, "plan", instanceGroups=[*sample_mapping()["instanceGroups"], labelled])
    status, out, err = run(*command, "plan")
    assert (status, out) == (2, "")
    assert err.splitlines()[0] == f"{path}: 1 problem in the environment's spec"


def test_an_environment_that_is_not_there(run: Run, project: Path) -> None:
    path = project / "stacks" / "Pulumi.tset.yaml"
    assert run("spec", "check", "tset") == (
        2,
        "",
        "tset: 1 problem in the environment's spec\n"
        f"  1. there is no environment of this name. Fix: create {path} or name one of bad, test.\n",
    )
    assert run("spec", "check", "gone.yaml")[2].splitlines()[1:] == [
        "  1. the file does not exist. Fix: create gone.yaml, or name another environment."
    ]


def test_a_project_without_environments(run: Run, project: Path) -> None:
    for path in (project / "stacks").iterdir():
        path.unlink()
    assert run("spec", "check", "dev")[2].endswith(f"Fix: create {project / 'stacks' / 'Pulumi.dev.yaml'}.\n")


def test_outside_of_a_project(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("spec", "check", "dev") == (
        2,
        "",
        "dev: 1 problem in the environment's spec\n"
        f"  1. no Pulumi.yaml in {tmp_path} or above it. Fix: run the command inside the project.\n",
    )


def test_schema_and_options(run: Run, tmp_path: Path) -> None:
    status, out, err = run("spec", "schema")
    assert (status, err) == (0, "")
    assert json.loads(out) == json_schema()
    assert run("spec", "options") == (0, options_table(), "")
    file = tmp_path / "schema.json"
    assert run("spec", "schema", "--write", str(file)) == (0, f"Wrote {file}.\n", "")
    assert file.read_text(encoding="utf-8") == out


def test_a_file_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "absent" / "options.md"
    assert run("spec", "options", "--write", str(file)) == (
        1,
        "",
        f"error: {file} cannot be written: No such file or directory.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["spec", "check"], "Missing argument 'ENV'"),
        (["spec", "verify", "test"], "No such command 'verify'"),
        (["bootstrap", "test", "--force"], "No such option"),
    ],
)
def test_a_wrong_call(run: Run, arguments: list[str], words: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert words in err


def test_help_tells_the_exit_status(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert "Usage: slipway [OPTIONS] COMMAND" in out
    assert " ".join(out.split()).endswith(cli.EXIT_CODES)


@pytest.mark.usefixtures("cloud", "project")
class TestBootstrap:
    """`slipway bootstrap`, against moto."""

    def test_it_makes_the_bucket_and_says_what_comes_next(self, run: Run) -> None:
        status, out, err = run("bootstrap", "test")
        assert (status, err) == (0, "")
        assert f"created: bucket {BUCKET} (in eu-central-1)\n" in out
        assert out.endswith(
            "\nNext:\n"
            f"  pulumi login 's3://{BUCKET}?region=eu-central-1'\n"
            "  pulumi stack init test --secrets-provider 'awskms://alias/slipway-state-test?region=eu-central-1'\n"
            "  pulumi preview --stack test\n"
        )
        again = run("bootstrap", "test")[1]
        assert "created" not in again
        assert "changed:" not in again.replace("unchanged:", "")
        assert again.count("unchanged: ") >= 8

    def test_a_dry_run_makes_nothing(self, run: Run) -> None:
        status, out, _ = run("bootstrap", "test", "--dry-run")
        assert status == 0
        assert f"would create: bucket {BUCKET} (in eu-central-1)\n" in out
        assert out.endswith("\nNothing was changed.\n")
        assert session_for(spec_of_project()).client("s3").list_buckets()["Buckets"] == []
        run("bootstrap", "test")
        assert run("bootstrap", "test", "--dry-run")[1].endswith("\nNothing to change.\n")

    def test_a_bucket_in_use_is_taken_over_only_when_told_to(self, run: Run) -> None:
        s3 = session_for(spec_of_project()).client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        s3.put_object(Bucket=BUCKET, Key="somebody/else", Body=b"data")
        status, out, err = run("bootstrap", "test")
        assert (status, out) == (1, "")
        assert err.startswith("error: the bucket holds objects and was not made by Slipway: ")
        assert err.count("\n") == 1
        status, out, err = run("bootstrap", "test", "--adopt")
        assert (status, err) == (0, "")
        assert f"unchanged: bucket {BUCKET}\n" in out

    def test_credentials_of_another_account(self, run: Run, project: Path) -> None:
        declare(project, "other")
        status, out, err = run("bootstrap", "other")
        assert (status, out) == (1, "")
        assert err.startswith("error: the credentials are of another account than accountId 111122223333: ")


def spec_of_project() -> EnvironmentSpec:
    return sample_spec(accountId=ACCOUNT)
