"""Secrets of a cluster that goes over to AWS KMS, in the steps of docs/encrypt-secrets.md.

The API server and the provider beside it are the real ones, KMS is moto's.
"""

from __future__ import annotations

import base64
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.plan.control_plane.encryption import PROVIDER_NAME
from infra.plan.naming import state_key_alias
from rehearsal import controlplane
from rehearsal.controlplane.layout import Layout
from tests.e2e import promql
from tests.e2e.at_hand import programs_or_skip
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.etcdctl import Etcdctl
from tests.e2e.specs import small

pytestmark = pytest.mark.e2e
NAME = "wrapped"
BY_KEY, BY_KMS = b"k8s:enc:secretbox:v1:key-1:", f"k8s:enc:kms:v2:{PROVIDER_NAME}:".encode()


def by(how: str) -> dict[str, Any]:
    spec = small(NAME)
    return {**spec, "cluster": {**spec["cluster"], "controlPlane": {"secretsEncryption": how}}}


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    yield from rehearsed(home, NAME, by("kmsReadable"))


@pytest.fixture(scope="module")
def etcdctl() -> Path:
    return programs_or_skip(("etcdctl",), "etcd's own client")["etcdctl"]


def note(env: Rehearsed) -> None:
    """Note what the member runs, as its machine does when it boots."""
    cluster = env.spec["cluster"]
    noted = {"kubernetesVersion": cluster["kubernetesVersion"], **cluster["controlPlane"]}
    env.client("s3").put_object(
        Bucket=env.spec["state"]["bucket"],
        Key=f"{cluster['name']}/running/control-plane-a.json",
        Body=json.dumps(noted).encode(),
        ContentType="application/json",
    )


def write(env: Rehearsed, name: str) -> None:
    metadata = {"name": name, "namespace": "default"}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"word": f"{name} is secret"}}
    env.kube().request("POST", "/api/v1/namespaces/default/secrets", body=body)


def read(env: Rehearsed, name: str) -> str:
    found: Any = env.kube().request("GET", f"/api/v1/namespaces/default/secrets/{name}")
    return base64.b64decode(found["data"]["word"]).decode()


def stored(env: Rehearsed, etcdctl: Path, name: str) -> bytes:
    """Return what etcd holds of a Secret."""
    layout = Layout(env.home / env.name)
    port = json.loads(layout.ports.read_text())["etcd-client"]
    held = Etcdctl(etcdctl, layout.pki, port)("get", f"/registry/secrets/default/{name}", "--write-out=json")
    return base64.b64decode(json.loads(held)["kvs"][0]["value"])


def components(env: Rehearsed) -> dict[str, int | None]:
    return {each.name: each.pid for each in controlplane.status(env.home / env.name)}


def said(env: Rehearsed) -> str:
    return Layout(env.home / env.name).log("kms-provider").read_text()


def test_1_while_members_learn_to_read_what_kms_wraps_the_buckets_key_encrypts(env: Rehearsed, etcdctl: Path) -> None:
    env.run("up", "--skip-preview").ok()
    assert components(env)["kms-provider"] is not None
    write(env, "first")
    assert stored(env, etcdctl, "first").startswith(BY_KEY)


def test_2_kms_waits_for_members_that_cannot_read_what_it_wraps(env: Rehearsed) -> None:
    env.declare(by("kms"))
    early = env.run("up", "--skip-preview")
    assert early.status == 1
    assert "must wait for control-plane-a, which cannot read yet what KMS wraps" in early.output


def test_3_kms_wraps_and_what_was_before_is_read(env: Rehearsed, etcdctl: Path) -> None:
    env.declare(by("kmsReadable"))
    note(env)
    env.declare(by("kms"))
    env.run("up", "--skip-preview").ok()
    # What a roll of the control plane does to a member.
    env.run("stop").ok()
    env.run("start").ok()
    write(env, "second")
    held = stored(env, etcdctl, "second")
    assert held.startswith(BY_KMS)
    assert b"second is secret" not in held
    assert [read(env, each) for each in ("first", "second")] == ["first is secret", "second is secret"]
    key = env.client("kms").describe_key(KeyId=state_key_alias(env.name))["KeyMetadata"]["Arn"]
    assert f"with {key}" in said(env)
    assert "second is secret" not in said(env)


def test_4_what_the_alert_asks_is_told(env: Rehearsed) -> None:
    _, told = env.kube().raw("GET", "/metrics")
    # Nothing has failed yet.
    (empty,) = promql.judged(promql.series(told.splitlines()), "apiserver_envelope_")
    assert empty.matchers == (("grpc_status_code", "!=", "OK"),)


def test_5_the_provider_is_killed_and_both_start_anew(env: Rehearsed) -> None:
    pid = components(env)["kms-provider"]
    assert pid is not None
    provider = psutil.Process(pid)
    provider.send_signal(signal.SIGKILL)
    provider.wait(10)
    # What the API server has been told once it knows.
    assert read(env, "second") == "second is secret"
    write(env, "third")
    before = len(said(env))
    env.run("stop").ok()
    env.run("start").ok()
    assert components(env)["kms-provider"] not in (None, pid)
    assert [read(env, each) for each in ("second", "third")] == ["second is secret", "third is secret"]
    assert "unwrapped" in said(env)[before:]
