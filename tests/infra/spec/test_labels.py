"""Labels, taints and tags: each bad entry is reported by itself, with its key in the path."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.node.registration import GROUP_LABEL
from infra.spec.errors import show
from infra.spec.labels import Taint, parse_taint
from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import GROUP, report, with_fourth

BAD_KEY = (
    "which Kubernetes does not accept. Fix: use an optional DNS prefix and a slash, then at most 63 letters, digits, "
    "dots, underscores and hyphens, beginning and ending alphanumeric."
)
BAD_VALUE = (
    "which Kubernetes does not accept. Fix: use at most 63 letters, digits, dots, underscores and hyphens, beginning "
    "and ending alphanumeric."
)
NOT_A_TAINT = (
    "is not a taint. Fix: write key=value:Effect or key:Effect with an effect of NoSchedule, PreferNoSchedule, "
    "NoExecute."
)
NOT_A_TAG = (
    "is not a tag that AWS accepts. Fix: keys have 1 to 128 characters, values at most 256: letters, digits, spaces "
    "and _ . : / = + - @."
)
NODE_RESTRICTION = (
    "is a label that the NodeRestriction admission plugin stops a kubelet from giving itself. Fix: use a prefix of "
    "your own, as example.com/pool, or node.kubernetes.io/."
)


def label_report(**labels: Any) -> list[str]:
    return report(with_fourth(nodeLabels=labels))


@pytest.mark.parametrize(
    "key",
    ["", "-a", "a-", "a b", "a/b/c", "/a", "a/", "A.example.com/a", "a_b/c", "x" * 64, "p" * 254 + "/a", "ä", "a\n"],
)
def test_a_bad_key(key: str) -> None:
    (line,) = label_report(**{key: "x"})
    assert line.endswith(f": 'x' has the key {show(key)}, {BAD_KEY}")
    (line,) = report(with_fourth(taints=[f"{key}=x:NoSchedule"]))
    assert line == f"{GROUP}.taints[0]: {show(f'{key}=x:NoSchedule')} has the key {show(key)}, {BAD_KEY}"


def test_the_label_that_kops_gives_nodes_is_led_to_ours() -> None:
    assert label_report(**{"kops.k8s.io/instancegroup": "nodes"}) == [
        f"{GROUP}.nodeLabels['kops.k8s.io/instancegroup']: 'nodes' is kops's label for a node's group. "
        f"Fix: remove it: nodes have {GROUP_LABEL} for it."
    ]


@pytest.mark.parametrize("value", ["-a", "a-", "a b", "a/b", "x" * 64, "a=b", "ä", "a\n"])
def test_a_bad_value(value: str) -> None:
    assert label_report(pool=value) == [
        f"{GROUP}.nodeLabels.pool: {show(value)} has the value {show(value)}, {BAD_VALUE}"
    ]
    taint = f"pool={value}:NoSchedule"
    assert report(with_fourth(taints=[taint])) == [
        f"{GROUP}.taints[0]: {show(taint)} has the value {show(value)}, {BAD_VALUE}"
    ]


@pytest.mark.parametrize(
    "key",
    [
        "kubernetes.io/hostname",
        "kubernetes.io/arch",
        "kubernetes.io/os",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
    ],
)
def test_a_label_that_the_cloud_provider_sets(key: str) -> None:
    assert label_report(**{key: "x"}) == [
        f"{GROUP}.nodeLabels[{key!r}]: 'x' is set by the kubelet or the cloud provider. Fix: remove it."
    ]


@pytest.mark.parametrize(
    "key",
    [
        "kubernetes.io/role",
        "k8s.io/x",
        "node-role.kubernetes.io/node",
        "kops.k8s.io/kops-controller-pki",
        "node-restriction.kubernetes.io/x",
        "xnode.kubernetes.io/a",
    ],
)
def test_a_label_that_a_kubelet_may_not_set(key: str) -> None:
    assert label_report(**{key: "x"}) == [f"{GROUP}.nodeLabels[{key!r}]: 'x' {NODE_RESTRICTION}"]


def test_all_bad_labels_are_told() -> None:
    assert label_report(**{"b c": "1", "good": "1", "kubernetes.io/x": "1", "pool": "-"}) == [
        f"{GROUP}.nodeLabels['b c']: '1' has the key 'b c', {BAD_KEY}",
        f"{GROUP}.nodeLabels['kubernetes.io/x']: '1' {NODE_RESTRICTION}",
        f"{GROUP}.nodeLabels.pool: '-' has the value '-', {BAD_VALUE}",
    ]


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "x" * 63,
        "A_b.c-d",
        "example.com/pool",
        "p" * 253 + "/a",
        "node.kubernetes.io/pool",
        "x.kubelet.kubernetes.io/a",
        "mykubernetes.io/a",
    ],
)
def test_labels_that_are_accepted(key: str) -> None:
    assert label_report(**{key: ""}) == []
    assert label_report(**{key: "x" * 63}) == []


@pytest.mark.parametrize("text", ["", "a", "a=b", "a=b:", "a=b:Never", "a=b:noSchedule", "NoSchedule", "a:NoSchedule "])
def test_what_is_no_taint(text: str) -> None:
    assert report(with_fourth(taints=["ok:NoExecute", text])) == [f"{GROUP}.taints[1]: {text!r} {NOT_A_TAINT}"]


@pytest.mark.parametrize(
    ("text", "taint"),
    [
        ("a=b:NoSchedule", Taint("a", "b", "NoSchedule")),
        ("example.com/a:PreferNoSchedule", Taint("example.com/a", "", "PreferNoSchedule")),
        ("a=:NoExecute", Taint("a", "", "NoExecute")),
    ],
)
def test_a_taint_is_read(text: str, taint: Taint) -> None:
    assert parse_taint(text) == taint
    assert parse_taint(str(taint)) == taint


def test_a_taint_is_written_as_kubectl_writes_it() -> None:
    assert str(Taint("a", "b", "NoSchedule")) == "a=b:NoSchedule"
    assert str(Taint("a", "", "NoSchedule")) == "a:NoSchedule"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("", "x"),
        ("k" * 129, "x"),
        ("k", "v" * 257),
        ("a,b", "x"),
        ("k", "a\nb"),
        ("a\tb", "x"),
        ("k", "a;b"),
        ("k", "😀"),
    ],
)
def test_what_is_no_tag(key: str, value: str) -> None:
    for raw, path in (
        (sample_mapping(tags={key: value}), "tags"),
        (with_fourth(cloudLabels={key: value}), f"{GROUP}.cloudLabels"),
    ):
        (line,) = report(raw)
        assert line.startswith(path)
        assert line.endswith(f" {NOT_A_TAG}")


@pytest.mark.parametrize("key", ["aws:x", "AWS:x"])
def test_a_tag_of_aws(key: str) -> None:
    assert report(sample_mapping(tags={key: "1"})) == [
        f"tags[{key!r}]: '1' has the prefix aws:, which AWS keeps for itself. Fix: choose another key."
    ]


@pytest.mark.parametrize(
    "key",
    [
        "Name",
        "name",
        "KubernetesCluster",
        "SubnetType",
        "kubernetes.io/cluster/test.example.com",
        "kubernetes.io/role/elb",
        "slipway/role",
        "Slipway/role",
        "k8s.io/cluster-autoscaler/enabled",
        "k8s.io/cluster-autoscaler/node-template/label/pool",
        "aws-node-termination-handler/managed",
    ],
)
def test_a_tag_that_slipway_sets(key: str) -> None:
    (line,) = report(sample_mapping(tags={key: "1"}))
    assert line.endswith(": '1' is a tag that Slipway sets itself. Fix: remove it.")


@pytest.mark.parametrize(
    "key",
    [
        "Owner",
        "kostenstelle äöü",
        "a.b:c/d=e+f-g@h_i",
        "k",
        "k" * 128,
        "Names",
        "k8s.io/cluster-autoscaler/node-template/resources/ephemeral-storage",
        "k8s.io/cluster-autoscaler/node-template/autoscaling-options/scaledownutilizationthreshold",
    ],
)
def test_tags_that_are_accepted(key: str) -> None:
    assert report(with_fourth(cloudLabels={key: "v" * 256})) == []
    assert report(with_fourth(cloudLabels={key: ""})) == []


def test_tags_that_iam_takes_for_one() -> None:
    words = "differs from team in case only, and IAM takes both for one. Fix: remove one."
    assert report(sample_mapping(tags={"TEAM": "y", "other": "z"})) == [f"tags.TEAM: 'y' {words}"]
    assert report(with_fourth(cloudLabels={"Team": "x", "other": "z"})) == [
        f"{GROUP}.cloudLabels.Team: 'x' differs from the environment's tag team in case only, and IAM takes both for "
        "one. Fix: write team, or another key."
    ]


def test_a_group_may_set_a_tag_of_the_environment_anew() -> None:
    assert report(with_fourth(cloudLabels={"team": "other"})) == []
