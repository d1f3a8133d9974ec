"""Which images machines are given, by the names that manifests have for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rehearsal.machines.commands import run
from rehearsal.machines.images import WEB, Image

PROGRAMS: Final = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "coredns", "pause", "web")
"""What images are made of, beside `etcdctl`, which is in etcd's."""


def images(programs: Mapping[str, Path], version: str, coredns: tuple[str, ...]) -> Iterator[Image]:
    """Yield the images of a cluster of that Kubernetes version.

    kubeadm says which names its static pods have; `coredns` are names that manifests have for CoreDNS.
    """
    for name in kubeadm_images(programs["kubeadm"], version):
        kind = name.rpartition("/")[2].partition(":")[0]
        if kind.startswith("kube-") and kind in programs and kind != "kube-proxy":
            yield Image(name, {f"/usr/local/bin/{kind}": programs[kind]}, (f"/usr/local/bin/{kind}",))
        elif kind == "etcd":
            tools = {f"/usr/local/bin/{each}": programs[each] for each in ("etcd", "etcdctl", "etcdutl")}
            yield Image(name, tools, ("/usr/local/bin/etcd",))
        elif kind == "pause":
            yield Image(name, {"/pause": programs["pause"]}, ("/pause",), user="65535:65535")
        elif kind == "coredns":
            coredns = (name, *coredns)
    for name in dict.fromkeys(coredns):
        program = {"/coredns": programs["coredns"]}
        yield Image(name, program, ("/coredns",), user="65532:65532", binds_low_ports=True)
    yield Image(WEB, {"/web": programs["web"]}, ("/web",), user="65532:65532")


def kubeadm_images(kubeadm: Path, version: str) -> list[str]:
    """Return the names of the images that kubeadm's manifests have. Raises MachineError."""
    return run([kubeadm, "config", "images", "list", "--kubernetes-version", f"v{version}"]).split()
