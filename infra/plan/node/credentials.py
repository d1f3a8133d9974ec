"""What the kubelet logs in to image registries with: to those of Amazon ECR, and to its caches of other registries."""

from __future__ import annotations

from textwrap import indent

from infra.plan.node.assets import LIBRARY, NodeFile, asset
from infra.plan.node.yaml_text import yaml_text
from infra.spec import EnvironmentSpec
from infra.spec.mirrors import EcrCache, ecr_caches

_OF_ECR, _OF_CACHES = "ecr_credentials.py", "ecr_mirror_credentials.py"


def credential_files(spec: EnvironmentSpec) -> tuple[NodeFile, ...]:
    """Return the kubelet's configuration of credential providers, and the programs that it names."""
    caches = ecr_caches(spec.cluster.registry_mirrors)
    config = asset("credential-providers.yaml")
    files = [_program(_OF_ECR), NodeFile("/etc/kubernetes/credential-providers.yaml", config + _of_caches(caches))]
    return (*files, _program(_OF_CACHES)) if caches else tuple(files)


def _program(name: str) -> NodeFile:
    return NodeFile(f"{LIBRARY}/credential-providers/{name}", asset(name), executable=True)


def _of_caches(caches: dict[str, EcrCache]) -> str:
    if not caches:
        return ""
    provider = {
        "name": _OF_CACHES,
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "matchImages": list(caches),
        "defaultCacheDuration": "6h",
        "args": [f"{registry}={cache.host}" for registry, cache in caches.items()],
    }
    return indent(yaml_text([provider]), "  ")
