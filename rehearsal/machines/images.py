"""Container images made of programs, as OCI archives (OCI Image Format Specification 1.1).

No image registry is reachable from machines, so that they import what their pods run. The names are those that
manifests have; what is in them is built by `tools/` and not what the registry of that name serves.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

WEB: Final = "rehearsal.invalid/web:1"
"""The web server of the tests' pods, in a domain that never exists (RFC 2606)."""
_NET_BIND_SERVICE: Final = struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0).decode("ascii")
"""The file capability `cap_net_bind_service=ep` (linux/capability.h: revision 2, effective; capability 10)."""
ROLES: Final = frozenset({"ControlPlane", "Node", "Edge"})
_TYPE: Final = "application/vnd.oci.image"
_SEARCHED: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """An image: its name, its files as path in the image -> path here, and what it starts."""

    name: str
    programs: Mapping[str, Path]
    entrypoint: tuple[str, ...]
    user: str = ""
    binds_low_ports: bool = False
    """Whether its programs may listen below port 1024 without being root, as CoreDNS's image lets its own."""
    roles: frozenset[str] = ROLES
    """Roles of the machines that have it."""
    below: Path | None = None
    """A tar file of what lies below its programs, for one that calls other programs."""
    environment: Mapping[str, str] = field(default_factory=dict)
    open_folders: tuple[str, ...] = ()
    """Folders that are anybody's to write to."""
    folder: str = ""
    """Where its programs start."""

    @property
    def archive(self) -> str:
        """Name of its archive's file, by its programs' sizes and times of change, so that a new build is a new file."""
        files = {**self.programs, **({"": self.below} if self.below else {})}
        facts = [[path, there.stat().st_size, there.stat().st_mtime_ns] for path, there in files.items()]
        said = [
            self.name,
            self.entrypoint,
            self.user,
            self.binds_low_ports,
            dict(self.environment),
            self.open_folders,
            self.folder,
        ]
        digest = hashlib.sha256(json.dumps([*said, facts]).encode()).hexdigest()
        return f"{self.name.rpartition('/')[2].replace(':', '-')}-{digest[:12]}.tar"


def ensure_archive(image: Image, folder: Path) -> Path:
    """Return the image's archive in `folder`, written when it is missing."""
    target = folder / image.archive
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        scratch = target.with_suffix(f".{os.getpid()}")
        try:
            _write(image, scratch)
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
    return target


def _write(image: Image, target: Path) -> None:
    layer = target.with_suffix(".layer")
    try:
        with tarfile.open(layer, "w", format=tarfile.PAX_FORMAT) as tar:
            for folder in image.open_folders:
                _add_folders(tar, folder)
                tar.addfile(_folder(folder.lstrip("/"), 0o777))
            for path, there in image.programs.items():
                _add_folders(tar, path)
                info = _info(path.lstrip("/"), there.stat().st_size, 0o755)
                if image.binds_low_ports:
                    info.pax_headers = {"SCHILY.xattr.security.capability": _NET_BIND_SERVICE}
                with there.open("rb") as stream:
                    tar.addfile(info, stream)
        with tarfile.open(target, "w") as archive:
            _write_archive(archive, image, [path for path in (image.below, layer) if path])
    finally:
        layer.unlink(missing_ok=True)


def _write_archive(archive: tarfile.TarFile, image: Image, files: Sequence[Path]) -> None:
    layers = {_digest(path): path for path in files}
    environment = [f"{name}={value}" for name, value in {"PATH": _SEARCHED, **image.environment}.items()]
    config = _document(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Entrypoint": list(image.entrypoint),
                "Env": environment,
                "User": image.user,
                "WorkingDir": image.folder,
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in layers]},
        }
    )
    manifest = _document(
        {
            "schemaVersion": 2,
            "mediaType": f"{_TYPE}.manifest.v1+json",
            "config": _descriptor(f"{_TYPE}.config.v1+json", config),
            "layers": [
                {"mediaType": f"{_TYPE}.layer.v1.tar", "digest": f"sha256:{digest}", "size": path.stat().st_size}
                for digest, path in layers.items()
            ],
        }
    )
    index = _document(
        {
            "schemaVersion": 2,
            "manifests": [
                {
                    **_descriptor(f"{_TYPE}.manifest.v1+json", manifest),
                    # By which containerd names what it imports.
                    "annotations": {"io.containerd.image.name": image.name},
                    "platform": {"architecture": "amd64", "os": "linux"},
                }
            ],
        }
    )
    _add(archive, "oci-layout", _document({"imageLayoutVersion": "1.0.0"}))
    _add(archive, "index.json", index)
    for content in (config, manifest):
        _add(archive, f"blobs/sha256/{hashlib.sha256(content).hexdigest()}", content)
    for digest, path in layers.items():
        with path.open("rb") as stream:
            archive.addfile(_info(f"blobs/sha256/{digest}", path.stat().st_size, 0o644), stream)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _add_folders(tar: tarfile.TarFile, path: str) -> None:
    for folder in list(Path(path.lstrip("/")).parents)[-2::-1]:
        if str(folder) not in tar.getnames():
            tar.addfile(_folder(str(folder), 0o755))


def _folder(name: str, mode: int) -> tarfile.TarInfo:
    info = _info(name, 0, mode)
    info.type = tarfile.DIRTYPE
    return info


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    archive.addfile(_info(name, len(content), 0o644), io.BytesIO(content))


def _info(name: str, size: int, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, mode
    return info


def _document(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _descriptor(kind: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}
