"""Programs of add-ons and of monitoring that end-to-end tests run as what the manifests say, and nothing else does."""

from __future__ import annotations

from typing import Final

from semver import Version

from rehearsal.toolchain.release import Release, Tool
from rehearsal.toolchain.versions import SAME_MINOR

_PROMETHEUS_VERSION: Final = (("github.com/prometheus/common/version.Version", "{version}"),)

CLOUD_CONTROLLER_MANAGER: Final = Release(
    name="cloud-controller-manager",
    version=Version(1, 37, 1),
    module="cloud-controller-manager",
    pinned_module="k8s.io/cloud-provider-aws",
    purpose="the AWS cloud provider",
    variables=(("k8s.io/component-base/version.gitVersion", "v{version}"),),
    build_minutes=2,
)
NODE_EXPORTER: Final = Release(
    name="node-exporter",
    version=Version(1, 12, 1),
    module="prometheus",
    pinned_module="github.com/prometheus/node_exporter",
    purpose="figures of machines",
    variables=_PROMETHEUS_VERSION,
    build_minutes=1,
)
ADDON_PROGRAMS: Final = (
    Tool(
        name="aws-cloud-controller-manager",
        release=CLOUD_CONTROLLER_MANAGER,
        package="k8s.io/cloud-provider-aws/cmd/aws-cloud-controller-manager",
        purpose="tells nodes of their machines",
        version_arguments=("--version",),
        rule=SAME_MINOR,
    ),
    Tool(
        name="node_exporter",
        release=NODE_EXPORTER,
        package="github.com/prometheus/node_exporter",
        purpose="tells figures of a machine",
        version_arguments=("--version",),
        rule=SAME_MINOR,
    ),
)
