"""Versions of the objects in a bucket: listed in pages, as few of them as are asked for, and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from infra.ops.errors import aws_errors, error_code


@dataclass(frozen=True)
class ObjectVersion:
    """One version of an object, or the marker of its deletion."""

    key: str
    version_id: str
    time: datetime
    """When it was written; S3 says it in whole seconds."""
    latest: bool
    """Whether it is what a reader of the key gets now."""
    deleted: bool
    """Whether it is a delete marker, which hides what is older and holds nothing itself."""


def instant(time: datetime) -> str:
    """Return a time as it is shown: in UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def versions(s3: Any, bucket: str, prefix: str) -> Iterator[ObjectVersion]:
    """Yield the versions below a prefix, keys in order and the newest of a key first. A page is fetched when needed.

    A version and a delete marker of one key and one second come in this order, unless the marker is the latest: the
    two kinds are listed apart.

    Raises:
        OpsError: the bucket cannot be read.
    """
    position: dict[str, str] = {}
    while True:
        with aws_errors(f"list versions of {prefix} in bucket {bucket}"):
            page = s3.list_object_versions(Bucket=bucket, Prefix=prefix, **position)
        found = [
            ObjectVersion(entry["Key"], entry["VersionId"], entry["LastModified"], entry["IsLatest"], deleted)
            for kind, deleted in (("Versions", False), ("DeleteMarkers", True))
            for entry in page.get(kind, ())
        ]
        yield from sorted(found, key=lambda each: (each.key, not each.latest, -each.time.timestamp()))
        if not page.get("IsTruncated"):
            return
        position = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page.get("NextVersionIdMarker", "")}


def versions_of(s3: Any, bucket: str, key: str) -> Iterator[ObjectVersion]:
    """Yield the versions of one object, the newest first. Keys that merely begin so are left out."""
    for version in versions(s3, bucket, key):
        if version.key != key:
            return
        yield version


def as_of(found: Iterable[ObjectVersion], time: datetime) -> dict[str, ObjectVersion]:
    """Return for each key the newest version that is not younger than ``time``, delete markers among them."""
    newest: dict[str, ObjectVersion] = {}
    for version in found:
        if version.time <= time:
            newest.setdefault(version.key, version)
    return newest


def current(found: Iterable[ObjectVersion]) -> dict[str, ObjectVersion]:
    """Return the latest version of each key, delete markers among them."""
    return {version.key: version for version in found if version.latest}


def metadata_of(head: Mapping[str, Any]) -> dict[str, str]:
    """Return the user's metadata of an answer of ``head_object``, its names in lower case.

    S3 itself keeps them so (S3 User Guide, "User-defined object metadata"). Other stores, and what lies between, may
    write the names of headers as they like, for case has no meaning in them (RFC 9110, 5.1).
    """
    return {name.lower(): str(value) for name, value in (head.get("Metadata") or {}).items()}


def read(s3: Any, bucket: str, key: str, version_id: str | None = None) -> bytes | None:
    """Return an object's content; None when there is no such object.

    Raises:
        OpsError: it cannot be read.
    """
    which = {"VersionId": version_id} if version_id else {}
    with aws_errors(f"read {key} in bucket {bucket}"):
        try:
            content = bytes(s3.get_object(Bucket=bucket, Key=key, **which)["Body"].read())
        except ClientError as error:
            if error_code(error) in ("NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"):
                return None
            raise
    return content
