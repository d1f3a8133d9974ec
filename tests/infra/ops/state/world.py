"""A state bucket with a stack in it, whose versions are of any time one likes."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import zstandard
from moto.s3.models import s3_backends

from infra.ops.aws import session_for
from infra.ops.bootstrap import bootstrap
from infra.plan.stack_keys import StackKeys
from infra.spec import EnvironmentSpec
from tests.infra.ops.cloud import ACCOUNT, BUCKET, spec

KEYS = StackKeys("slipway", "test")
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
URN = "urn:pulumi:test::slipway::"
STACK = f"{URN}pulumi:pulumi:Stack::slipway-test"
PROVIDER = f"{URN}pulumi:providers:aws::aws"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:hush:hush"}


def at(minutes: float) -> datetime:
    """Return a time before (negative) or after NOW."""
    return NOW + timedelta(minutes=minutes)


def resource(name: str, type_: str = "aws:sqs/queue:Queue", **fields: Any) -> dict[str, Any]:
    return {
        "urn": f"{URN}{type_}::{name}",
        "custom": True,
        "id": f"id-{name}",
        "type": type_,
        "inputs": {"name": name},
        "outputs": {"name": name, "arn": f"arn:{name}"},
        "parent": STACK,
        "provider": f"{PROVIDER}::p1",
        **fields,
    }


def state(*resources: dict[str, Any], pending: list[dict[str, Any]] | None = None, **document: Any) -> bytes:
    """Return a sound state of these resources, below the stack and a provider."""
    base = [
        {"urn": STACK, "custom": False, "type": "pulumi:pulumi:Stack"},
        {"urn": PROVIDER, "custom": True, "id": "p1", "type": "pulumi:providers:aws", "parent": STACK},
    ]
    latest: dict[str, Any] = {
        "manifest": {
            "time": "2026-11-24T10:00:00Z",
            "version": "v3.259.0",
            "magic": hashlib.sha256(b"v3.259.0").hexdigest(),
        },
        "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:a"}},
        "resources": [*base, *resources],
    }
    if pending:
        latest["pending_operations"] = pending
    content = {"version": 3, "checkpoint": {"stack": "organization/slipway/test", "latest": latest}, **document}
    return json.dumps(content).encode()


class Bucket:
    """The state bucket, bootstrapped; moto's own objects are at hand to set times and to write many versions fast."""

    def __init__(self, environment: EnvironmentSpec | None = None, *, bare: bool = False, s3: Any = None) -> None:
        """Make it anew; a ``bare`` one has versioning and nothing else, and takes a tenth of the time."""
        self.spec = environment or spec()
        if bare:
            s3_backends.reset()
            self.s3 = s3 or boto3.client("s3", region_name=self.spec.region)
            where = {"LocationConstraint": self.spec.region}
            self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
            self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
            return
        bootstrap(self.spec, session_for(self.spec), lambda _: None)
        self.s3 = boto3.client("s3", region_name=self.spec.region)
        # moto refuses by a policy without regard to its conditions: here, everything.
        self.s3.delete_bucket_policy(Bucket=BUCKET)

    @property
    def stored(self) -> Any:
        return s3_backends[ACCOUNT]["aws"].buckets[BUCKET]

    def put(self, key: str, content: bytes | str, time: datetime, **arguments: Any) -> str:
        """Write an object as of a time; return its version."""
        version = self.s3.put_object(Bucket=BUCKET, Key=key, Body=content, **arguments)["VersionId"]
        self._date(key, version, time)
        return str(version)

    def delete(self, key: str, time: datetime) -> str:
        marker = self.s3.delete_object(Bucket=BUCKET, Key=key)["VersionId"]
        self._date(key, marker, time)
        return str(marker)

    def _date(self, key: str, version: str, time: datetime) -> None:
        for stored in self.stored.keys.getlist(key):
            if stored.version_id == version:
                stored.last_modified = time.replace(tzinfo=None)

    def update(
        self, ended: datetime, content: bytes, *, seconds: int = 60, who: str = "sam", states: int = 3, **entry: Any
    ) -> str:
        """Write what an update of the engine writes; return the version of the state it left."""
        started = ended - timedelta(seconds=seconds)
        lock = f"{KEYS.locks}{int(ended.timestamp())}.json"
        holder = {"pid": 7, "username": who, "hostname": "laptop", "timestamp": started.isoformat()}
        self.put(lock, json.dumps(holder), started)
        version = ""
        for number in range(states):
            version = self.put(KEYS.state, content, started + timedelta(seconds=seconds * number / states))
        self.put(f"{KEYS.backups}test.{int(ended.timestamp())}.json", content, ended)
        fields = {
            "kind": "update",
            "startTime": int(started.timestamp()),
            "endTime": int(ended.timestamp()),
            "message": "Add a queue\n\nBecause.",
            "environment": {"git.author": "Sam", "git.author.email": "sam@example.com", "git.head": "0123456789abcdef"},
            "result": "succeeded",
            "resourceChanges": {"create": 2, "same": 5},
            **entry,
        }
        stem = f"{KEYS.history}{int(ended.timestamp() * 1e9)}"
        self.put(f"{stem}.history.json", json.dumps(fields), ended)
        self.put(f"{stem}.checkpoint.json", content, ended)
        self.delete(lock, ended)
        return version

    def current(self, key: str) -> bytes | None:
        try:
            return bytes(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        except self.s3.exceptions.NoSuchKey:
            return None

    def count(self) -> int:
        """Return how many versions there are, markers left out: it must never fall."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET)
        return sum(len(page.get("Versions", ())) for page in pages)


def packed(content: bytes) -> bytes:
    return gzip.compress(content)


def packed_by_zstandard(content: bytes) -> bytes:
    """Return a content as the engine packs it: with a checksum, which is its library's default."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


def telling(s3: Any, spelled: Callable[[str], str]) -> Any:
    """Make a client tell the names of metadata as another store spells them."""

    def respell(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Metadata"] = {spelled(name): value for name, value in parsed.get("Metadata", {}).items()}

    s3.meta.events.register("after-call.s3.HeadObject", respell)
    return s3
