"""Golden scenarios: whole environments as kops's tests have them, each with what the program makes of it.

A change of a golden document is what a change of the code does to such an environment. Set SLIPWAY_UPDATE_GOLDEN=1 to
write the documents anew, and read the difference.
"""

from __future__ import annotations

import itertools
import os

import pytest
import yaml
from jsonschema import Draft202012Validator

from infra.spec.schema import json_schema
from tests.scenarios.golden import DOCUMENTS, RULES, SCENARIOS, scenario, scenarios, stack_file

MOST_SCENARIOS = 10
SCHEMA = Draft202012Validator(json_schema())
STALE = "it is not what the program makes; read the difference, then SLIPWAY_UPDATE_GOLDEN=1 writes it"


def test_there_are_few_enough_to_be_read() -> None:
    assert 0 < len(scenarios()) <= MOST_SCENARIOS


@pytest.mark.parametrize(("name", "document"), list(itertools.product(scenarios(), DOCUMENTS)))
def test_the_program_makes_what_the_golden_documents_say(name: str, document: str) -> None:
    path = SCENARIOS / name / document
    made = DOCUMENTS[document](scenario(name))
    if os.environ.get("SLIPWAY_UPDATE_GOLDEN") == "1":
        path.write_text(made, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == made, f"{path}: {STALE}"


@pytest.mark.parametrize("name", scenarios())
def test_a_scenario_is_a_valid_stack_file_of_few_lines(name: str) -> None:
    text = stack_file(name).read_text(encoding="utf-8")
    assert list(SCHEMA.iter_errors(yaml.safe_load(text))) == []
    assert len([line for line in text.splitlines() if line.strip() and not line.startswith("#")]) <= 40


@pytest.mark.parametrize("name", scenarios())
def test_nothing_else_lies_beside_a_scenario(name: str) -> None:
    assert {path.name for path in (SCENARIOS / name).iterdir()} == {*DOCUMENTS, f"Pulumi.{name}.yaml"}


@pytest.mark.parametrize("name", scenarios())
def test_nothing_of_a_scenario_listens_on_ssh(name: str) -> None:
    recorder = scenario(name).recorder
    found = [
        rule
        for each in recorder.names(RULES["in"])
        if (rule := recorder.inputs(RULES["in"], each))["ipProtocol"] == "tcp"
        and "cidrIpv4" in rule
        and int(rule["fromPort"]) <= 22 <= int(rule["toPort"])
    ]
    assert found == []


def test_from_outside_only_what_was_asked_for_is_open() -> None:
    """Which addresses reach which port: of all scenarios, those that name some, and the internet of none besides."""
    opened = {
        name: {
            (rule["cidrIpv4"], int(rule["fromPort"]))
            for each in scenario(name).recorder.names(RULES["in"])
            if "cidrIpv4" in (rule := scenario(name).recorder.inputs(RULES["in"], each))
        }
        for name in scenarios()
    }
    assert {name: rules for name, rules in opened.items() if rules} == {
        "edge": {("0.0.0.0/0", 80), ("0.0.0.0/0", 443), ("198.51.100.0/24", 5432)},
        "public-api": {("198.51.100.0/24", 443), ("203.0.113.7/32", 443)},
    }
