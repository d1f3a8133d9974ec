"""What the API server is told by its provider of KMS, over a socket; KMS is moto's."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import grpc
import pytest

from infra.templates.control_plane import kms_provider as program
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)

ALIAS = "alias/slipway-state-test"
CONTEXT = {"slipway:secrets-of": "test.example.com"}
SEED = bytes(range(32))


class Asker:
    """The API server's side."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.made = program.message_classes()
        self.channel = channel

    def __call__(self, call: str, **fields: Any) -> Any:
        ask = self.channel.unary_unary(
            f"/v2.KeyManagementService/{call}",
            request_serializer=self.made[f"{call}Request"].SerializeToString,
            response_deserializer=self.made[f"{call}Response"].FromString,
        )
        return ask(self.made[f"{call}Request"](**fields), timeout=20)


@pytest.fixture
def kms(cloud: None) -> Any:  # noqa: F811
    client = boto3.client("kms", region_name="eu-central-1")
    client.create_alias(AliasName=ALIAS, TargetKeyId=client.create_key()["KeyMetadata"]["Arn"])
    return client


@pytest.fixture
def ask(kms: Any) -> Iterator[Asker]:
    with tempfile.TemporaryDirectory() as folder:
        socket = str(Path(folder) / "provider.sock")
        config = {"key": ALIAS, "region": "eu-central-1", "context": CONTEXT, "socket": socket}
        running = program.server(program.Provider(config, kms), socket)
        running.start()
        with grpc.insecure_channel(f"unix://{socket}") as channel:
            yield Asker(channel)
        running.stop(None).wait()


def key_of(kms: Any) -> str:
    return str(kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["Arn"])


def refused(ask: Asker, call: str, **fields: Any) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        ask(call, **fields)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    return str(caught.value.details())


def test_a_key_comes_back_as_it_was_wrapped(kms: Any, ask: Asker, capsys: pytest.CaptureFixture[str]) -> None:
    status = ask("Status")
    assert (status.version, status.healthz, status.key_id) == ("v2", "ok", key_of(kms))
    wrapped = ask("Encrypt", plaintext=SEED, uid="1")
    # An API server whose key's name differs from the status's has its key wrapped again and again.
    assert wrapped.key_id == status.key_id
    assert SEED not in wrapped.ciphertext
    assert len(wrapped.ciphertext) < 1024, "Kubernetes takes no more (k8s.io/kms, apis/v2/api.proto)"
    assert ask("Decrypt", ciphertext=wrapped.ciphertext, key_id=wrapped.key_id, uid="2").plaintext == SEED
    said = capsys.readouterr().out
    assert said == f"kms-provider: wrapped 1 with {key_of(kms)}\nkms-provider: unwrapped 2 with {key_of(kms)}\n"


def test_what_it_wraps_belongs_to_its_cluster(kms: Any, ask: Asker) -> None:
    wrapped = ask("Encrypt", plaintext=SEED, uid="1").ciphertext
    assert kms.decrypt(CiphertextBlob=wrapped, EncryptionContext=CONTEXT)["Plaintext"] == SEED
    other = kms.encrypt(KeyId=ALIAS, Plaintext=SEED, EncryptionContext={"slipway:secrets-of": "another"})
    assert "InvalidCiphertext" in refused(
        ask, "Decrypt", ciphertext=other["CiphertextBlob"], key_id=key_of(kms), uid="3"
    )


def test_a_key_is_unwrapped_by_what_wrapped_it_after_the_alias_has_gone_on(kms: Any, ask: Asker) -> None:
    before = ask("Encrypt", plaintext=SEED, uid="1")
    kms.update_alias(AliasName=ALIAS, TargetKeyId=kms.create_key()["KeyMetadata"]["Arn"])
    assert ask("Status").key_id == key_of(kms) != before.key_id
    assert ask("Decrypt", ciphertext=before.ciphertext, key_id=before.key_id, uid="2").plaintext == SEED


def test_a_key_that_cannot_be_used_is_told_at_once(kms: Any, ask: Asker, capsys: pytest.CaptureFixture[str]) -> None:
    kms.delete_alias(AliasName=ALIAS)
    assert "NotFoundException" in refused(ask, "Status")
    refused(ask, "Encrypt", plaintext=SEED, uid="7")
    said = capsys.readouterr().out
    assert "cannot check: An error occurred (NotFoundException)" in said
    assert "cannot wrap 7: An error occurred (NotFoundException)" in said


def test_it_answers_before_the_api_server_gives_up() -> None:
    attempts = program.LIMITS.retries["total_max_attempts"]
    assert attempts * (program.LIMITS.connect_timeout + program.LIMITS.read_timeout) < 5


def test_a_socket_that_cannot_be_had_ends_it(kms: Any, tmp_path: Path) -> None:
    config = {"key": ALIAS, "context": CONTEXT}
    with pytest.raises((SystemExit, RuntimeError)):
        program.server(program.Provider(config, kms), str(tmp_path / "missing" / "provider.sock"))
