from __future__ import annotations

import pytest

from infra.ops.preview.fold import COMMENT_LIMIT, NEVER, Block, Section, folded, length
from infra.ops.preview.render_markdown import render_markdown
from tests.infra.ops.preview.made import GROUP, INGRESS, TEMPLATE, VOLUME, component, group, report_of, step, urn


def sections() -> list[Section]:
    return [
        Section("", [Block(NEVER, "head\n")]),
        Section("A\n", [Block(20, "a" * 2000 + "\n", "short a\n", "important things")]),
        Section("B\n", [Block(50, "b" * 2000 + "\n", "short b\n", "unimportant things")], "end B\n"),
    ]


def test_what_fits_is_left_alone() -> None:
    assert folded(sections()) == f"head\nA\n{'a' * 2000}\nB\n{'b' * 2000}\nend B\n"


def test_the_least_important_is_folded_first_and_named() -> None:
    text = folded(sections(), 3400, where="Whole: here.")
    assert text.startswith(f"head\nA\n{'a' * 2000}\nB\nshort b\nend B\n")
    assert "Folded to fit 3,400 characters:** details of unimportant things (1). Whole: here." in text


def test_then_it_goes_altogether_with_its_heading() -> None:
    made = [*sections()[:2], *(Section(f"S{n}\n", [Block(50, "c" * 30 + "\n", "c\n", "small")]) for n in range(40))]
    text = folded(made, 2000)
    assert text.startswith("head\nA\nshort a\n")
    assert "S0" in text
    made = [Section("", [Block(NEVER, "h" * 500 + "\n")]), Section("S\n", [Block(50, "c" * 900 + "\n", "", "small")])]
    assert folded(made, 1400).startswith(
        "h" * 500 + "\n\n---\n**Folded to fit 1,400 characters:** small (1), altogether."
    )


def test_the_last_resort_cuts_at_a_line() -> None:
    text = folded([Section("", [Block(NEVER, "line\n" * 1000)])], 2000)
    assert length(text) <= 2000
    assert "line\n… (cut)\n\n---\n**Folded to fit 2,000 characters:** the end of the report." in text


def test_length_counts_as_github_does() -> None:
    assert length("🔴a") == 3


@pytest.mark.parametrize("resources", [50, 3000])
def test_a_report_of_any_size_fits_and_keeps_what_matters(resources: int) -> None:
    parent = {"parent": urn("slipway:index:Queues", "q")}
    events = [component("InstanceGroup", "x")]
    events += [
        step("create", "aws:sqs/queue:Queue", f"q{n}", None, {"name": f"queue-{n}"}, state=parent)
        for n in range(resources)
    ]  # fmt: skip
    events += [
        step("update", TEMPLATE, f"t{n}", {"name": "a" * 300}, {"name": f"{n}" * 200}) for n in range(resources // 2)
    ]
    events += group("nodes", "Node", op="update", count=4, template=({"instanceType": "a"}, {"instanceType": "b"}))
    events += [step("delete", VOLUME, "etcd-a", {"size": 1})]
    text = render_markdown(report_of(*events), where="The whole report is among the files of this run.")
    assert length(text) <= COMMENT_LIMIT
    assert "ebs Volume etcd-a would be DELETED" in text
    assert "4 machines must be drained and replaced" in text
    assert text.startswith("<!-- slipway-preview: test -->\n## 🔴 test: STOP.")
    assert ("Folded to fit" in text) is (resources == 3000)
    if resources == 3000:
        assert "details of resources to update" in text
        assert "The whole report is among the files of this run." in text


def test_thousands_of_lost_resources_are_cut_and_counted() -> None:
    text = render_markdown(report_of(*(step("delete", VOLUME, f"v{n}", {"size": 1}) for n in range(1500))))
    assert length(text) <= COMMENT_LIMIT
    assert "1500 resources that cannot be made again would be replaced or deleted." in text
    assert "Folded to fit" in text


def test_a_thousand_groups_do_not_push_out_what_matters() -> None:
    larger = ({"instanceType": "m7i.large"}, {"instanceType": "m7i.xlarge"})
    events = [
        event
        for at in range(1000)
        for event in group(f"workers-of-team-{at:04}", "Node", op="update", count=3, template=larger)
    ]
    events.append(
        step(
            "create", INGRESS, "ssh", None, {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0"}
        )
    )
    text = render_markdown(report_of(*events))
    assert length(text) <= COMMENT_LIMIT
    for said in (
        "- 3000 machines must be drained and replaced",
        "then workers-of-team-0011 (3 machines), then 988 more groups (2,964 machines). The update itself",
        "- Everyone on the internet: opens TCP port 22 (SSH) from 0.0.0.0/0 (everyone)",
        "| 400 | workers-of-team-0399 | Node | 3 | machine type m7i.large → m7i.xlarge |",
        "- Monthly cost: +$264,442.50",
    ):
        assert said in text


def test_many_new_sizes_are_added_up() -> None:
    events = []
    for at in range(15):
        tags = [{"key": "slipway/instance-group", "value": f"g{at:02}", "propagateAtLaunch": True}]
        sizes = (4, 1) if at == 14 else (2, 5 + at)
        old, new = ({"minSize": size, "maxSize": 30, "tags": tags} for size in sizes)
        events.append(step("update", GROUP, f"g{at:02}", old, new))
    sentences = report_of(*events).sentences
    assert "Group g00: least 2 → 5 (3 machines more to start); that needs no roll." in sentences
    assert (
        "And 3 more groups change their size: 31 machines more to start, 3 to end, each after its drain." in sentences
    )
