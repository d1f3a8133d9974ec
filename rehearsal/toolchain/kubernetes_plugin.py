"""Pulumi's own plugin for Kubernetes, which a test runs beside the stand-in to see that both do the same."""

from __future__ import annotations

from typing import Final

from semver import Version

from rehearsal.toolchain.patches import Patch
from rehearsal.toolchain.release import Release, Tool
from rehearsal.toolchain.versions import SAME_MINOR

_MODULE: Final = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_PACKAGE: Final = "cmd/pulumi-resource-kubernetes"

KUBERNETES_PLUGIN: Final = Release(
    name="kubernetes-plugin",
    # The one version of the plugin that is published as a Go module: between its releases 4.24 and 4.25.
    version=Version(4, 0, 0, "20260115033456-f47bc2d6f199"),
    module="kubernetes-plugin",
    pinned_module=_MODULE,
    purpose="Pulumi's own plugin for Kubernetes",
    variables=((f"{_MODULE}/pkg/version.Version", "{version}"),),
    build_minutes=10,
    # Its documents with the release's number in them are made when a release is, and are not in the module.
    patches=(Patch(_MODULE, _PACKAGE, "main.go.txt"),),
)

KUBERNETES_PLUGIN_TOOL: Final = Tool(
    name="pulumi-resource-kubernetes",
    release=KUBERNETES_PLUGIN,
    package=f"{_MODULE}/{_PACKAGE}",
    purpose="makes, changes and deletes objects of a cluster",
    version_arguments=(),
    rule=SAME_MINOR,
)
