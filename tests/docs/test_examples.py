"""What the documentation shows is what the code says: example files, counts, errors, the diagram."""

from __future__ import annotations

import re

import pytest
import yaml

from infra.plan.diagram import diagram
from infra.plan.environment import EnvironmentPlan, plan_environment
from infra.plan.inventory import STATE_BUCKET_TYPES, inventory
from infra.plan.subnets import free_block, plan_subnets
from infra.spec import CONFIG_KEY, SpecError, from_mapping, load
from tests.docs.documents import ROOT, Document

README = Document(ROOT / "README.md")
DECLARE = Document(ROOT / "docs" / "declare.md")
NETWORK = Document(ROOT / "docs" / "network.md")


def planned(text: str) -> EnvironmentPlan:
    """Return the plan of the stack file ``text``."""
    return plan_environment(from_mapping(yaml.safe_load(text)["config"][CONFIG_KEY], "dev"))


def test_the_readmes_example_is_the_file_that_it_names() -> None:
    (example,) = README.blocks("yaml")
    committed = (ROOT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(example)["config"] == yaml.safe_load(committed)["config"]


def test_the_readmes_example_has_the_count_that_it_states() -> None:
    (example,) = README.blocks("yaml")
    counts = inventory(planned(example))
    total, adopted = sum(counts.values()), len(STATE_BUCKET_TYPES)
    (stated,) = (block for block in README.blocks("text") if "first `pulumi preview`" in block)
    assert [int(number) for number in re.findall(r"\d+", stated)] == [total, total - adopted, adopted]
    assert f"\nThe {adopted} are the state bucket and its key" in README.path.read_text(encoding="utf-8")


def test_the_walk_through_is_one_valid_file() -> None:
    plan = planned("".join(DECLARE.blocks("yaml")))
    assert [group.name for group in plan.groups] == [
        "control-plane-a",
        "control-plane-b",
        "control-plane-c",
        "nodes",
        "batch",
    ]


def test_the_errors_shown_are_those_of_such_a_file() -> None:
    (example,) = README.blocks("yaml")
    environment = yaml.safe_load(example)["config"][CONFIG_KEY]
    environment["network"] |= {"cidr": "10.20.0.0/24", "nat": "sometimes"}
    environment["instanceGroups"][1] |= {"minSize": 4, "maxSize": 3, "taints": ["spot"], "node_labels": {"pool": "web"}}
    with pytest.raises(SpecError) as refused:
        from_mapping(environment, "dev", source="stacks/Pulumi.dev.yaml")
    assert DECLARE.blocks("text") == [f"{refused.value}\n"]


def test_the_addresses_shown_are_those_of_the_plan() -> None:
    text = NETWORK.path.read_text(encoding="utf-8")
    for zone in plan_subnets("10.20.0.0/16", [f"eu-central-1{letter}" for letter in "abcdef"]):
        assert f"| {zone.zone[-1]} | `{zone.public}` | `{zone.private}` |\n" in text
    assert f"| `{free_block('10.20.0.0/16')}` |\n" in text


@pytest.mark.parametrize("block", Document(ROOT / "docs" / "unit-tests.md").blocks("python"))
def test_the_unit_tests_shown_pass(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert block.count("assert ") > 0
    exec(block, {})  # noqa: S102 (the document is ours)


def test_the_picture_is_that_of_the_present_plan() -> None:
    drawn = diagram(plan_environment(load(ROOT / "stacks" / "Pulumi.prod.yaml", "prod")))
    committed = (ROOT / "docs" / "environment.svg").read_text(encoding="utf-8")
    assert committed == drawn, "draw it again: slipway diagram prod --write docs/environment.svg"
    assert "docs/environment.svg" in README.links()
