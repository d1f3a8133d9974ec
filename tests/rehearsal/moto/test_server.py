"""The server as a process: what it holds comes back after each way to end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from rehearsal.environment.variables import process_environment
from rehearsal.moto.server import UNUSABLE_SNAPSHOT
from rehearsal.ports import port_is_free

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[3]
REGION = "eu-central-1"
LARGE = os.urandom(1000) * 20


class Server:
    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port = data, port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "rehearsal.moto", "--port", str(self.port), "--data", str(self.data)]
        environment = process_environment({"MOTO_ACCOUNT_ID": "111122223333", "PYTHONPATH": str(ROOT)})
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        self.wait(lambda: not port_is_free(self.port))

    def wait(self, reached: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not reached():
            assert self.process is not None
            assert self.process.poll() is None, "the server ended"
            assert time.monotonic() < end
            time.sleep(0.02)

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(20)

    def await_snapshot(self) -> None:
        """Wait until no snapshot followed for two seconds: all changes are in the last."""
        path, asked = self.data / "cloud.snapshot", time.time()
        self.wait(lambda: path.exists() and time.time() > max(path.stat().st_mtime, asked) + 2.0)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )


def _free_port() -> int:
    """Return a port that the system gives out; it gives the same to no other test for a while."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _served(data: Path) -> Iterator[Server]:
    server = Server(data, _free_port())
    server.start()
    yield server
    if server.process is not None and server.process.poll() is None:
        server.end(signal.SIGKILL)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, to be ended."""
    yield from _served(tmp_path / "moto")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for tests that leave it running, and call their things as no other does."""
    yield from _served(tmp_path_factory.mktemp("shared"))


def _populate(server: Server) -> dict[str, Any]:
    s3, kms, ec2 = server.client("s3"), server.client("kms"), server.client("ec2")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    for content in (b"first", LARGE):
        s3.put_object(Bucket="kept", Key="k", Body=content)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sqs = server.client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="kept too")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = server.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    return {
        "key": key,
        "secret": kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"],
        "queue": queue,
        "vpc": vpc,
        "role": group,
    }


def _assert_kept(server: Server, made: dict[str, Any]) -> None:
    s3 = server.client("s3")
    assert s3.get_object(Bucket="kept", Key="k")["Body"].read() == LARGE
    versions = s3.list_object_versions(Bucket="kept")["Versions"]
    assert len(versions) == 2
    oldest = s3.get_object(Bucket="kept", Key="k", VersionId=versions[-1]["VersionId"])["Body"].read()
    assert {oldest, LARGE} == {b"first", LARGE}
    assert server.client("kms").decrypt(CiphertextBlob=made["secret"])["Plaintext"] == b"secret"
    assert made["vpc"] in [vpc["VpcId"] for vpc in server.client("ec2").describe_vpcs()["Vpcs"]]
    assert server.client("iam").get_role(RoleName="r")["Role"]["Arn"] == made["role"]
    messages = server.client("sqs").receive_message(QueueUrl=made["queue"])["Messages"]
    assert [message["Body"] for message in messages] == ["kept too"]


def test_what_it_holds_survives_a_stop_at_once_and_a_kill_after_the_last_snapshot(server: Server) -> None:
    made = _populate(server)
    assert server.end(signal.SIGTERM) == 0
    server.start()
    _assert_kept(server, made)
    assert made["role"] == "arn:aws:iam::111122223333:role/r"
    s3 = server.client("s3")
    with pytest.raises(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    server.client("ec2").create_vpc(CidrBlock="10.1.0.0/16")
    server.await_snapshot()
    server.end(signal.SIGKILL)
    server.start()
    blocks = [vpc["CidrBlock"] for vpc in server.client("ec2").describe_vpcs()["Vpcs"]]
    assert sorted(blocks) == ["10.0.0.0/16", "10.1.0.0/16", "172.31.0.0/16"]


def test_a_bucket_closed_to_unencrypted_connections_and_to_one_action_is_closed_to_that_action_alone(
    shared: Server,
) -> None:
    s3 = shared.client("s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="kept", Key="k", Body=b"content")
    denial = {"Effect": "Deny", "Principal": "*", "Resource": ["arn:aws:s3:::kept", "arn:aws:s3:::kept/*"]}
    tls_only = {**denial, "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket="kept", Policy=json.dumps({"Statement": [tls_only]}))
    assert s3.get_object(Bucket="kept", Key="k")["Body"].read() == b"content"
    s3.put_bucket_policy(
        Bucket="kept", Policy=json.dumps({"Statement": [tls_only, {**denial, "Action": "s3:GetObject"}]})
    )
    with pytest.raises(ClientError, match="Forbidden"):
        s3.get_object(Bucket="kept", Key="k")


def test_a_long_poll_of_a_queue_holds_no_one_up(shared: Server) -> None:
    sqs = shared.client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    poll = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import boto3, sys; sys.exit('Messages' not in boto3.client('sqs').receive_message("
            f"QueueUrl={queue!r}, WaitTimeSeconds=10))",
        ],
        env=process_environment(
            {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{shared.port}",
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": "x",
                "AWS_SECRET_ACCESS_KEY": "x",
                "NO_PROXY": "127.0.0.1",
            }
        ),
    )
    time.sleep(1.0)
    began = time.monotonic()
    sqs.send_message(QueueUrl=queue, MessageBody="for you")
    assert time.monotonic() - began < 2
    assert poll.wait(10) == 0


def test_it_refuses_to_start_empty_where_its_data_are_damaged(tmp_path: Path) -> None:
    (tmp_path / "cloud.snapshot").write_bytes(b"noise\n")
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal.moto", "--port", str(_free_port()), "--data", str(tmp_path)],
        env=process_environment({"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == UNUSABLE_SNAPSHOT
    assert "cloud.snapshot is damaged" in done.stderr
    assert "Traceback" not in done.stderr
