"""Whether the API server answers: asked first and once, since without its answers most checks can see nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from infra.ops.errors import OpsError, aws_errors
from infra.ops.kube import ClusterUnreachableError, Kube
from infra.ops.roll.etcd import failed_checks
from infra.ops.validate.findings import Finding

CHECK = "API server"


def blindness(kube: Kube, elb: Any, target_groups: Callable[[], Iterable[str]]) -> Finding | None:
    """Return why nothing in the cluster can be looked at; None where it can, however ready the API server is.

    ``target_groups`` returns those of the API's load balancer, which is asked for its judgement where there is no
    answer: it tells a control plane that is down from a way to it that is closed.
    """
    try:
        status, text = kube.raw("GET", "/readyz", query={"verbose": "true"})
    except ClusterUnreachableError as error:
        members, fix = _members(elb, target_groups)
        return Finding(CHECK, "invalid", kube.server, f"does not answer: {error.value}{members}", fix)
    if status == 401:
        return Finding(CHECK, "unknown", kube.server, "does not accept the credentials", "renew the kubeconfig")
    lost = [name for name in failed_checks(text) if name.startswith("etcd")]
    if status >= 500 and lost:
        problem = f"the API server answers, and its etcd does not ({', '.join(lost)}): it has no quorum of members"
        return Finding("etcd", "invalid", "etcd", problem, "bring members back, or see docs/restore-etcd.md")
    return None


def _members(elb: Any, target_groups: Callable[[], Iterable[str]]) -> tuple[str, str]:
    """Return what the load balancer says of the members, and what follows."""
    healthy: dict[str, bool] = {}
    try:
        for arn in target_groups():
            with aws_errors(f"read the health of {arn}"):
                found = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            for each in found:
                identity, state = each["Target"]["Id"], each["TargetHealth"]["State"]
                healthy[identity] = healthy.get(identity, True) and state == "healthy"
    except OpsError:
        healthy = {}
    if not healthy:
        return "", "see the control plane's machines, and the way from here to them"
    words = f"; its load balancer finds {sum(healthy.values())} of {len(healthy)} members healthy"
    if any(healthy.values()):
        return words, "look at the way from here: VPN, proxy, cluster.api.allowedCidrs, DNS record"
    return words, "the control plane is down: see the system logs of its machines, and docs/restore-etcd.md"
