from __future__ import annotations

import hashlib
import io
from http import HTTPStatus
from pathlib import Path

import pytest

from rehearsal.machines.front import Downloads

PREFIX = "/release/v1.37.2/bin/linux/amd64/"
CONTENT = b"0123456789"


@pytest.fixture
def downloads(tmp_path: Path) -> Downloads:
    (tmp_path / "kubelet").write_bytes(CONTENT)
    return Downloads("1.37.2", "amd64", {"kubelet": tmp_path / "kubelet"})


def fetch(downloads: Downloads, path: str, wanted: str | None = None) -> tuple[HTTPStatus, bytes]:
    status, size, copy = downloads.find(path, wanted)
    out = io.BytesIO()
    copy(out)
    assert len(out.getvalue()) == size
    return status, out.getvalue()


def test_a_binary_and_its_digest(downloads: Downloads) -> None:
    assert fetch(downloads, f"{PREFIX}kubelet") == (HTTPStatus.OK, CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest().encode()
    assert fetch(downloads, f"{PREFIX}kubelet.sha256") == (HTTPStatus.OK, digest)


def test_a_download_is_resumed_and_not_beyond_its_end(downloads: Downloads) -> None:
    assert fetch(downloads, f"{PREFIX}kubelet", "bytes=4-") == (HTTPStatus.PARTIAL_CONTENT, b"456789")
    assert fetch(downloads, f"{PREFIX}kubelet", "bytes=10-") == (HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"")


@pytest.mark.parametrize(
    "path", [f"{PREFIX}kubectl", "/release/v1.37.1/bin/linux/amd64/kubelet", f"{PREFIX}../kubelet", "/"]
)
def test_other_paths_are_not_found(downloads: Downloads, path: str) -> None:
    assert fetch(downloads, path) == (HTTPStatus.NOT_FOUND, b"")
