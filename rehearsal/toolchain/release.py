"""What is said of a program that a rehearsal or a test runs: its release, its Go package, and what will do instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from semver import Version

from rehearsal.toolchain.patches import Patch
from rehearsal.toolchain.versions import Rule

TOOLS_FOLDER: Final = Path(__file__).resolve().parents[2] / "tools"


@dataclass(frozen=True)
class Release:
    """One pinned release of a project, built from one Go module of ours.

    `module` is our folder under `tools/`, `pinned_module` the module whose version in its `go.mod` is the
    pinned one; `variables` are the Go variables that the linker sets, `{version}`, `{major}` and `{minor}`
    standing for the pinned version's parts. `build_minutes` is how long the default programs took from empty
    caches on two cores (a hint for people who wait, not a limit). `patches` are packages that are replaced, and
    `tags` Go's build tags.
    """

    name: str
    version: Version
    module: str
    pinned_module: str
    purpose: str
    variables: tuple[tuple[str, str], ...]
    build_minutes: int
    patches: tuple[Patch, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of the Go module that pins this release."""
        return TOOLS_FOLDER / self.module

    @property
    def key(self) -> str:
        """Name and version: the release's folder in the cache."""
        return f"{self.name}-{self.version}"

    @property
    def ldflags(self) -> str:
        """The linker's flags: no debug tables, and the version that the program reports."""
        version = self.version
        settings = (
            f"-X {name}={value.format(version=version, major=version.major, minor=version.minor)}"
            for name, value in self.variables
        )
        return " ".join(("-s -w", *settings))


@dataclass(frozen=True)
class Tool:
    """One program of a release.

    `version_arguments` make it print its version; one that has none cannot, and only the built one will do. `rule`
    says which versions on `PATH` will do, and `beside` names executables that must lie in the same folder for it to be
    of use. `default` tools are what `./rehearse up` needs.
    """

    name: str
    release: Release
    package: str
    purpose: str
    version_arguments: tuple[str, ...]
    rule: Rule
    beside: tuple[str, ...] = ()
    default: bool = False

    @property
    def built_name(self) -> str:
        """The file name that `go build` gives it: the package path's last element, a major version aside."""
        elements = self.package.split("/")
        last = elements[-1]
        return elements[-2] if last[:1] == "v" and last[1:].isdigit() else last
