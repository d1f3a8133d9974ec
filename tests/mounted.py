"""A folder that a pod mounts of a ConfigMap or Secret, written and changed as the kubelet does it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping
from pathlib import Path

_NUMBERS = itertools.count(1)


def mount(folder: Path, files: Mapping[str, str]) -> None:
    """Make the folder what the files are, all at once.

    After the kubelet's writer (Kubernetes, ``pkg/volume/util/atomic_writer.go``): the files are in a folder of their
    own, ``..data`` is a link to it that is exchanged, and each name is a link through it.
    """
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    payload, current, new = folder / f"..{next(_NUMBERS)}", folder / "..data", folder / "..data_tmp"
    payload.mkdir()
    payload.chmod(0o755)
    for name, text in files.items():
        (payload / name).write_text(text, encoding="utf-8")
    old = current.resolve() if current.is_symlink() else None
    new.symlink_to(payload.name)
    new.replace(current)
    for name in files:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    for link in (each for each in folder.iterdir() if not each.name.startswith("..")):
        if link.name not in files:
            link.unlink()
    if old is not None:
        shutil.rmtree(old)
