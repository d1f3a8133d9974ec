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
from tests.e2e.at_hand import programs_or_skip
from tests.e2e.conftest import Rehearsed, rehearsed
from tests.e2e.etcdctl import Etcdctl
from tests.e2e.specs import small

pytestmark = pytest.mark.e2e
NAME = "wrapped"
BY_KEY, BY_KMS = b"k8s:enc:secretbox:v1:key-1:", f"k8s:enc:kms:v2:{PROVIDER_NAME}:".encode()


@pytest.fixture(scope="module")
def env(home: Path) -> Iterator[Rehearsed]:
    yield from rehearsed(home, NAME, small(NAME))


@pytest.fixture(scope="module")
def etcdctl() -> Path:
    return programs_or_skip(("etcdctl",), "etcd's own client")["etcdctl"]


def encrypt(env: Rehearsed, how: str) -> None:
    env.declare({**env.spec, "cluster": {**env.spec["cluster"], "controlPlane": {"secretsEncryption": how}}})


def roll(env: Rehearsed) -> None:
    """Start the member anew from what the bucket holds, and note what it runs, as a machine does when it boots."""
    env.run("stop").ok()
    env.run("start").ok()
    cluster = env.spec["cluster"]
    noted = {
        "kubernetesVersion": cluster["kubernetesVersion"],
        "secretsEncryption": cluster.get("controlPlane", {}).get("secretsEncryption", "secretbox"),
    }
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


def test_01_a_key_of_the_bucket_encrypts(env: Rehearsed, etcdctl: Path) -> None:
    env.run("up", "--skip-preview").ok()
    write(env, "first")
    assert stored(env, etcdctl, "first").startswith(BY_KEY)
    assert "kms-provider" not in components(env)


def test_02_kms_at_once_is_refused(env: Rehearsed) -> None:
    encrypt(env, "kms")
    refused = env.run("up", "--skip-preview")
    assert refused.status == 1
    assert "cluster.controlPlane.secretsEncryption: 'kms' cannot follow on secretbox at once" in refused.output


def test_03_members_learn_to_read_what_kms_wraps(env: Rehearsed, etcdctl: Path) -> None:
    encrypt(env, "kmsReadable")
    env.run("up", "--skip-preview").ok()
    encrypt(env, "kms")
    early = env.run("up", "--skip-preview")
    assert early.status == 1
    assert "must wait for control-plane-a, which cannot read yet what KMS wraps" in early.output
    encrypt(env, "kmsReadable")
    roll(env)
    assert components(env)["kms-provider"] is not None
    write(env, "second")
    assert stored(env, etcdctl, "second").startswith(BY_KEY)
    assert read(env, "first") == "first is secret"


def test_04_kms_wraps_and_what_was_before_is_read(env: Rehearsed, etcdctl: Path) -> None:
    encrypt(env, "kms")
    env.run("up", "--skip-preview").ok()
    roll(env)
    write(env, "third")
    held = stored(env, etcdctl, "third")
    assert held.startswith(BY_KMS)
    assert b"third is secret" not in held
    assert [read(env, each) for each in ("first", "second", "third")] == [
        "first is secret", "second is secret", "third is secret",
    ]  # fmt: skip
    key = env.client("kms").describe_key(KeyId=state_key_alias(env.name))["KeyMetadata"]["Arn"]
    assert f"with {key}" in said(env)
    assert "third is secret" not in said(env)


def test_05_an_api_server_that_starts_anew_has_its_keys_unwrapped(env: Rehearsed) -> None:
    before = len(said(env))
    env.run("stop").ok()
    env.run("start").ok()
    assert read(env, "third") == "third is secret"
    assert "unwrapped" in said(env)[before:]


def test_06_without_its_provider_it_serves_what_it_knows_and_the_provider_comes_back(env: Rehearsed) -> None:
    pid = components(env)["kms-provider"]
    assert pid is not None
    provider = psutil.Process(pid)
    provider.send_signal(signal.SIGKILL)
    provider.wait(10)
    assert read(env, "third") == "third is secret"
    write(env, "fourth")
    env.run("start").ok()
    assert components(env)["kms-provider"] not in (None, pid)
    assert read(env, "fourth") == "fourth is secret"


def test_07_what_the_alert_asks_is_told(env: Rehearsed) -> None:
    _, told = env.kube().raw("GET", "/metrics")
    counted = "apiserver_envelope_encryption_kms_operations_latency_seconds_count"
    labels = [line for line in told.splitlines() if line.startswith(counted)]
    assert any('method_name="/v2.KeyManagementService/Status"' in each for each in labels), labels
    assert all('grpc_status_code="OK",method_name=' in each for each in labels), labels


def test_08_it_never_gives_up_to_read_what_kms_has_wrapped(env: Rehearsed) -> None:
    encrypt(env, "secretbox")
    refused = env.run("up", "--skip-preview")
    assert refused.status == 1
    assert "'secretbox' cannot follow on kms: Secrets that KMS has wrapped" in refused.output
    encrypt(env, "kmsReadable")
    env.run("up", "--skip-preview").ok()
    roll(env)
    assert read(env, "fourth") == "fourth is secret"
