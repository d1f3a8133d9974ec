from __future__ import annotations

import hashlib
import io
import json
import pickle
import threading
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.s3.utils import _VersionedKeyStore
from moto.ssm.models import ParameterDict

from rehearsal.moto import snapshot
from rehearsal.moto.snapshot import SnapshotError, load_latest, previous, write


def _file(payload: object = None, **header: object) -> bytes:
    body = pickle.dumps({} if payload is None else payload)
    fields = {
        "format": snapshot.FORMAT,
        "moto": metadata.version("moto"),
        "sha256": hashlib.sha256(body).hexdigest(),
        **header,
    }
    return json.dumps(fields).encode() + b"\n" + body


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what would be given to moto, in place of giving it to the moto of this process."""
    given: list[Any] = []
    monkeypatch.setattr(snapshot, "_install", given.append)
    return given


def _pickled(value: object) -> Any:
    out = io.BytesIO()
    snapshot._Pickler(out).dump(value)
    return pickle.loads(out.getvalue())  # noqa: S301  made here


def test_private_keys_survive() -> None:
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())):
        assert _pickled(key).private_numbers() == key.private_numbers()
        assert _pickled(key.public_key()).public_numbers() == key.public_key().public_numbers()


def test_certificates_survive() -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(1))
    signed = certificate.sign(key, hashes.SHA256())
    assert _pickled({"held": signed})["held"] == signed


def test_functions_survive_and_locks_come_back_free() -> None:
    lock, reentrant = threading.Lock(), threading.RLock()
    factor = 3
    with lock, reentrant:
        copy = _pickled(
            {"lock": lock, "again": reentrant, "condition": threading.Condition(), "f": lambda x: x * factor}
        )
    assert copy["f"](4) == 12
    assert copy["lock"].acquire(blocking=False)
    assert copy["again"].acquire(blocking=False)
    with copy["condition"]:
        copy["condition"].notify_all()


def test_moto_s_containers_keep_all_they_hold() -> None:
    keys = _VersionedKeyStore()
    keys["k"] = "first"
    keys["k"] = "second"
    copy = _pickled(keys)
    assert copy.getlist("k") == ["first", "second"]
    parameters = ParameterDict("111122223333", "eu-central-1")
    parameters["/mine"].append(cast(Any, "value"))
    again = _pickled(parameters)
    assert again["/mine"] == ["value"]
    assert again["/other"] == []
    assert (again.account_id, again.region_name) == ("111122223333", "eu-central-1")


def test_a_snapshot_is_loaded_and_the_one_before_it_kept(tmp_path: Path, installed: list[Any]) -> None:
    path = tmp_path / "cloud.snapshot"
    assert load_latest(path) is None
    assert installed == []
    write(path, _file({"s3": 1}))
    write(path, _file({"s3": 2}))
    assert load_latest(path) is None
    assert installed == [{"s3": 2}]
    snapshot.load(previous(path))
    assert installed[-1] == {"s3": 1}
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:-1], "do not match their checksum"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "do not match their checksum"),
        (lambda _: b"", "no snapshot header"),
        (lambda data: b"\0" * len(data), "no snapshot header"),
    ],
)
def test_a_damaged_snapshot_is_told_set_aside_and_replaced_by_the_one_before(
    tmp_path: Path, installed: list[Any], damage: Any, reason: str
) -> None:
    path = tmp_path / "cloud.snapshot"
    write(path, _file({"s3": 1}))
    write(path, damage(_file({"s3": 2})))
    notice = load_latest(path)
    assert notice is not None
    assert f"{path} is damaged" in notice
    assert reason in notice
    assert f"{previous(path)} was used" in notice
    assert installed == [{"s3": 1}]
    assert path.with_suffix(".damaged").exists()


def test_without_a_usable_snapshot_nothing_is_loaded(tmp_path: Path, installed: list[Any]) -> None:
    path = tmp_path / "cloud.snapshot"
    write(path, b"bad\n")
    with pytest.raises(SnapshotError, match="damaged"):
        load_latest(path)
    write(path, b"worse\n")
    with pytest.raises(SnapshotError, match=r"cloud\.snapshot is damaged.*cloud\.previous is damaged"):
        load_latest(path)
    assert installed == []


def test_another_moto_is_refused_by_name(tmp_path: Path, installed: list[Any]) -> None:
    path = tmp_path / "cloud.snapshot"
    write(path, _file(moto="0.1"))
    with pytest.raises(SnapshotError, match=r"written by moto 0\.1 .*this is moto "):
        load_latest(path)
    assert installed == []


def test_a_crash_between_the_two_renames_loses_nothing(tmp_path: Path, installed: list[Any]) -> None:
    path = tmp_path / "cloud.snapshot"
    previous(path).write_bytes(_file({"s3": 1}))
    path.with_suffix(".writing").write_bytes(_file({"s3": 2}))
    assert load_latest(path) is None
    assert installed == [{"s3": 2}]


def test_a_missing_snapshot_whose_successor_was_cut_short_falls_back(tmp_path: Path, installed: list[Any]) -> None:
    path = tmp_path / "cloud.snapshot"
    previous(path).write_bytes(_file({"s3": 1}))
    path.with_suffix(".writing").write_bytes(_file({"s3": 2})[:-3])
    notice = load_latest(path)
    assert notice is not None
    assert notice.startswith(f"{path} is missing")
    assert installed == [{"s3": 1}]
