"""Changes of what groups' machines are given, as the plan renders it, told as what they are."""

from __future__ import annotations

from typing import Any

import pytest

from infra.ops.preview.render_markdown import render_markdown
from infra.plan.node.document import files_document, files_name
from tests.infra.ops.preview.made import encoded, group, report_of, step
from tests.infra.plan.node.rendered import user_data
from tests.infra.samples import sample_mapping, sample_spec


def user_data_of(**change: Any) -> dict[str, str]:
    """Return what the launch template of the sample's workers has, with a group or cluster changed."""
    cluster = {key: change.pop(key) for key in ("registryMirrors",) if key in change}
    groups = [{**each, **change} if each["name"] == "nodes" else each for each in sample_mapping()["instanceGroups"]]
    return {"userData": encoded(user_data("nodes", sample_spec(cluster=cluster, instanceGroups=groups)))}


@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        ({}, {"vm.max_map_count": "262144"}, ("kernel parameters (+ vm.max_map_count = 262144)",)),
        ({"vm.swappiness": "1"}, {"vm.swappiness": "10"}, ("kernel parameters (- vm.swappiness = 1, + vm.swappiness = "
         "10)",)),
        ({"vm.swappiness": "1"}, {}, ("kernel parameters (- vm.swappiness = 1)",)),
        ({}, {f"vm.x{number}": "1" for number in range(9)}, ("kernel parameters",)),
        ({}, {"net.netfilter.nf_conntrack_max": "1"}, (
            "first-boot configuration: /etc/modules-load.d/slipway-group.conf (+ nf_conntrack)",
            "kernel parameters (+ net.netfilter.nf_conntrack_max = 1)",
        )),
    ],
)  # fmt: skip
def test_kernel_parameters_are_called_that(
    before: dict[str, str], after: dict[str, str], reasons: tuple[str, ...]
) -> None:
    templates = user_data_of(sysctls=before), user_data_of(sysctls=after)
    report = report_of(*group("nodes", "Node", op="update", template=templates))
    assert report.rolls[0].reasons == reasons


def test_mirrors_are_named_by_the_registry_they_stand_for() -> None:
    url = "https://harbor.example.com/v2/{}"
    mirrors = ({"ghcr.io": [url.format("a")]}, {"docker.io": [url.format("hub")], "ghcr.io": [url.format("b")]})
    templates = [user_data_of(registryMirrors=each) for each in mirrors]
    specs = [sample_spec(cluster={"registryMirrors": each}) for each in mirrors]
    documents = [
        {"key": files_name(text), "content": text} for text in (files_document(s, s.instance_groups[1]) for s in specs)
    ]
    report = report_of(
        *group("nodes", "Node", op="update", template=(templates[0], templates[1])),
        step("replace", "aws:s3/bucketObjectv2:BucketObjectv2", "nodes/files.json", *documents, keys=["key"]),
    )
    assert report.rolls[0].reasons == ("mirrors of docker.io, ghcr.io",)
    text = render_markdown(report)
    assert "/etc/containerd/certs.d/docker.io/hosts.toml" in text
    assert '+[host."https://harbor.example.com/v2/hub"]' in text
