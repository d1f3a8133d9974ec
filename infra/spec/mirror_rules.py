"""Rules of registries' mirrors that no single URL can judge."""

from __future__ import annotations

from collections.abc import Iterator

from infra.spec.environment import EnvironmentSpec
from infra.spec.errors import Location, Problem
from infra.spec.mirrors import ecr_cache, plain, registry_server

SANDBOX_REGISTRY = "registry.k8s.io"
"""Registry of the image that containerd holds each pod's namespaces with. It fetches that itself, without the kubelet
and so without a login."""


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
            yield from _check_cache(spec, at, registry, written)


def _check_cache(spec: EnvironmentSpec, at: Location, registry: str, written: tuple[str, ...]) -> Iterator[Problem]:
    """Yield what is wrong with a pull-through cache of ECR, to which machines log in."""
    position = int(at[-1])
    cache = ecr_cache(written[position])
    if cache is None:
        return
    value = repr(written[position])
    if (cache.region, cache.account) != (spec.region, spec.account_id):
        yield Problem(
            at,
            f"is of {cache.region} in account {cache.account}, and machines fill caches of their own account alone",
            f"name a cache of {spec.region} in account {spec.account_id}",
            value,
            (("region",), ("accountId",)),
        )
    if registry == SANDBOX_REGISTRY:
        yield Problem(
            at,
            "wants a login, without which containerd itself fetches the image that every pod begins with",
            "name a mirror that wants none, or leave this registry out",
            value,
        )
    elif len(written) > 1:
        yield Problem(
            at,
            "wants a login, which the other mirrors would be shown, too",
            "list it alone: it fetches by itself what it lacks",
            value,
        )
