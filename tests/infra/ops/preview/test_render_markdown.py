from __future__ import annotations

import json

from infra.ops.preview.markdown_text import code, escaped, fenced, prose
from infra.ops.preview.render_json import render_json
from infra.ops.preview.render_markdown import render_markdown
from infra.ops.preview.render_text import render_text
from tests.infra.ops.preview.made import TEMPLATE, VOLUME, component, group, report_of, step, urn


def test_text_stays_text() -> None:
    assert escaped("a|b <b>@all</b> [x](y) `c`\n*d*") == (
        "a&#124;b &lt;b&gt;&#64;all&lt;/b&gt; &#91;x&#93;(y) &#96;c&#96; &#42;d&#42;"
    )
    assert prose("by `slipway roll` <x> `") == "by `slipway roll` &lt;x&gt; &#96;"
    assert code("a`b") == "``a`b``"
    assert code("`a`") == "`` `a` ``"
    assert fenced("```\nx", "diff") == "````diff\n```\nx\n````\n"


def test_values_cannot_break_out_of_their_block() -> None:
    evil = "```\n</details>\n@everyone"
    text = render_markdown(report_of(step("update", TEMPLATE, "n", {"x": "a\nb"}, {"x": evil})))
    assert "````diff\n@@ x @@\n@@ -1,2 +1,3 @@\n-a\n-b\n+```\n+</details>\n+@everyone\n````\n" in text


def test_changes_are_told_by_component_gravest_first() -> None:
    parent = {"parent": urn("slipway:index:Network", "network")}
    text = render_markdown(
        report_of(
            component("Network", "network"),
            step("create", "aws:ec2/subnet:Subnet", "a", None, {"cidrBlock": "10.0.0.0/24"}, state=parent),
            step("update", "aws:ec2/vpc:Vpc", "v", {"tags": {"a": "1"}}, {"tags": {"a": "2"}}, state=parent),
            step("replace", VOLUME, "etcd", {"availabilityZone": "a", "size": 1}, {"availabilityZone": "b", "size": 2},
                 keys=["availabilityZone"]),
        )
    )  # fmt: skip
    changes = text.partition("### All changes\n\n")[2]
    assert changes == (
        "<details><summary><b>Without a component</b>: 1 to replace</summary>\n\n"
        "- ♻️ replace `ebs Volume etcd`\n\n```diff\n- availabilityZone: a   # forces the replacement\n"
        "+ availabilityZone: b\n- size: 1\n+ size: 2\n```\n\n\n</details>\n"
        "<details><summary><b>Network network</b>: 1 to update, 1 to create</summary>\n\n"
        "- ✏️ update `ec2 Vpc v`\n\n```diff\n- tags.a: 1\n+ tags.a: 2\n```\n\n- 🆕 create `ec2 Subnet a`\n\n</details>\n"
    )
    assert "| replace | update | create |\n|---:|---:|---:|\n| 1 | 1 | 1 |" in text
    assert f"> If one is meant, say so: `--waive {urn(VOLUME, 'etcd')}`" in text


def test_json_says_the_same() -> None:
    report = report_of(step("delete", VOLUME, "etcd", {"size": 1}), waivers=("other",))
    document = json.loads(render_json(report))
    assert (document["version"], document["verdict"], document["exitCode"]) == (1, "stop", 3)
    assert document["counts"] == {"delete": 1}
    assert document["dangers"][0]["urn"] == urn(VOLUME, "etcd")
    assert document["unknownWaivers"] == ["other"]
    assert render_text(report).plain.splitlines()[0] == report.headline


def test_changes_are_told_in_the_same_order_whatever_the_engine_began_with() -> None:
    """And records last: they say again what the others do."""
    written = {"key": "k", "content": "a"}, {"key": "k", "content": "b"}
    records = {"parent": urn("slipway:index:ClusterRecords", "records")}
    events = [
        *group("nodes", "Node", op="update", template=({"imageId": "ami-1"}, {"imageId": "ami-2"})),
        *group("batch", "Node", op="update", template=({"imageId": "ami-1"}, {"imageId": "ami-2"})),
        component("ClusterRecords", "records"),
        step("update", "aws:s3/bucketObjectv2:BucketObjectv2", "instancegroup/nodes", *written, state=records),
        step("update", "aws:s3/bucketObjectv2:BucketObjectv2", "instancegroup/batch", *written, state=records),
    ]
    for render in (render_markdown, render_text):
        texts = [str(render(report_of(*order))) for order in (events, events[::-1])]
        assert texts[0] == texts[1]
        places = [texts[0].rindex(name) for name in ("InstanceGroup batch", "InstanceGroup nodes", "ClusterRecords")]
        assert places == sorted(places)
