from __future__ import annotations

import pytest

from rehearsal.providers.kubernetes.tokens import Kind, TokenError, is_built_in, parse_token


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("kubernetes:core/v1:Namespace", Kind("v1", "Namespace")),
        ("kubernetes:apps/v1:Deployment", Kind("apps/v1", "Deployment")),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", Kind("rbac.authorization.k8s.io/v1", "ClusterRole")),
        ("kubernetes:slipway.test/v1alpha1:Widget", Kind("slipway.test/v1alpha1", "Widget")),
        ("kubernetes:core/v1:ConfigMapPatch", Kind("v1", "ConfigMap", patch=True)),
        ("kubernetes:slipway.test/v1:WidgetList", Kind("slipway.test/v1", "WidgetList")),
        ("kubernetes:slipway.test/v1:Patch", Kind("slipway.test/v1", "Patch")),
    ],
)
def test_kinds(token: str, kind: Kind) -> None:
    assert parse_token(token) == kind


def test_parts_of_a_kind() -> None:
    assert (Kind("v1", "Pod").group, Kind("v1", "Pod").version, str(Kind("v1", "Pod"))) == ("", "v1", "v1/Pod")
    job = Kind("batch/v1", "Job")
    assert (job.group, job.version, str(job)) == ("batch", "v1", "batch/v1/Job")


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (
            "kubernetes:core/v1:ConfigMapList",
            "kubernetes:core/v1:ConfigMapList: lists exist for manifests and cannot be created. "
            "Declare each ConfigMap instead.",
        ),
        (
            "kubernetes:helm.sh/v3:Release",
            "kubernetes:helm.sh/v3:Release: the stand-in for the kubernetes plugin knows no Helm charts and releases. "
            "Declare the objects as resources of their kind, or install the vendor's plugin.",
        ),
        (
            "kubernetes:yaml/v2:ConfigGroup",
            "kubernetes:yaml/v2:ConfigGroup: the stand-in for the kubernetes plugin knows no groups of YAML manifests. "
            "Declare the objects as resources of their kind, or install the vendor's plugin.",
        ),
        (
            "kubernetes:kustomize:Directory",
            "kubernetes:kustomize:Directory: the stand-in for the kubernetes plugin knows no Kustomize directories. "
            "Declare the objects as resources of their kind, or install the vendor's plugin.",
        ),
        (
            "kubernetes:apps:Deployment",
            "'kubernetes:apps:Deployment' has no group and version (kubernetes:<group>/<version>:<Kind>)",
        ),
        (
            "kubernetes:a/b/c:Deployment",
            "'kubernetes:a/b/c:Deployment' has no group and version (kubernetes:<group>/<version>:<Kind>)",
        ),
        (
            "aws:s3/bucket:Bucket",
            "'aws:s3/bucket:Bucket' is not a resource type of this package (kubernetes:<group>/<version>:<Kind>)",
        ),
        (
            "kubernetes:core/v1:",
            "'kubernetes:core/v1:' is not a resource type of this package (kubernetes:<group>/<version>:<Kind>)",
        ),
    ],
)
def test_what_is_no_kind(token: str, text: str) -> None:
    with pytest.raises(TokenError) as caught:
        parse_token(token)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("kind", "built_in"),
    [
        (Kind("v1", "Pod"), True),
        (Kind("v1", "Pood"), True),
        (Kind("apps/v1", "Deployment"), True),
        (Kind("rbac.authorization.k8s.io/v1", "ClusterRole"), True),
        (Kind("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"), True),
        (Kind("storage.k8s.io/v1", "StorageClass"), True),
        (Kind("apps/v9", "Deployment"), False),
        (Kind("slipway.test/v1", "Widget"), False),
        (Kind("storage.example.com/v1", "StorageClass"), False),
        (Kind("policy.networking.k8s.io/v1", "AdminNetworkPolicy"), False),
        (Kind("gateway.networking.k8s.io/v1", "Gateway"), False),
    ],
)
def test_built_in(kind: Kind, built_in: bool) -> None:
    assert is_built_in(kind) is built_in
