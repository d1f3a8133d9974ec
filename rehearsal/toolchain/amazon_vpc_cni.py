"""The Amazon VPC CNI's programs: the real pod network of machines whose pods have addresses of the VPC."""

from __future__ import annotations

from typing import Final

from semver import Version

from rehearsal.toolchain.release import Release, Tool
from rehearsal.toolchain.versions import SAME_MINOR

MODULE: Final = "github.com/aws/amazon-vpc-cni-k8s"

AMAZON_VPC_CNI: Final = Release(
    name="amazon-vpc-cni",
    version=Version(1, 23, 2),
    module="amazon-vpc-cni",
    pinned_module=MODULE,
    purpose="the pod network of the VPC",
    # The daemon answers no plugin that tells another version than its own.
    variables=((f"{MODULE}/pkg/version.Version", "v{version}"), ("main.version", "v{version}")),
    build_minutes=6,
)


def _tool(name: str, package: str, purpose: str) -> Tool:
    # None of them prints its version.
    return Tool(
        name=name,
        release=AMAZON_VPC_CNI,
        package=f"{MODULE}/cmd/{package}",
        purpose=purpose,
        version_arguments=(),
        rule=SAME_MINOR,
    )


AMAZON_VPC_CNI_PROGRAMS: Final = (
    _tool("aws-k8s-agent", "aws-k8s-agent", "gets a machine addresses for its pods"),
    _tool("aws-vpc-cni", "aws-vpc-cni", "starts the agent, and says that the network is there"),
    _tool("aws-vpc-cni-init", "aws-vpc-cni-init", "prepares a machine"),
    _tool("aws-cni", "routed-eni-cni-plugin", "gives a pod its network"),
    _tool("egress-cni", "egress-cni-plugin", "leads pods to the other version of the protocol"),
    _tool("grpc-health-probe", "grpc-health-probe", "asks whether the agent answers"),
)
