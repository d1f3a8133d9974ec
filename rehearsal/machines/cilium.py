"""Cilium's images, made of its programs built here and of what Debian has: what its own are made of, but for Envoy.

Envoy is a program of C++ that no registry of packages has. The agent starts it for rules of layer 7, of which
environments have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rich.console import Console

from rehearsal.machines.base import Recipe
from rehearsal.machines.declared import repository
from rehearsal.machines.images import Image
from rehearsal.machines.layers import UNUSED, ensure_layer, remove, source_of
from rehearsal.machines.programs import POD_NETWORK
from rehearsal.toolchain.cilium import CILIUM, CILIUM_PROGRAMS

REPOSITORIES: Final = ("quay.io/cilium/cilium", "quay.io/cilium/operator-generic")
PROGRAMS: Final = tuple(tool.name for tool in CILIUM_PROGRAMS)
RECIPE: Final = Recipe(
    suite="bookworm",
    # Of images/runtime in Cilium's repository: what the agent calls, and the compiler, of the version that it has.
    packages=("ca-certificates", "clang-19", "ipset", "iproute2", "iptables", "kmod"),
    edition=1,
)
_UNUSED: Final = ("usr/include", "usr/lib/gcc", *UNUSED)
"""Of no use to a compiler that makes programs of the kernel, and a fifth of the image."""
_SCRIPTS: Final = {
    "/init-container.sh": "images/cilium/init-container.sh",
    "/install-plugin.sh": "plugins/cilium-cni/install-plugin.sh",
    "/cni-uninstall.sh": "plugins/cilium-cni/cni-uninstall.sh",
}
_GOPS: Final = "/home/gops"
"""Where the operator writes its process ID, whoever it runs as (images/operator/Dockerfile in Cilium's repository)."""


def is_cilium(image: str) -> bool:
    """Return whether an image is one of Cilium's."""
    return repository(image) in REPOSITORIES


def cilium_images(image_names: list[str], programs: Mapping[str, Path], console: Console) -> Iterator[Image]:
    """Yield the images of these names, of the toolchain's programs. Raises MachineError and ToolchainError."""
    for name in filter(is_cilium, image_names):
        if repository(name) == REPOSITORIES[1]:
            path = "/usr/bin/cilium-operator-generic"
            yield Image(
                name,
                {path: programs["cilium-operator-generic"]},
                (path,),
                roles=frozenset({"ControlPlane"}),
                environment={"GOPS_CONFIG_DIR": _GOPS},
                open_folders=(_GOPS,),
            )
        else:
            yield Image(
                name,
                dict(_agent_files(programs, console)),
                ("/usr/bin/cilium-dbg",),
                below=ensure_layer(RECIPE, console, "what Cilium's agent runs on", _seal),
            )


def _agent_files(programs: Mapping[str, Path], console: Console) -> Iterator[tuple[str, Path]]:
    for name in PROGRAMS:
        folder = "/opt/cni/bin" if name == "cilium-cni" else "/usr/bin"
        yield f"{folder}/{name}", programs[name]
    yield "/cni/loopback", POD_NETWORK.ensure(console) / "loopback"
    source = source_of(CILIUM, console)
    for target, script in _SCRIPTS.items():
        yield target, source / script
    for path in sorted((source / "bpf").rglob("*.[ch]")):
        if "tests" not in path.parent.name:
            yield f"/var/lib/cilium/{path.relative_to(source)}", path


def _seal(root: Path) -> None:
    remove(root, _UNUSED)
    (root / "usr/bin/clang").symlink_to("clang-19")
