"""A daemonless builder with storage of its own, and a base image made of this machine's Python.

No image registry is asked for anything: what `FROM` names in a real service is made here, from the interpreter that
runs the tests, the libraries it needs and a shell.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SHELL = Path("/bin/sh")
_INDEX_SETTINGS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST")
"""Where this machine gets packages; the Dockerfile's `pip install` gets them there as well."""

_LEFT_OUT = ("site-packages", "dist-packages", "__pycache__", "test", "idlelib", "tkinter", "turtledemo", "lib2to3")
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


def why_not() -> str | None:
    """Return why images cannot be built here; None where they can."""
    if shutil.which("buildah") is None:
        return "buildah is not installed (Debian's package buildah)"
    if os.geteuid() != 0:
        return "buildah's chroot isolation needs root"
    return None


class Builder:
    """Buildah with storage under one folder and chroot isolation: no daemon, and no namespaces."""

    def __init__(self, folder: Path) -> None:
        """Keep everything below ``folder``."""
        (folder / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self._folder = folder
        self._environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(folder)}
        self._places = self._storage("overlay")
        # Overlay takes a file system that can be a layer of it; copying works on every one, at four times the time.
        if subprocess.run(["buildah", *self._places, "info"], capture_output=True, env=self._environment).returncode:
            self._places = self._storage("vfs")

    def _storage(self, driver: str) -> list[str]:
        places = [f"--root={self._folder / driver}", f"--runroot={self._folder / 'run'}"]
        return [*places, f"--storage-driver={driver}"]

    def run(self, command: str, *arguments: str, fails: bool = False) -> str:
        """Return what a command of buildah printed; both of its outputs where it is to fail."""
        whole = ["buildah", *self._places, command, *arguments]
        done = subprocess.run(whole, capture_output=True, text=True, env=self._environment, timeout=300, check=False)
        assert (done.returncode != 0) == fails, f"{' '.join(whole)}\n{done.stdout}\n{done.stderr}"
        return f"{done.stdout}\n{done.stderr}" if fails else done.stdout.strip()

    def base(self, name: str) -> None:
        """Make the base image."""
        root = self._folder / "base"
        python_root(root)
        container = self.run("from", "scratch")
        self.run("copy", container, str(root), "/")
        settings = [f"--env={key}={os.environ[key]}" for key in _INDEX_SETTINGS if key in os.environ]
        self.run("config", "--env=PATH=/usr/local/bin:/usr/bin:/bin", *settings, container)
        self.run("commit", "--rm", container, name)

    def build(self, target: str, context: Path, base: str, *arguments: str) -> str:
        """Build one target of a context's Dockerfile and return the name of its image."""
        name = f"localhost/greeting/{target}"
        # With layers, as BuildKit has them: what one target made is there for the next.
        self.run("build", "--layers", "--pull=never", f"--build-arg=PYTHON_IMAGE={base}", f"--target={target}",
                 *arguments, "-t", name, str(context))  # fmt: skip
        return name

    def config(self, image: str) -> dict[str, Any]:
        """Return an image's OCI configuration."""
        found: dict[str, Any] = json.loads(self.run("inspect", "--type=image", image))["OCIv1"]
        return found

    def pushed(self, image: str, to: Path) -> str:
        """Push an image into a folder, as to a registry, and return the digest that was pushed."""
        digest = self._folder / "digest"
        policy = f"--signature-policy={self._folder / 'policy.json'}"
        self.run("push", policy, "--disable-compression", f"--digestfile={digest}", image, f"oci:{to}:latest")
        return digest.read_text(encoding="utf-8").strip()

    def run_inside(self, image: str, *command: str, fails: bool = False, put: Mapping[Path, str] | None = None) -> str:
        """Run a command in a container of an image, with files put in; without a command, what the image says."""
        container = self.run("from", "--pull=never", image)
        try:
            for file, place in (put or {}).items():
                self.run("copy", container, str(file), place)
            return self.run("run", container, "--", *(command or self.config(image)["config"]["Cmd"]), fails=fails)
        finally:
            self.run("rm", container)


def python_root(root: Path) -> None:
    """Lay out a file system with this interpreter under /usr/local, a shell, and whom TLS trusts."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    program = Path(sys.base_prefix) / "bin" / stdlib.name
    home = root / "usr/local"
    for folder in (home / "bin", root / "bin", root / "tmp", root / "etc/ssl/certs"):
        folder.mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    shutil.copytree(stdlib, home / "lib" / stdlib.name, ignore=shutil.ignore_patterns(*_LEFT_OUT, "config-*", "*.a"))
    shutil.copy2(program.resolve(), home / "bin" / stdlib.name)
    for alias in ("python", "python3"):
        (home / "bin" / alias).symlink_to(stdlib.name)
    shutil.copy2(SHELL.resolve(), root / "bin/sh")
    for needs in (program, SHELL, *stdlib.glob("lib-dynload/*.so")):
        for library in libraries(needs):
            target = root / str(library).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copy2(library.resolve(), target)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="utf-8")
    if _AUTHORITIES.exists():
        shutil.copy2(_AUTHORITIES, root / str(_AUTHORITIES).lstrip("/"))
        (root / "etc/pip.conf").write_text(f"[global]\ncert = {_AUTHORITIES}\n", encoding="utf-8")


def libraries(program: Path) -> list[Path]:
    """Return the shared libraries that the loader finds for a program."""
    told = subprocess.run(["ldd", str(program.resolve())], capture_output=True, text=True, check=False).stdout
    words = [word for line in told.splitlines() for word in line.split() if word.startswith("/")]
    return [Path(word) for word in words]
