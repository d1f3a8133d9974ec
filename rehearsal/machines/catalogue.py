"""Which images machines are given, by the names that manifests have for them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rehearsal.machines.commands import run
from rehearsal.machines.declared import repository
from rehearsal.machines.errors import MachineError
from rehearsal.machines.images import ROLES, WEB, Image
from rehearsal.machines.programs import AGNHOST, LOGS, METRICS_SERVER, MONITORING, Programs

VARIABLE: Final = "SLIPWAY_MACHINE_IMAGES"
"""Names of further programs to build images of, with commas between them; `all` are all that are what they are for."""
_CONTROL_PLANE: Final = frozenset({"ControlPlane"})


@dataclass(frozen=True)
class Recipe:
    """How the image of a repository is made here: of one program, built with `built_of` or a tool of the toolchain.

    `user` is that of the repository's own image, and `roles` are those of the machines that run it. One that is not
    `always` made is so when it is asked for, since building it takes minutes.
    """

    program: str
    path: str
    built_of: Programs | None = None
    user: str = ""
    roles: frozenset[str] = ROLES
    always: bool = False
    stands_in: bool = False
    """Whether the program is another one, made for rehearsals: then only its own name asks for it."""


RECIPES: Final[Mapping[str, Recipe]] = {
    "docker.io/library/traefik": Recipe("traefik", "/usr/local/bin/traefik", roles=frozenset({"Edge"}), always=True),
    "registry.k8s.io/e2e-test-images/agnhost": Recipe("agnhost", "/agnhost", AGNHOST, always=True),
    "registry.k8s.io/metrics-server/metrics-server": Recipe(
        "metrics-server", "/metrics-server", METRICS_SERVER, user="65534"
    ),
    "quay.io/prometheus/prometheus": Recipe("prometheus", "/bin/prometheus", MONITORING, user="nobody"),
    "quay.io/prometheus/node-exporter": Recipe("node_exporter", "/bin/node_exporter", MONITORING, user="nobody"),
    "cr.fluentbit.io/fluent/fluent-bit": Recipe("shipper", "/shipper", LOGS, stands_in=True),
    "docker.io/opensearchproject/opensearch": Recipe("store", "/store", LOGS, user="1000", stands_in=True),
}
"""Repository -> how its image is made."""


def chosen(declared: Iterable[str], asked: str | None = None) -> dict[str, Recipe]:
    """Return, of the images that an environment declares, those that are made here, with their recipes.

    `asked` has the further programs, by default as the environment variable `SLIPWAY_MACHINE_IMAGES` has them. Raises
    MachineError for a name that is no program's.
    """
    wanted = {name.strip() for name in (os.environ.get(VARIABLE, "") if asked is None else asked).split(",")} - {""}
    names = {recipe.program for recipe in RECIPES.values()}
    if unknown := sorted(wanted - names - {"all"}):
        raise MachineError(f"{VARIABLE} names {', '.join(unknown)}. Images are made of: {', '.join(sorted(names))}.")
    known = {image: RECIPES[repository(image)] for image in declared if repository(image) in RECIPES}
    return {
        image: recipe
        for image, recipe in known.items()
        if recipe.always or recipe.program in wanted or ("all" in wanted and not recipe.stands_in)
    }


def images(
    programs: Mapping[str, Path], version: str, declared: Iterable[str], recipes: Mapping[str, Recipe]
) -> Iterator[Image]:
    """Yield the images of a cluster of that Kubernetes version, and of what is declared in it.

    kubeadm says which names its static pods have; CoreDNS is made under all names that it has.
    """
    coredns = [image for image in declared if repository(image).endswith("/coredns")]
    for name in kubeadm_images(programs["kubeadm"], version):
        kind = name.rpartition("/")[2].partition(":")[0]
        if kind.startswith("kube-") and kind in programs and kind != "kube-proxy":
            program = {f"/usr/local/bin/{kind}": programs[kind]}
            yield Image(name, program, (f"/usr/local/bin/{kind}",), roles=_CONTROL_PLANE)
        elif kind == "etcd":
            tools = {f"/usr/local/bin/{each}": programs[each] for each in ("etcd", "etcdctl", "etcdutl")}
            yield Image(name, tools, ("/usr/local/bin/etcd",), roles=_CONTROL_PLANE)
        elif kind == "pause":
            yield Image(name, {"/pause": programs["pause"]}, ("/pause",), user="65535:65535")
        elif kind == "coredns":
            coredns = [name, *coredns]
    for name in dict.fromkeys(coredns):
        program = {"/coredns": programs["coredns"]}
        yield Image(name, program, ("/coredns",), user="65532:65532", binds_low_ports=True)
    yield Image(WEB, {"/web": programs["web"]}, ("/web",), user="65532:65532")
    for name, recipe in recipes.items():
        program = {recipe.path: programs[recipe.program]}
        yield Image(name, program, (recipe.path,), user=recipe.user, roles=recipe.roles)


def kubeadm_images(kubeadm: Path, version: str) -> list[str]:
    """Return the names of the images that kubeadm's manifests have. Raises MachineError."""
    return run([kubeadm, "config", "images", "list", "--kubernetes-version", f"v{version}"]).split()
