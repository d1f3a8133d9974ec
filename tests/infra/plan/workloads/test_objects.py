from __future__ import annotations

import pytest

from infra.plan.workloads.objects import KubernetesObject, SecretReference, digest_of, selector, version
from tests.infra.samples import sample_spec
from tests.infra.workload_samples import DIGEST


@pytest.mark.parametrize(
    ("image", "label"),
    [
        (f"web@{DIGEST}", "abababababab"),
        (f"web:v1.2@{DIGEST}", "v1.2"),
        ("host:5000/web:1.2-", "1.2"),
        ("web:" + "a" * 128, "a" * 63),
        ("web:___", "unknown"),
    ],
)
def test_the_version_is_fit_for_a_label(image: str, label: str) -> None:
    assert version(image) == label


def test_a_selector_fits_a_label_whatever_the_names() -> None:
    name = "w" * 52
    assert selector(sample_spec(), name)["app.kubernetes.io/instance"] == f"{name}-test"
    assert all(len(value) <= 63 for value in selector(sample_spec(), "w" * 60).values())


def test_a_manifest_names_a_secret_that_pulumi_will_name() -> None:
    body = {"metadata": {"name": "a"}, "spec": {"volumes": [{"secret": SecretReference("web-secrets")}]}}
    made = KubernetesObject("v1", "Pod", "a", body)
    assert made.manifest() == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"volumes": [{"secret": "web-secrets-x"}]},
    }
    assert made.token == "kubernetes:core/v1:Pod"
    assert KubernetesObject("apps/v1", "Deployment", "a", body).token == "kubernetes:apps/v1:Deployment"


def test_a_digest_is_of_the_contents_and_not_of_their_order() -> None:
    assert digest_of({"a": "1", "b": "2"}) == digest_of({"b": "2", "a": "1"})
    assert digest_of({"a": "1"}) != digest_of({"a": "2"})
