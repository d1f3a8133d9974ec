"""Images of the Amazon VPC CNI and of the kube-proxy beside it, made of programs built here and of what Debian has."""

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
from rehearsal.toolchain.amazon_vpc_cni import AMAZON_VPC_CNI, AMAZON_VPC_CNI_PROGRAMS

PROGRAMS: Final = tuple(tool.name for tool in AMAZON_VPC_CNI_PROGRAMS)
RECIPE: Final = Recipe(
    suite="bookworm",
    # What the daemon and kube-proxy call.
    packages=("ca-certificates", "conntrack", "iptables", "kmod", "nftables"),
    edition=1,
)
_INIT: Final = "aws-vpc-cni-init"
_FILES: Final = ("misc/10-aws.conflist", "misc/eni-max-pods.txt")
_PROXY: Final = "/usr/local/bin/kube-proxy"


def amazon_vpc_images(image_names: list[str], programs: Mapping[str, Path], console: Console) -> Iterator[Image]:
    """Yield the images of these names, of the toolchain's programs. Raises MachineError and ToolchainError."""
    for name in image_names:
        kind = repository(name).rpartition("/")[2]
        if kind == "amazon-k8s-cni":
            yield Image(
                name,
                dict(_daemon_files(programs, console)),
                ("/app/aws-vpc-cni",),
                below=_layer(console),
                folder="/app",
            )
        elif kind == "amazon-k8s-cni-init":
            plugins = POD_NETWORK.ensure(console)
            # It copies all that lies beside it onto the machine.
            files = {f"/init/{each}": plugins / each for each in ("host-local", "loopback", "portmap")}
            yield Image(name, {**files, f"/init/{_INIT}": programs[_INIT]}, (f"/init/{_INIT}",), folder="/init")
        elif kind == "kube-proxy":
            command = Path(__file__).with_name("inside") / "kube-proxy.sh"
            files = {_PROXY: command, f"{_PROXY}.real": programs["kube-proxy"]}
            yield Image(name, files, (_PROXY,), below=_layer(console))


def _daemon_files(programs: Mapping[str, Path], console: Console) -> Iterator[tuple[str, Path]]:
    for name in PROGRAMS:
        if name != _INIT:
            yield f"/app/{name}", programs[name]
    source = source_of(AMAZON_VPC_CNI, console)
    for file in _FILES:
        yield f"/app/{Path(file).name}", source / file


def _layer(console: Console) -> Path:
    return ensure_layer(RECIPE, console, "what the Amazon VPC CNI runs on", lambda root: remove(root, UNUSED))
