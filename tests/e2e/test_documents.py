"""Every document by task, walked through: its commands in its order, on environments that the commands themselves make.

The tests are steps of one reader: bootstrap, first update, day after day, recovery, the end. What no rehearsal can run
is listed in :mod:`tests.e2e.walk.lines`, each with its reason.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.plan.state_layout import etcd_backup_prefix
from rehearsal.project import ROOT, write_project, write_stack_file
from tests.e2e.conftest import Rehearsed
from tests.e2e.specs import small
from tests.e2e.walk.lines import NOT_RUN, WALKED, Line, lines_of
from tests.e2e.walk.walker import Walker

pytestmark = pytest.mark.e2e

BUCKET = "acme-slipway-dev"
SNAPSHOT = "20261124T110000Z-control-plane-a.db"
LOCK = "0f2c8a10-6c1e-4f0e-9a55-0d7a3c1b2e4f"

Hook = Callable[[Walker], None]


def dev() -> dict[str, Any]:
    """Return the README's ``dev``, with its names and without its stacks of logging and monitoring."""
    spec = small("dev", state={"bucket": BUCKET})
    spec["cluster"] |= {"name": "dev.k8s.example.com", "kubernetesVersion": "1.37.1"}
    spec["instanceGroups"].append({"name": "edge", "role": "Edge", "machineType": "t3.medium"})
    return spec


@pytest.fixture(scope="module")
def walker(home: Path) -> Iterator[Walker]:
    spec = dev()
    project = write_project(home / "project", "dev", spec)
    write_stack_file(project, "local", small("local"))
    (home / "reader").mkdir()
    made = Walker(Rehearsed("dev", project, home, spec), others={"prod": "dev"})
    try:
        yield made
    finally:
        made.ends.close()
        for name in ("dev", "local"):
            made.shell(f"./rehearse down {name} --yes")


def walk(
    walker: Walker,
    document: str,
    *,
    before: dict[str, Hook] | None = None,
    after: dict[str, Hook] | None = None,
    only: Callable[[Line], bool] = lambda _: True,
    again: str = "",
) -> None:
    """Run the lines of a document that were not run yet.

    Hooks are by regular expression of ``line#number``, the number counting equal lines of the document from 0. A line
    that the document ``again`` has, too, was run there, on what is still the same, and is not run a second time.
    """
    known = {line.text for line in walker.ran if line.document == again}
    for line in lines_of(document):
        if line.not_run or line in walker.ran or not only(line):
            continue
        if line.text in known:
            walker.ran.append(line)
            continue
        _hooked(walker, before or {}, line)
        walker.walk(line)
        _hooked(walker, after or {}, line)


def _hooked(walker: Walker, hooks: dict[str, Hook], line: Line) -> None:
    for pattern, hook in hooks.items():
        if re.match(pattern, f"{line.text}#{line.number}"):
            hook(walker)


def groups(spec: dict[str, Any], which: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in spec["instanceGroups"] if each["name"] == which)
    return found


def test_01_rehearsal(walker: Walker) -> None:
    walk(walker, "README.md", only=lambda line: line.text == "./rehearse up")
    end = ("./rehearse destroy", "./rehearse down")

    def evaluated(walker: Walker) -> None:
        local, walker.env.name = walker.env.name, "local"
        walker.read_variables(drop=())
        walker.env.name = local

    walk(
        walker,
        "docs/rehearsal.md",
        after={"eval": evaluated, "pulumi stack output": lambda walker: walker.variables.clear()},
        only=lambda line: line.text not in end,
        again="README.md",
    )
    walk(walker, "docs/rehearsal.md")


def test_02_readme(walker: Walker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert walker.shell("./rehearse start dev").returncode == 0
    walker.read_variables()

    def made(walker: Walker) -> None:
        walker.boot(monkeypatch)
        content = b"a snapshot of etcd"
        record = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "revision": 1, "keys": 1}
        s3, prefix = walker.env.client("s3"), etcd_backup_prefix(walker.spec)
        s3.put_object(Bucket=BUCKET, Key=f"{prefix}{SNAPSHOT}", Body=content)
        s3.put_object(Bucket=BUCKET, Key=f"{prefix}{SNAPSHOT[:-3]}.json", Body=json.dumps(record).encode())
        walker.words["2026-11-23T09:00:00Z"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    later = ("slipway destroy", "pulumi state unprotect")
    walk(
        walker, "README.md", after={"pulumi up --stack dev#0": made}, only=lambda line: not line.text.startswith(later)
    )


@pytest.mark.parametrize("document", ["declare", "validate", "control-plane", "drift"])
def test_03_looking_changes_nothing(walker: Walker, document: str) -> None:
    walk(walker, f"docs/{document}.md", again="README.md")


def test_03_the_firewall_of_the_example(walker: Walker) -> None:
    # The plan answers, and the example has the rules that the document speaks of.
    (walker.env.project / "apps").symlink_to(ROOT / "apps")
    (walker.env.project / "stacks" / "Pulumi.prod.yaml").symlink_to(ROOT / "stacks" / "Pulumi.prod.yaml")
    names, walker.others = walker.others, {}
    walk(walker, "docs/open-a-port.md")
    walker.others = names


def test_04_state(walker: Walker) -> None:
    def held(walker: Walker) -> None:
        holder = {"pid": 4242, "username": "sam", "hostname": "laptop-of-sam", "timestamp": "2026-11-24T03:00:00Z"}
        key = f".pulumi/locks/organization/slipway/dev/{LOCK}.json"
        walker.env.client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps(holder).encode())

    walk(
        walker,
        "docs/state.md",
        before={"slipway lock dev#0": held},
        again="README.md",
        only=lambda line: not line.text.startswith("aws "),
    )
    assert "sam@laptop-of-sam" in walker.said or LOCK in walker.said


def test_05_change_a_group(walker: Walker) -> None:
    def larger(walker: Walker) -> None:
        walker.edit(lambda spec: groups(spec, "nodes").update(machineType="m7i.xlarge"))

    walk(
        walker,
        "docs/change-a-group.md",
        before={"slipway spec check": larger},
        only=lambda line: not (line.text == "pulumi up --stack dev" and line.number) and "length(" not in line.text,
    )


def test_06_roll(walker: Walker) -> None:
    walk(walker, "docs/roll.md")


def test_06_upgrade(walker: Walker) -> None:
    def newer(walker: Walker) -> None:
        walker.edit(lambda spec: spec["cluster"].update(kubernetesVersion="1.37.2"))
        walker.new_machines("1.37.2")

    walk(walker, "docs/upgrade.md", before={"slipway preview": newer})


def test_07_preview(walker: Walker) -> None:
    def recorded(walker: Walker) -> None:
        stream = "pulumi preview --stack dev --json > events.jsonl"
        assert walker.shell(stream, PULUMI_ENABLE_STREAMING_JSON_PREVIEW="true").returncode == 0

    walk(walker, "docs/preview-in-pull-requests.md", before={"slipway preview prod --from": recorded})


def test_08_restore_etcd(walker: Walker) -> None:
    def something_to_restart(walker: Walker) -> None:
        made = walker.shell("kubectl --namespace kube-system create deployment dns --image=dns")
        assert made.returncode == 0, made.stdout

    walk(walker, "docs/restore-etcd.md", before={"kubectl --namespace kube-system rollout": something_to_restart})


def test_09_recover(walker: Walker) -> None:
    def interrupted(walker: Walker) -> None:
        command = f"{sys.executable} -m tests.e2e.programs.killed 4 recover dev --to {newest} --apply"
        killed = walker.shell(command)
        # The shell of a single command becomes it.
        assert killed.returncode in (137, -9), killed.stdout

    newest = json.loads(walker.shell("slipway history dev --format json").stdout)[0]["state"]
    walk(walker, "docs/recover-state.md", before={"slipway recover dev#0": interrupted})
    # The reader wanted to see how it is done; what exists is as the newest state says.
    back = walker.shell(f"slipway recover dev --to {newest} --apply")
    assert back.returncode == 0, back.stdout


def test_10_monitoring(walker: Walker) -> None:
    (walker.env.project / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    walk(walker, "docs/monitoring.md")


def test_11_remove_a_group(walker: Walker) -> None:
    def retired(walker: Walker) -> None:
        walker.edit(lambda spec: groups(spec, "nodes").update(retire=True))

    def removed(walker: Walker) -> None:
        walker.edit(lambda spec: spec["instanceGroups"].remove(groups(spec, "nodes")))

    walk(
        walker,
        "docs/change-a-group.md",
        before={"pulumi up --stack dev#1": retired, "pulumi up --stack dev#2": removed},
    )


def test_12_the_end(walker: Walker) -> None:
    walk(walker, "docs/destroy.md")
    walk(walker, "README.md", again="docs/destroy.md")

    def emptied(walker: Walker) -> None:
        s3 = walker.env.client("s3")
        # Read to the end first: a listing goes on from a key, which must still be there.
        for page in list(s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET)):
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                s3.delete_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])

    def identified(walker: Walker) -> None:
        walker.words["KEY-ID"] = walker.said.strip()

    walk(
        walker,
        "docs/state.md",
        before={"aws s3api delete-bucket": emptied},
        after={"aws kms describe-key": identified},
        only=lambda line: line.text.startswith("aws "),
    )


def test_13_every_line_of_the_documents_walked_was_run(walker: Walker, capsys: pytest.CaptureFixture[str]) -> None:
    every = [line for name in WALKED for line in lines_of(name)]
    walked = {line.document for line in walker.ran}
    missed = [line for line in every if line.document in walked and line not in walker.ran and not line.not_run]
    assert missed == []
    assert len(walked) >= 9
    with capsys.disabled():
        print(f"\n{len(walker.ran)} lines of {len(walked)} documents were run. Not run:")
        for pattern, why in NOT_RUN.items():
            found = [line for line in every if line.not_run == why]
            print(f"  {len(found)} x {pattern}: {why}")
