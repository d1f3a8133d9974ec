"""The mirrors of image registries, as containerd reads them."""

from __future__ import annotations

from infra.plan.node.assets import NodeFile
from infra.spec import EnvironmentSpec
from infra.spec.mirrors import plain, registry_server

HOSTS = "/etc/containerd/certs.d"
"""``config_path`` of containerd's configuration. What lies there is read at each pull: nothing is restarted for it
(containerd's docs/hosts.md)."""


def mirror_files(spec: EnvironmentSpec) -> tuple[NodeFile, ...]:
    """Return a ``hosts.toml`` for each registry that has mirrors."""
    return tuple(
        NodeFile(f"{HOSTS}/{registry}/hosts.toml", _hosts(registry, mirrors))
        for registry, mirrors in spec.cluster.registry_mirrors.items()
    )


def _hosts(registry: str, mirrors: tuple[str, ...]) -> str:
    # containerd tries hosts in the order in which they stand in the file, and the server after them.
    return "\n".join([f'server = "{registry_server(registry)}"\n', *map(_host, mirrors)])


def _host(mirror: str) -> str:
    url = plain(mirror)
    lines = [f'[host."{url}"]', '  capabilities = ["pull", "resolve"]']
    if url.count("/") > 2:
        # Without it containerd would put a /v2 of its own behind the path.
        lines.append("  override_path = true")
    return "".join(f"{line}\n" for line in lines)
