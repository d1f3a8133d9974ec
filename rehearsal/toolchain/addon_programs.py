"""Programs of add-ons and of monitoring that end-to-end tests run as what the manifests say, and nothing else does."""

from __future__ import annotations

from typing import Final

from semver import Version

from rehearsal.toolchain.patches import Patch
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
    build_minutes=3,
)
KUBE_STATE_METRICS: Final = Release(
    name="kube-state-metrics",
    version=Version(2, 19, 1),
    module="kube-state-metrics",
    pinned_module="k8s.io/kube-state-metrics/v2",
    purpose="states of the API's objects as metrics",
    variables=_PROMETHEUS_VERSION,
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
ALERTMANAGER: Final = Release(
    name="alertmanager",
    version=Version(0, 34, 1),
    module="alertmanager",
    pinned_module="github.com/prometheus/alertmanager",
    purpose="what tells people of alerts",
    variables=_PROMETHEUS_VERSION,
    build_minutes=1,
    # Its pages are made when a release is, and are not in the module.
    patches=(Patch("github.com/prometheus/alertmanager", "ui", "no_pages.go.txt", replaces=True),),
)
NODE_TERMINATION_HANDLER: Final = Release(
    name="node-termination-handler",
    version=Version(1, 25, 6),
    module="node-termination-handler",
    pinned_module="github.com/aws/aws-node-termination-handler",
    purpose="what drains machines that are to go",
    variables=(),
    build_minutes=3,
)
NODE_PROBLEM_DETECTOR: Final = Release(
    name="node-problem-detector",
    # The newest that is published as a Go module; the add-on's image is newer.
    version=Version(1, 34, 0),
    module="node-problem-detector",
    pinned_module="k8s.io/node-problem-detector",
    purpose="what reads faults in machines' logs",
    variables=(("k8s.io/node-problem-detector/pkg/version.version", "v{version}"),),
    build_minutes=3,
)
CERT_MANAGER: Final = Release(
    name="cert-manager",
    version=Version(1, 21, 2),
    module="cert-manager",
    pinned_module="github.com/cert-manager/cert-manager",
    purpose="what asks for the edge's certificates",
    variables=(),
    build_minutes=4,
)
PEBBLE: Final = Release(
    name="pebble",
    version=Version(2, 10, 3),
    module="cert-manager",
    pinned_module="github.com/letsencrypt/pebble/v2",
    purpose="a certificate authority to test with",
    variables=(("main.version", "{version}"),),
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
        name="kube-state-metrics",
        release=KUBE_STATE_METRICS,
        package="k8s.io/kube-state-metrics/v2",
        purpose="tells states of the API's objects",
        version_arguments=("version",),
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
    *(
        Tool(
            name=name,
            release=ALERTMANAGER,
            package=f"github.com/prometheus/alertmanager/cmd/{name}",
            purpose=purpose,
            version_arguments=("--version",),
            rule=SAME_MINOR,
        )
        for name, purpose in (("alertmanager", "tells people of alerts"), ("amtool", "checks its configuration"))
    ),
    Tool(
        name="node-termination-handler",
        release=NODE_TERMINATION_HANDLER,
        package="github.com/aws/aws-node-termination-handler/cmd",
        purpose="drains machines that are to go",
        version_arguments=(),
        rule=SAME_MINOR,
    ),
    Tool(
        name="node-problem-detector",
        release=NODE_PROBLEM_DETECTOR,
        package="k8s.io/node-problem-detector/cmd/nodeproblemdetector",
        purpose="reads faults in a machine's log",
        version_arguments=("--version",),
        rule=SAME_MINOR,
    ),
    Tool(
        name="cert-manager-controllers",
        release=CERT_MANAGER,
        package="slipway/tools/cert-manager/controller",
        purpose="asks for the edge's certificates",
        version_arguments=(),
        rule=SAME_MINOR,
    ),
    Tool(
        name="pebble",
        release=PEBBLE,
        package="github.com/letsencrypt/pebble/v2/cmd/pebble",
        purpose="issues certificates by ACME",
        version_arguments=("-version",),
        rule=SAME_MINOR,
    ),
)
