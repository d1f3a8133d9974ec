"""The images of the add-ons, each by its version: the one place to change for a new one.

Manifests name an image by its key here. Versions are tags, since a digest can be read from a registry only.
"""

from __future__ import annotations

from types import MappingProxyType

IMAGES = MappingProxyType(
    {
        # The version that Kubernetes 1.37.2 ships (cluster/addons/dns/coredns).
        "coredns": "registry.k8s.io/coredns/coredns:v1.14.6",
    }
)
