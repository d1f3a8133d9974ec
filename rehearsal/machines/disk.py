"""A machine's disks: files with file systems on them, so that a machine fills its own disk and no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rehearsal.machines.commands import run

_OVERLAY: Final = ("upper", "work")


class RootDisk:
    """An instance's root volume, in `folder`: what it changed of the base, and its containers' files.

    containerd's and the kubelet's directories lie on the disk itself: overlayfs cannot have an overlay above it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._image = folder / "root.img"
        self._mounted = folder / "disk"
        self.tree = folder / "tree"

    @property
    def kept(self) -> dict[str, Path]:
        """Directories of the machine that lie on the disk itself, as path in the machine -> path here."""
        return {f"/var/lib/{name}": self._mounted / name for name in ("containerd", "kubelet")}

    def prepare(self, base: Path, size_gib: int) -> bool:
        """Make the disk and mount the machine's tree; return whether the disk is new."""
        new = not self._image.exists()
        self._mounted.mkdir(parents=True, exist_ok=True)
        self.tree.mkdir(exist_ok=True)
        if new:
            make_image(self._image, size_gib)
            run(["mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1", self._image])
        if not is_mounted(self._mounted):
            run(["mount", "-o", "loop,noatime", self._image, self._mounted])
        for name in (*_OVERLAY, *(path.name for path in self.kept.values())):
            (self._mounted / name).mkdir(exist_ok=True)
        if not is_mounted(self.tree):
            upper, work = (self._mounted / name for name in _OVERLAY)
            options = f"lowerdir={base},upperdir={upper},workdir={work}"
            run(["mount", "-t", "overlay", "overlay", "-o", options, self.tree])
        return new

    def release(self) -> None:
        """Unmount all of it; the data stay."""
        for path in sorted(mounts_below(self.folder), reverse=True):
            run(["umount", "--lazy", path])

    def remove(self) -> None:
        """Unmount all of it and delete the data."""
        self.release()
        self._image.unlink(missing_ok=True)
        for path in (self.tree, self._mounted):
            if path.is_dir():
                path.rmdir()


class DataVolumes:
    """EBS volumes: files in `folder` by the volume's identity, which outlive the machines they are attached to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def device(self, volume: str, size_gib: int) -> Path:
        """Return the block device of a volume, which is made when it is new."""
        image = self._folder / f"{volume}.img"
        if not image.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            make_image(image, size_gib)
        found = run(["losetup", "--noheadings", "--output", "NAME", "--associated", image]).split()
        return Path(found[0] if found else run(["losetup", "--find", "--show", image]).strip())

    def release(self) -> None:
        """Let go of all block devices; the data stay."""
        for image in self._folder.glob("vol-*.img"):
            for device in run(["losetup", "--noheadings", "--output", "NAME", "--associated", image]).split():
                run(["losetup", "--detach", device])


def make_image(path: Path, size_gib: int) -> None:
    """Make an empty file of that size that takes no space yet."""
    with path.open("wb") as image:
        image.truncate(size_gib * 1024**3)


def is_mounted(path: Path) -> bool:
    """Return whether something is mounted on exactly this directory."""
    return path.resolve() in set(mounts_below(path))


def mounts_below(folder: Path) -> Iterator[Path]:
    """Yield the mount points in this process's namespace that are this folder or lie below it."""
    folder = folder.resolve()
    for line in Path("/proc/self/mounts").read_text().splitlines():
        path = Path(line.split()[1].encode().decode("unicode_escape"))
        if path == folder or path.is_relative_to(folder):
            yield path
