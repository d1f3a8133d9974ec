"""The mirrors of image registries, as containerd reads them."""

from __future__ import annotations

from infra.plan.node.assets import NodeFile
from infra.spec import EnvironmentSpec
from infra.spec.mirrors import ecr_cache, plain, registry_server

HOSTS = "/etc/containerd/certs.d"
"""``config_path`` of containerd's configuration. What lies there is read at each pull: nothing is restarted for it
(containerd's docs/hosts.md)."""


def mirror_files(spec: EnvironmentSpec) -> tuple[NodeFile, ...]:
    """Return a ``hosts.toml`` for each registry that has mirrors."""
    return tuple(
        NodeFile(f"{HOSTS}/{registry}/hosts.toml", _hosts(registry, mirrors))
        for registry, mirrors in sorted(spec.cluster.registry_mirrors.items())
    )


def _hosts(registry: str, mirrors: tuple[str, ...]) -> str:
    # containerd tries hosts in the order in which they stand in the file, and the server after them.
    if ecr_cache(mirrors[0]) is None:
        return "\n".join([f'server = "{registry_server(registry)}"\n', *map(_host, mirrors)])
    # The registry itself would be shown the login to ECR. containerd 1.6 takes no file without a host, so the cache is
    # both.
    settings = "".join(f"{line}\n" for line in _settings(mirrors[0]))
    return f'server = "{mirrors[0]}"\n{settings}\n{_host(mirrors[0])}'


def _host(mirror: str) -> str:
    url = plain(mirror)
    return "".join(f"{line}\n" for line in [f'[host."{url}"]', *(f"  {line}" for line in _settings(url))])


def _settings(url: str) -> tuple[str, ...]:
    capabilities = 'capabilities = ["pull", "resolve"]'
    # Without it containerd would put a /v2 of its own behind the path.
    return (capabilities, "override_path = true") if url.count("/") > 2 else (capabilities,)
