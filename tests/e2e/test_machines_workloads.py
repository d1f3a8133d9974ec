"""What a workload's file asks for, done by real kubelets; and what `slipway validate` says of files that ask in vain.

One member and two workers. The tests go in order. A log sidecar is not among it: that needs an image with `tail`, and
none is made here.
"""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.machines.images import WEB
from tests.e2e.commands import slipway
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.machine_cluster import NEEDS_ALL, Cluster, eventually
from tests.e2e.specs import small, with_group

pytestmark = NEEDS_ALL

UP_SECONDS = 1800
SPACE = "shop"
AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.53"
SMALL = {"cpu": "20m", "memory": "32Mi"}
HTTP = [{"name": "http", "port": 8080}]
ONE: dict[str, Any] = {"image": WEB, "ports": HTTP, "replicas": 1, "resources": SMALL}
CLAIM = {"name": "data", "path": "/data", "subPath": "within/here", "sizeGi": 1}
KEPT = {"name": "kept", "path": "/kept", "sizeGi": 1}
NOBODY = "127.0.0.1:1"
AWAITED = {"pulumi.com/waitFor": "condition=Complete"}
"""What the vendor's plugin waits for by itself, and the stand-in where it is told."""

FILES: dict[str, dict[str, Any]] = {
    "client": {**ONE, "to": ["site", "proxied", "store"]},
    "site": {
        **ONE,
        "replicas": 3,
        "args": ["-listen=:80"],
        "ports": [{"name": "http", "port": 80}],
        "from": ["client"],
        "service": {"sessionAffinity": "ClientIP"},
        "config": {"/srv/site/page.html": "placed\n", "plain.txt": "named\n"},
        "env": {"ME": "$(POD)"},
        "envFromPod": {"POD": "name", "LIMIT": "memoryLimit"},
    },
    "proxied": {
        **ONE,
        "args": ["-listen=127.0.0.1:8080"],
        "ports": [{"name": "http", "port": 4180}],
        "from": ["client"],
        "scratch": [{"path": "/srv/made"}],
        "helpers": [
            {"name": "make", "image": AGNHOST, "runs": "before", "args": ["mounttest", "--new_file_0644=/srv/made/it"]},
            {"name": "proxy", "args": ["-listen=:4180", "-name=proxy"], "runAsUser": 101},
            {"name": "look", "image": AGNHOST, "runs": "before", "args": ["connect", "127.0.0.1:4180", "--timeout=5s"]},
        ],
    },
    "store": {
        **ONE,
        "kind": "StatefulSet",
        "from": ["client"],
        "envFromPod": {"NUMBER": "ordinal"},
        "claims": [CLAIM],
    },
    "secure": {
        **ONE,
        "image": AGNHOST,
        "args": ["netexec", "--http-port=8443", *(f"--tls-{it}" for it in (
            "cert-file=/etc/secrets/tls.crt", "private-key-file=/etc/secrets/tls.key"
        ))],
        "ports": [{"name": "https", "port": 8443}],
        "secrets": [{"name": f"tls.{part}", "existing": "secure-tls"} for part in ("crt", "key")],
        "probes": {"common": {"type": "https", "headers": {"Host": "shop.example.com"}}},
    },
    "before": {
        "kind": "Job",
        "image": AGNHOST,
        "args": ["logs-generator", "--log-lines-total=9", "--run-duration=9s"],
        "resources": SMALL,
        "annotations": AWAITED,
    },
    "behind": {**ONE, "after": ["before"]},
    "dump": {
        "kind": "Job",
        "image": AGNHOST,
        "args": ["mounttest", "--new_file_0644=/kept/dump"],
        "resources": SMALL,
        "claims": [KEPT],
    },
}  # fmt: skip
IN_VAIN: dict[str, tuple[dict[str, Any], str]] = {
    "no-page": (
        {**ONE, "probes": {"readiness": {"path": "/read?path=/nothing"}}},
        "statuscode: 404). Fix: read kubectl",
    ),
    "no-port": (
        {**ONE, "ports": [{"name": "http", "port": 9999}]},
        "connection refused). Fix: read kubectl logs -n shop ",
    ),
    "no-program": (
        {**ONE, "command": ["/no/such"]},
        "Fix: correct command in apps/no-program.yaml: the image has no such program",
    ),
    "no-secret": (
        {**ONE, "secrets": [{"name": "a", "existing": "nowhere"}]},
        'secret "nowhere" not found. Fix: make what it names',
    ),
    "no-class": (
        {**ONE, "claims": [{**CLAIM, "storageClass": "nowhere"}]},
        "Fix: correct claims in apps/no-class.yaml",
    ),
    "no-device": (
        {**ONE, "resources": {**SMALL, "devices": {"example.com/card": 1}}},
        "Fix: run the plugin that offers example.com/card on nodes",
    ),
    "no-setup": (
        {**ONE, "helpers": [{"name": "setup", "image": AGNHOST, "runs": "before", "args": ["connect", NOBODY]}]},
        "container setup: ",
    ),
    "no-end": (
        {**ONE, "helpers": [{"name": "setup", "runs": "before", "args": ["-listen=:8081"]}]},
        "container setup: runs before the others: the main one starts when it has ended. Fix: wait, or read",
    ),
    "no-job": (
        {"kind": "Job", "image": AGNHOST, "args": ["connect", NOBODY], "resources": SMALL, "job": {"retries": 0}},
        "has failed: BackoffLimitExceeded: ",
    ),
    "no-time": (
        {"kind": "Job", "image": AGNHOST, "args": ["pause"], "resources": SMALL, "job": {"deadline": "5s"}},
        "Fix: raise job.deadline in apps/no-time.yaml",
    ),
}
"""Name -> file, and what is said of it."""


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    names = [*FILES, *IN_VAIN]
    spec = small("asked", workloads=[{"name": name, "namespace": SPACE} for name in names], pinnedImages=False)
    spec["cluster"] = {**spec["cluster"], "namespaces": [{"name": SPACE}], "addons": {}}
    spec = with_group(spec, "nodes", minSize=2, maxSize=2, zones=["eu-central-1a"])
    for each in rehearsed(home, "asked", spec, options=("--machines",)):
        for name, written in FILES.items():
            each.write_app(name, written)
        for name, (written, _) in IN_VAIN.items():
            each.write_app(name, written)
        each.run("up", "--yes", timeout=UP_SECONDS).ok()
        yield each


@pytest.fixture(scope="module")
def cluster(env: Rehearsed, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    made = Cluster(env)
    key, certificate = (tmp_path_factory.mktemp("tls") / name for name in ("tls.key", "tls.crt"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=nobody", "-keyout", key, "-out",
         certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    files = (f"--from-file=tls.{part.suffix[1:]}={part}" for part in (key, certificate))
    made.kubectl("-n", SPACE, "create", "secret", "generic", "secure-tls", *files)
    return made


def pods(cluster: Cluster, name: str) -> list[dict[str, Any]]:
    chosen = f"--selector=app.kubernetes.io/name={name}"
    return sorted(cluster.get("-n", SPACE, "pods", chosen)["items"], key=lambda each: str(each["metadata"]["name"]))


def pod(cluster: Cluster, name: str) -> str:
    return str(pods(cluster, name)[0]["metadata"]["name"])


def ask(cluster: Cluster, pod: str, port: int, what: str) -> str:
    return cluster.kubectl("get", "--raw", f"/api/v1/namespaces/{SPACE}/pods/{pod}:{port}/proxy/{what}")


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def test_01_what_asks_for_what_there_is_is_whole(env: Rehearsed, cluster: Cluster) -> None:
    assert cluster.get("nodes")["items"]
    chosen = [option for name in FILES for option in ("--workload", name)]
    done = slipway(env, "validate", *chosen, "--wait", "5m")
    assert done.status == 0, done.output + done.errors


def test_02_a_port_below_1024_is_listened_on_by_whoever_is_not_root(cluster: Cluster) -> None:
    name = pod(cluster, "site")
    status = ask(cluster, name, 80, "read?path=/proc/self/status")
    assert "Uid:\t65532\t65532" in status
    assert "CapEff:\t0000000000000000" in status


def test_03_files_and_variables_are_where_they_were_asked_for(cluster: Cluster) -> None:
    name = pod(cluster, "site")
    assert ask(cluster, name, 80, "read?path=/srv/site/page.html") == "placed\n"
    assert ask(cluster, name, 80, "read?path=/etc/config/plain.txt") == "named\n"
    variables = ask(cluster, name, 80, "read?path=/proc/self/environ").split("\0")
    assert {f"ME={name}", f"LIMIT={32 * 1024**2}"} <= {*variables}


def test_04_a_caller_stays_with_one_pod(cluster: Cluster) -> None:
    answers = ask(cluster, pod(cluster, "client"), 8080, "get?url=http%3A%2F%2Fsite%2F&times=60").splitlines()
    assert len(answers) == 60
    assert len({line.split()[1] for line in answers}) == 1


def test_05_helpers_run_in_their_order_and_one_beside_goes_on(cluster: Cluster) -> None:
    (one,) = pods(cluster, "proxied")
    make, proxy, look = one["status"]["initContainerStatuses"]
    (main,) = one["status"]["containerStatuses"]
    for done in (make, look):
        assert done["state"]["terminated"]["exitCode"] == 0
    began = [moment(make["state"]["terminated"]["finishedAt"]), moment(proxy["state"]["running"]["startedAt"])]
    began += [moment(look["state"]["terminated"]["finishedAt"]), moment(main["state"]["running"]["startedAt"])]
    assert began == sorted(began)
    name = one["metadata"]["name"]
    # The main one listens on its pod's own address alone: what is asked at the port is the proxy.
    assert ask(cluster, name, 4180, "").startswith("proxy ")
    assert "Uid:\t101\t101" in ask(cluster, name, 4180, "read?path=/proc/self/status")
    assert ask(cluster, name, 4180, "read?path=/srv/made/it") == "mount-tester new file\n"


def test_06_what_a_folder_of_a_volume_holds_is_there_after_its_pod(cluster: Cluster) -> None:
    before = pods(cluster, "store")[0]["metadata"]["uid"]
    ask(cluster, "store-0", 8080, "write?path=/data/it&text=kept")
    assert "/within/here /data " in ask(cluster, "store-0", 8080, "read?path=/proc/self/mountinfo")
    cluster.kubectl("-n", SPACE, "delete", "pod", "store-0")
    eventually(
        lambda: True if [each["metadata"]["uid"] for each in pods(cluster, "store")] not in ([], [before]) else None,
        60, "another store-0",
    )  # fmt: skip
    cluster.wait("condition=Ready", "pod/store-0", 120, SPACE)
    assert ask(cluster, "store-0", 8080, "read?path=/data/it") == "kept"
    assert "NUMBER=0" in ask(cluster, "store-0", 8080, "read?path=/proc/self/environ").split("\0")


def test_07_what_comes_after_a_job_was_made_when_that_had_succeeded(cluster: Cluster) -> None:
    (job,) = cluster.get("-n", SPACE, "jobs", "--selector=app.kubernetes.io/name=before")["items"]
    behind = cluster.get("-n", SPACE, "deployment", "behind")
    done, made = moment(job["status"]["completionTime"]), moment(behind["metadata"]["creationTimestamp"])
    assert done - moment(job["status"]["startTime"]) >= datetime.timedelta(seconds=9)
    assert done <= made


def test_08_what_asks_in_vain_is_told_with_the_way_out(env: Rehearsed, cluster: Cluster) -> None:
    assert cluster.get("nodes")["items"]
    chosen = [option for name in IN_VAIN for option in ("--workload", name)]

    def told() -> dict[str, str] | None:
        done = slipway(env, "validate", *chosen)
        assert done.status == 4, done.output + done.errors
        lines = {
            name: next((each for each in done.output.splitlines() if f" {SPACE}/{name}: " in each), "")
            for name in IN_VAIN
        }
        return lines if all(words in lines[name] for name, (_, words) in IN_VAIN.items()) else None

    for line in eventually(told, 120, "each is told with its cause", 5).values():
        print(f"\n{line}", end="")


def test_09_the_next_run_of_a_job_finds_what_the_last_one_left(env: Rehearsed, cluster: Cluster) -> None:
    env.write_app("dump", {**FILES["dump"], "args": ["mounttest", "--file_content=/kept/dump"]})
    env.run("up", "--yes", timeout=UP_SECONDS).ok()

    def said() -> str | None:
        (job,) = cluster.get("-n", SPACE, "jobs", "--selector=app.kubernetes.io/name=dump")["items"]
        done = job.get("status", {}).get("succeeded")
        return cluster.kubectl("-n", SPACE, "logs", f"job/{job['metadata']['name']}") if done else None

    assert 'content of file "/kept/dump": mount-tester new file' in eventually(said, 120, "the second run has ended")
