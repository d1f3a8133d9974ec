"""What happens to objects in the cluster when the cluster itself is destroyed."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

BALANCER = "LoadBalancer"
"""Type of the Services that stand for something in AWS."""


def gone_with(whole: pulumi.Resource, machines: Sequence[pulumi.Resource]) -> pulumi.ResourceTransformation:
    """Return the transformation by which Kubernetes objects go with ``whole``, with no call to the API.

    Where both are deleted in one update, the engine leaves the objects to their cluster (Pulumi's option
    ``deletedWith``). Deleted one by one they would have to be waited for, by an API that may not answer any more: a
    namespace is gone once its pods are, and those on machines that are terminated meanwhile never say so. kops deletes
    no objects either. In any other update they are deleted as ever.

    Services of type LoadBalancer always are, while the ``machines`` still run: the controller that takes their load
    balancers away is on one of these.
    """

    def transform(given: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not given.type_.startswith("kubernetes:"):
            return None
        spec = given.props.get("spec")
        is_balancer = isinstance(spec, dict) and spec.get("type") == BALANCER
        goes = (
            pulumi.ResourceOptions(depends_on=list(machines))
            if is_balancer
            else pulumi.ResourceOptions(deleted_with=whole)
        )
        return pulumi.ResourceTransformationResult(given.props, pulumi.ResourceOptions.merge(given.opts, goes))

    return transform
