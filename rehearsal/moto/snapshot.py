"""Snapshots of everything moto holds: written whole or not at all, checked when read.

A file is one line of JSON (format, moto version, checksum) and a pickle of each service's backends by account and
region. One pickle for all: services refer to each other's objects, and stay joined that way.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import threading
from collections import defaultdict
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import cloudpickle
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from moto import backends
from moto.core.base_backend import AccountSpecificBackend, BackendDict

FORMAT = 1

# What each table has from the start, and what differs from process to process. The rest is data: S3's table of buckets'
# owners, for one.
_TABLE_ATTRIBUTES = {"backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"}

_LOCKS = {
    type(threading.Lock()): threading.Lock,
    type(threading.RLock()): threading.RLock,
    threading.Condition: threading.Condition,
    threading.Event: threading.Event,
}


class SnapshotError(Exception):
    """A snapshot cannot be used; the text says which file and why."""


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickles what moto holds beyond plain objects: functions, locks, keys, certificates, and its own tables."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, BackendDict):
            return (backends.get_backend, (obj.service_name,))
        if isinstance(obj, AccountSpecificBackend):
            return (_account_backends, (obj.service_name, obj.account_id))
        if isinstance(obj, dict | list) and type(obj).__module__.startswith("moto."):
            return (_empty, (type(obj),), _contents(obj), None, None, _fill)
        if type(obj) in _LOCKS:
            return (_LOCKS[type(obj)], ())
        if hasattr(obj, "private_bytes") and hasattr(obj, "private_numbers"):
            return (_private_key, (_der(obj),))
        if hasattr(obj, "public_bytes") and hasattr(obj, "public_numbers"):
            return (_public_key, (_public_der(obj),))
        if isinstance(obj, x509.Certificate):
            return (_certificate, (obj.public_bytes(serialization.Encoding.DER),))
        return super().reducer_override(obj)


# Some containers of moto's show less than they hold, or change what is put in: S3's keys show their last version alone.
# They are pickled by what the built-in type under them holds.


def _empty(kind: Any) -> Any:
    return kind.__new__(kind)


def _contents(container: dict[Any, Any] | list[Any]) -> tuple[Any, ...]:
    held = dict.items(container) if isinstance(container, dict) else list.__iter__(container)
    return list(held), vars(container), getattr(container, "default_factory", None)


def _fill(container: Any, contents: tuple[Any, ...]) -> None:
    held, attributes, factory = contents
    if isinstance(container, dict):
        dict.update(container, held)
    else:
        list.extend(container, held)
    vars(container).update(attributes)
    if isinstance(container, defaultdict):
        container.default_factory = factory


def dump() -> bytes:
    """Return a snapshot of all services in use. No request may be in progress."""
    services = {
        table.service_name: {
            "attributes": {name: value for name, value in vars(table).items() if name not in _TABLE_ATTRIBUTES},
            "accounts": {account: dict(dict.items(regions)) for account, regions in table.items()},
        }
        for table in list(_tables_in_use())
    }
    payload = io.BytesIO()
    _Pickler(payload, protocol=pickle.HIGHEST_PROTOCOL).dump(services)
    body = payload.getvalue()
    header = {"format": FORMAT, "moto": metadata.version("moto"), "sha256": hashlib.sha256(body).hexdigest()}
    return json.dumps(header).encode() + b"\n" + body


def _tables_in_use() -> list[BackendDict[Any]]:
    tables: list[BackendDict[Any]] = BackendDict._instances  # type: ignore[misc]
    return tables


def write(path: Path, data: bytes) -> None:
    """Put a snapshot in place of the one at `path`, which is kept as `.previous`; survives a crash at any point."""
    scratch = path.with_suffix(".writing")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    if path.exists():
        path.replace(previous(path))
    scratch.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def previous(path: Path) -> Path:
    """Return where the snapshot before the one at `path` is kept."""
    return path.with_suffix(".previous")


def load(path: Path) -> None:
    """Give moto what a snapshot holds, in place of what it has.

    Raises SnapshotError when the file is damaged or of another moto version, FileNotFoundError when there is none.
    """
    header_line, _, body = path.read_bytes().partition(b"\n")
    try:
        header = json.loads(header_line)
        made_by, checksum = (header["format"], header["moto"]), header["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise SnapshotError(f"{path} is damaged: its first line is no snapshot header") from error
    if checksum != hashlib.sha256(body).hexdigest():
        raise SnapshotError(f"{path} is damaged: its contents do not match their checksum")
    if made_by != (FORMAT, metadata.version("moto")):
        raise SnapshotError(
            f"{path} was written by moto {made_by[1]} (format {made_by[0]}) and this is moto "
            f"{metadata.version('moto')} (format {FORMAT})"
        )
    # The checksum was ours and the directory is private to the user, so the pickle is trusted.
    _install(pickle.loads(body))  # noqa: S301


def load_latest(path: Path) -> str | None:
    """Load the snapshot at `path`, or the one before it when it is damaged or missing; return what to tell the user.

    Returns None when all is well, also when there is no snapshot yet. Raises SnapshotError when none can be used.
    """
    older = previous(path)
    try:
        load(path)
    except FileNotFoundError:
        if not older.exists():
            return None
        # The crash came between the two renames of `write`: the newer one is complete but not yet in place.
        scratch = path.with_suffix(".writing")
        if scratch.exists():
            try:
                load(scratch)
            except SnapshotError:
                pass
            else:
                return None
        load(older)
        return f"{path} is missing; {older} was used: the cloud is as it was before the last changes"
    except SnapshotError as damage:
        if not older.exists():
            raise
        try:
            load(older)
        except SnapshotError as also:
            raise SnapshotError(f"{damage}; {also}") from also
        damaged = path.with_suffix(".damaged")
        path.replace(damaged)
        return f"{damage}; {older} was used: the cloud is as it was before the last changes. Kept as {damaged}"
    return None


def _install(services: dict[str, dict[str, Any]]) -> None:
    for service, table_contents in services.items():
        table: Any = backends.get_backend(service)  # type: ignore[call-overload]
        vars(table).update(table_contents["attributes"])
        for account, regions in table_contents["accounts"].items():
            _account_backends(service, account).update(regions)


def _account_backends(service: str, account: str) -> dict[str, Any]:
    return cast(dict[str, Any], backends.get_backend(service)[account])  # type: ignore[call-overload]


def _der(key: Any) -> bytes:
    return cast(
        bytes,
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _private_key(der: bytes) -> PrivateKeyTypes:
    return serialization.load_der_private_key(der, password=None)


def _certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _public_der(key: Any) -> bytes:
    return cast(bytes, key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def _public_key(der: bytes) -> PublicKeyTypes:
    return serialization.load_der_public_key(der)
