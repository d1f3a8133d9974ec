"""Bad days: an update killed half-way, the cloud gone in the middle, a stack that somebody else has locked."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import EVERY_KILL, Rehearsed, rehearsed
from tests.e2e.specs import REGION, small, with_group

pytestmark = pytest.mark.e2e

PATIENCE_SECONDS = 120

CREATED = r"\bcreated \("
"""How the engine says that it has created something, and how long that took."""


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    yield from rehearsed(home, "baddays", small("baddays"))


def wait_for(log: Path, pattern: str, times: int = 1) -> None:
    """Wait until a log shows the pattern that often."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(re.findall(pattern, log.read_text(errors="replace"))) < times:
        assert time.monotonic() < deadline, f"{pattern!r} not seen {times} times in:\n{log.read_text(errors='replace')}"
        time.sleep(0.02)


def kill_engine(pid: int) -> None:
    """Kill -9 the command and the engine below it. Plugins are left to end by themselves, as after any such kill."""
    command = psutil.Process(pid)
    for process in [*command.children(recursive=True), command]:
        try:
            if process == command or process.name() == "pulumi":
                process.kill()
        except psutil.NoSuchProcess:
            continue


def processes(home: Path) -> Iterator[psutil.Process]:
    """Yield what runs for the environments below a directory."""
    for process in psutil.process_iter(["cmdline", "ppid"]):
        if process.info["cmdline"] and str(home) in " ".join(process.info["cmdline"]):
            yield process


def process_of(home: Path, module: str) -> psutil.Process:
    """Return the one process there that runs a module. A child that writes a snapshot has the same command."""
    found = [each for each in processes(home) if module in each.info["cmdline"]]
    (process,) = (each for each in found if each.info["ppid"] not in {other.pid for other in found})
    return process


def counts(env: Rehearsed) -> dict[str, int]:
    """Count what there may be only one set of, as seen through boto3."""
    ec2, iam = env.client("ec2"), env.client("iam")
    own = [{"Name": "tag:slipway/environment", "Values": [env.name]}]
    return {
        "vpcs": len(ec2.describe_vpcs(Filters=own)["Vpcs"]),
        "subnets": len(ec2.describe_subnets(Filters=own)["Subnets"]),
        "route tables": len(ec2.describe_route_tables(Filters=own)["RouteTables"]),
        "gateways": len(ec2.describe_internet_gateways(Filters=own)["InternetGateways"]),
        "addresses": len(ec2.describe_addresses(Filters=own)["Addresses"]),
        "templates": len(ec2.describe_launch_templates()["LaunchTemplates"]),
        "groups": len(env.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]),
        "roles": len(iam.list_roles()["Roles"]),
        "queues": len(env.client("sqs").list_queues().get("QueueUrls", [])),
    }


WHOLE = {
    "vpcs": 1,
    "subnets": 4,
    "route tables": 3,
    "gateways": 1,
    "addresses": 1,
    "templates": 2,
    "groups": 2,
    "roles": 2,
    "queues": 1,
}


KILLS = [1] * 60 if EVERY_KILL else [3, 12, 25]
"""How many resources each update creates before it is killed."""


def test_an_up_killed_again_and_again_goes_on_and_duplicates_nothing(home: Path, tmp_path: Path) -> None:
    for env in rehearsed(home, "killed", small("killed"), checkpoints=True):
        for number, after in enumerate(KILLS):
            log = tmp_path / f"up-{number}.log"
            process = env.start("up", "--skip-preview", log=log)
            wait_for(log, CREATED, times=after)
            kill_engine(process.pid)
            process.wait()
        env.run("up", "--skip-preview").ok()
        assert counts(env) == WHOLE
        assert env.changes() == {}


def test_the_cloud_gone_in_the_middle_is_one_clear_message_and_up_goes_on(home: Path, tmp_path: Path) -> None:
    for env in rehearsed(home, "gone", small("gone"), checkpoints=True):
        log = tmp_path / "up.log"
        process = env.start("up", "--skip-preview", log=log)
        wait_for(log, CREATED, times=8)
        process_of(home, "rehearsal.moto").send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_SECONDS) != 0
        said = log.read_text(errors="replace")
        assert "The AWS stand-in ended during `up" in said, said
        assert "Traceback" not in said, said
        env.run("up", "--skip-preview").ok()
        assert counts(env) == WHOLE
        assert env.changes() == {}


def test_the_api_gone_in_the_middle_is_told_with_its_name_and_up_goes_on(home: Path, tmp_path: Path) -> None:
    spec = small("dark")
    for env in rehearsed(home, "dark", spec):
        env.run("up", "--skip-preview").ok()
        changed = with_group(spec, "nodes", maxSize=4)
        changed["cluster"]["namespaces"] = [{"name": "shop"}]
        env.declare(changed)
        log = tmp_path / "up.log"
        process = env.start("up", "--skip-preview", log=log)
        wait_for(log, r"Updating \(dark\)")
        # What stands for the load balancer of the API, without which nobody reaches it.
        process_of(home, "rehearsal.gateway").kill()
        assert process.wait(timeout=PATIENCE_SECONDS) != 0
        said = log.read_text(errors="replace")
        assert re.search(r"cluster is unreachable: .*https://api-int-dark-\S+ does not answer: ", said), said
        assert "Traceback" not in said, said
        env.run("up", "--skip-preview").ok()
        assert counts(env) == WHOLE
        assert env.changes() == {}


def test_a_stack_locked_by_another_names_the_holder_and_the_way_out(env: Rehearsed) -> None:
    env.run("up", "--skip-preview").ok()
    lock = ".pulumi/locks/organization/slipway/baddays/0f2c8a10-0000-4000-8000-000000000000.json"
    holder = {"pid": 4242, "username": "sam", "hostname": "laptop-of-sam", "timestamp": "2026-11-24T03:00:00Z"}
    s3 = env.client("s3")
    s3.put_object(Bucket=env.spec["state"]["bucket"], Key=lock, Body=json.dumps(holder).encode())
    refused = env.run("up", "--skip-preview")
    assert refused.status != 0
    for word in ("sam", "laptop-of-sam", "4242", "cancel"):
        assert word in refused.output
    env.engine("cancel", "--yes").ok()
    env.run("up", "--skip-preview").ok()
    assert env.changes() == {}


def test_a_spec_with_five_errors_names_them_all_and_touches_nothing(env: Rehearsed) -> None:
    before = env.spec
    bad = with_group(before, "nodes", minSize=5, taints=["spot"], nodeLabels={"kubernetes.io/hostname": "x"})
    bad["network"] = {"cidr": "10.0.0.0/25", "zones": [f"{REGION}a"], "nat": "sometimes"}
    env.declare(bad)
    refused = env.run("up", "--skip-preview")
    assert refused.status == 2
    for path in (
        "network.cidr",
        "network.nat",
        "instanceGroups[1].maxSize",
        "instanceGroups[1].taints[0]",
        "instanceGroups[1].nodeLabels",
    ):
        assert path in refused.output, path
    assert "Traceback" not in refused.output
    env.declare(before)
    assert env.changes() == {}


def test_two_at_once_do_not_collide(env: Rehearsed, tmp_path: Path) -> None:
    log = tmp_path / "first.log"
    env.declare(with_group(env.spec, "nodes", maxSize=4))
    first = env.start("up", "--skip-preview", log=log)
    wait_for(log, "Processes|State|Update")
    second = env.run("up", "--skip-preview")
    assert second.status != 0
    assert str(first.pid) in second.output
    assert first.wait(timeout=PATIENCE_SECONDS) == 0, log.read_text()
    assert env.changes() == {}


def test_the_environment_survives_a_power_cut(env: Rehearsed) -> None:
    env.run("up", "--skip-preview").ok()
    before = counts(env)
    time.sleep(2)  # the last snapshot is at most a second behind the last change
    for process in processes(env.home):
        process.kill()
    env.run("start").ok()
    assert counts(env) == before
    assert env.changes() == {}
