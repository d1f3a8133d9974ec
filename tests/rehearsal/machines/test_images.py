from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rehearsal.machines.images import Image, ensure_archive


@pytest.fixture
def image(tmp_path: Path) -> Image:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF")
    return Image("registry.example/team/tool:v1", {"/usr/local/bin/tool": program}, ("/usr/local/bin/tool",), "1:1")


def document(archive: tarfile.TarFile, name: str) -> Any:
    member = archive.extractfile(name)
    assert member is not None
    return json.loads(member.read())


def blob(digest: str) -> str:
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


def test_an_archive_holds_one_image_whose_digests_are_right(image: Image, tmp_path: Path) -> None:
    with tarfile.open(ensure_archive(image, tmp_path / "images")) as archive:
        for name in archive.getnames():
            if name.startswith("blobs/"):
                member = archive.extractfile(name)
                assert member is not None
                assert hashlib.sha256(member.read()).hexdigest() == name.rpartition("/")[2]
        (described,) = document(archive, "index.json")["manifests"]
        assert described["annotations"] == {"io.containerd.image.name": "registry.example/team/tool:v1"}
        manifest = document(archive, blob(described["digest"]))
        config = document(archive, blob(manifest["config"]["digest"]))
        assert config["config"]["Entrypoint"] == ["/usr/local/bin/tool"]
        assert config["config"]["User"] == "1:1"
        (layer,) = manifest["layers"]
        assert config["rootfs"]["diff_ids"] == [layer["digest"]]
        member = archive.extractfile(blob(layer["digest"]))
        assert member is not None
        with tarfile.open(fileobj=member) as files:
            assert files.getnames() == ["usr", "usr/local", "usr/local/bin", "usr/local/bin/tool"]
            assert files.getmember("usr/local/bin/tool").mode == 0o755


def test_an_archive_is_written_once_and_anew_for_a_new_program(image: Image, tmp_path: Path) -> None:
    first = ensure_archive(image, tmp_path / "images")
    written = first.stat().st_mtime_ns
    assert ensure_archive(image, tmp_path / "images") == first
    assert first.stat().st_mtime_ns == written
    (tmp_path / "program").write_bytes(b"\x7fELF 2")
    assert ensure_archive(image, tmp_path / "images") != first
    assert [path.suffix for path in (tmp_path / "images").iterdir()] == [".tar", ".tar"]


def test_what_lies_below_the_programs_is_a_layer_of_its_own(image: Image, tmp_path: Path) -> None:
    tree = tmp_path / "tree.tar"
    with tarfile.open(tree, "w") as files:
        files.add(tmp_path / "program", "usr/bin/shell")
    below = replace(image, below=tree)
    assert below.archive != image.archive
    with tarfile.open(ensure_archive(below, tmp_path / "images")) as archive:
        (described,) = document(archive, "index.json")["manifests"]
        manifest = document(archive, blob(described["digest"]))
        digests = [layer["digest"] for layer in manifest["layers"]]
        assert document(archive, blob(manifest["config"]["digest"]))["rootfs"]["diff_ids"] == digests
        names = []
        for layer in manifest["layers"]:
            member = archive.extractfile(blob(layer["digest"]))
            assert member is not None
            content = member.read()
            assert len(content) == layer["size"]
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == layer["digest"]
            with tarfile.open(fileobj=io.BytesIO(content)) as files:
                names.append(files.getnames()[-1])
    assert names == ["usr/bin/shell", "usr/local/bin/tool"]


def test_programs_start_in_the_folder_that_is_said(image: Image, tmp_path: Path) -> None:
    elsewhere = replace(image, folder="/app")
    assert elsewhere.archive != image.archive
    with tarfile.open(ensure_archive(elsewhere, tmp_path / "images")) as archive:
        (described,) = document(archive, "index.json")["manifests"]
        manifest = document(archive, blob(described["digest"]))
        assert document(archive, blob(manifest["config"]["digest"]))["config"]["WorkingDir"] == "/app"


def test_a_program_may_be_let_listen_on_low_ports(image: Image, tmp_path: Path) -> None:
    able = replace(image, binds_low_ports=True)
    assert able.archive != image.archive
    with tarfile.open(ensure_archive(able, tmp_path / "images")) as archive:
        (layer,) = (name for name in archive.getnames() if archive.getmember(name).size > 4096)
        member = archive.extractfile(layer)
        assert member is not None
        with tarfile.open(fileobj=member) as files:
            capability = files.getmember("usr/local/bin/tool").pax_headers["SCHILY.xattr.security.capability"]
    # setcap cap_net_bind_service=ep, then getfattr -e hex -n security.capability: 0x0100000200040000...
    assert capability.encode().hex() == "0100000200040000" + "00" * 12
