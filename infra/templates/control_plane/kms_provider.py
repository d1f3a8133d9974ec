#!/usr/bin/env python3
"""Wraps the keys with which the API server beside it encrypts Secrets, by a key of AWS KMS."""
# A provider of Kubernetes' KMS v2 (k8s.io/kms, apis/v2/api.proto; Kubernetes documentation, "Using a KMS provider for
# data encryption"). The API server makes a key when it starts and has it wrapped here, and asks for an older one once,
# when it first meets what that has encrypted. Neither keys nor what they encrypt are written or logged here. Input: a
# file, the only argument. 3.10 must do.

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import grpc
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "v2.KeyManagementService"
MESSAGES = {
    "StatusRequest": (),
    "StatusResponse": (("version", 1, "string"), ("healthz", 2, "string"), ("key_id", 3, "string")),
    "EncryptRequest": (("plaintext", 1, "bytes"), ("uid", 2, "string")),
    "EncryptResponse": (("ciphertext", 1, "bytes"), ("key_id", 2, "string")),
    "DecryptRequest": (("ciphertext", 1, "bytes"), ("uid", 2, "string"), ("key_id", 3, "string")),
    "DecryptResponse": (("plaintext", 1, "bytes"),),
}
"""Message -> its fields; annotations, of which this provider gives none, are left out."""

# The API server waits for 5 s.
LIMITS = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 2, "mode": "standard"})
PROBE = b"is the key usable?"


def say(text: str) -> None:
    """Write to the journal."""
    print(f"kms-provider: {text}", flush=True)


def message_classes() -> "dict[str, Any]":
    """Return the classes of the messages by their names."""
    kinds = descriptor_pb2.FieldDescriptorProto
    types = {"string": kinds.TYPE_STRING, "bytes": kinds.TYPE_BYTES}
    file = descriptor_pb2.FileDescriptorProto(name="slipway/kms_v2.proto", package="v2", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            message.field.add(name=field, number=number, type=types[kind], label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    # Debian 12 has protobuf 3.21, which knows the one alone, and 5 knows the other.
    make = getattr(message_factory, "GetMessageClass", None)
    make = make or getattr(message_factory.MessageFactory(pool), "GetPrototype")  # noqa: B009 (in no stub)
    return {name: make(pool.FindMessageTypeByName(f"v2.{name}")) for name in MESSAGES}


class Provider:
    """What the API server asks, answered by KMS."""

    def __init__(self, config: "dict[str, Any]", kms: Any):
        self.key = config["key"]
        self.context = config["context"]
        self.kms = kms
        self.made = message_classes()

    def status(self, _: Any, context: Any) -> Any:
        """Say which key wraps, and whether it does: a key that was disabled must not be news of the next start."""
        wrapped = self._ask(context, "check", self.kms.encrypt, KeyId=self.key, Plaintext=PROBE)
        return self.made["StatusResponse"](version="v2", healthz="ok", key_id=wrapped["KeyId"])

    def encrypt(self, asked: Any, context: Any) -> Any:
        """Wrap a key."""
        wrapped = self._ask(context, f"wrap {asked.uid}", self.kms.encrypt, KeyId=self.key, Plaintext=asked.plaintext)
        say(f"wrapped {asked.uid} with {wrapped['KeyId']}")
        return self.made["EncryptResponse"](ciphertext=wrapped["CiphertextBlob"], key_id=wrapped["KeyId"])

    def decrypt(self, asked: Any, context: Any) -> Any:
        """Unwrap a key, with the very key of KMS that has wrapped it: the alias may have gone to another since."""
        arguments = {"KeyId": asked.key_id, "CiphertextBlob": asked.ciphertext}
        key = self._ask(context, f"unwrap {asked.uid}", self.kms.decrypt, **arguments)
        say(f"unwrapped {asked.uid} with {asked.key_id}")
        return self.made["DecryptResponse"](plaintext=key["Plaintext"])

    def _ask(self, context: Any, what: str, call: "Callable[..., Any]", **arguments: Any) -> Any:
        try:
            return call(**arguments, EncryptionContext=self.context)
        except (BotoCoreError, ClientError) as error:
            say(f"cannot {what}: {error}")
            context.abort(grpc.StatusCode.UNAVAILABLE, f"AWS KMS: {error}")


def server(provider: Provider, socket: str) -> grpc.Server:
    """Return a server of the provider at a socket, not started yet."""
    made, calls = provider.made, {}
    for name, answer in {"Status": provider.status, "Encrypt": provider.encrypt, "Decrypt": provider.decrypt}.items():
        calls[name] = grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=made[f"{name}Request"].FromString,
            response_serializer=made[f"{name}Response"].SerializeToString,
        )
    found = grpc.server(ThreadPoolExecutor(max_workers=8))
    found.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, calls),))
    if not found.add_insecure_port(f"unix://{socket}"):
        raise SystemExit(f"kms-provider: cannot listen at {socket}")
    return found


def main() -> None:
    """Serve until the end."""
    config = json.loads(Path(sys.argv[1]).read_text())
    kms = boto3.client("kms", region_name=config["region"], config=LIMITS)
    running = server(Provider(config, kms), config["socket"])
    running.start()
    say(f"listens at {config['socket']} for {config['key']}")
    running.wait_for_termination()


if __name__ == "__main__":
    main()
