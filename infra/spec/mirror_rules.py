"""Rules of registries' mirrors that no single URL can judge."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.mirrors import plain, registry_server


def check_mirrors(spec: EnvironmentSpec) -> Iterator[Problem]:
    """Yield mirrors that are listed twice, or are the registry that they should stand for."""
    for registry, written in spec.cluster.registry_mirrors.items():
        mirrors = [plain(mirror) for mirror in written]
        for position, mirror in enumerate(mirrors):
            at: Location = ("cluster", "registryMirrors", registry, position)
            if mirror in mirrors[:position]:
                yield Problem(at, "is listed twice", "remove one", repr(written[position]))
            elif mirror in (registry_server(registry), f"https://{registry}"):
                fix = "remove it, or name a mirror"
                yield Problem(at, "is the registry itself, which is asked last anyway", fix, repr(written[position]))
