"""The JSON Schema and the options table: current, right about good files, and never stricter than the spec."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError
from pydantic import BaseModel

from infra.spec import CONFIG_KEY, EnvironmentSpec
from infra.spec.docstrings import field_docstrings
from infra.spec.errors import Location, format_path, model_at
from infra.spec.schema import json_schema, options_table, workload_options_table, workload_schema
from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import RICH, at, locations, report, with_fourth

ROOT = Path(__file__).resolve().parents[3]
STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
VALIDATOR = Draft202012Validator(json_schema())
EVERYWHERE = tuple(locations(RICH))


def leaves(error: ValidationError) -> Iterator[ValidationError]:
    """Yield what an error rests on: of a value that may be null, what is wrong with it if it is meant not to be."""
    inner = [each for each in error.context or () if each.validator_value != "null"]
    for each in inner:
        yield from leaves(each)
    if not inner:
        yield error


def findings(environment: Any) -> list[Location]:
    """Return the places inside an environment at which an editor shows an error."""
    document = {"config": {CONFIG_KEY: environment}}
    places = {tuple(leaf.absolute_path): None for error in VALIDATOR.iter_errors(document) for leaf in leaves(error)}
    assert all(place[:2] == ("config", CONFIG_KEY) for place in places)
    return [place[2:] for place in places]


def models(model: type[BaseModel] = EnvironmentSpec) -> list[type[BaseModel]]:
    inner = [model_at(model, (str(field.alias),)) for field in model.model_fields.values()]
    return [model, *(each for found in inner if found is not None for each in models(found))]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_the_committed_files_are_current() -> None:
    again = "write it again: slipway spec {} --write {}"
    committed = json.loads((ROOT / "stacks" / "schema.json").read_text(encoding="utf-8"))
    assert committed == json_schema(), again.format("schema", "stacks/schema.json")
    committed_table = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    assert committed_table == options_table(), again.format("options", "docs/options.md")
    of_workload = again.format("{0} --workload", "{1}")
    committed = json.loads((ROOT / "apps" / "schema.json").read_text(encoding="utf-8"))
    assert committed == workload_schema(), of_workload.format("schema", "apps/schema.json")
    committed_table = (ROOT / "docs" / "workload-options.md").read_text(encoding="utf-8")
    assert committed_table == workload_options_table(), of_workload.format("options", "docs/workload-options.md")


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_stack_files_name_the_schema_and_fit_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    assert list(VALIDATOR.iter_errors(yaml.safe_load(text))) == []


def test_all_four_environments_are_there() -> None:
    assert [path.stem for path in STACKS] == ["Pulumi.dev", "Pulumi.local", "Pulumi.prod", "Pulumi.staging"]


def test_what_the_spec_accepts_fits_the_schema() -> None:
    assert findings(RICH) == []
    assert findings(sample_mapping()) == []


def test_keys_of_other_tools_may_stand_beside_the_environment() -> None:
    document = {"encryptedkey": "x", "secretsprovider": "awskms://x", "config": {CONFIG_KEY: RICH, "aws:region": "x"}}
    assert list(VALIDATOR.iter_errors(document)) == []
    assert list(VALIDATOR.iter_errors({"config": {}})) != []
    assert list(VALIDATOR.iter_errors({})) != []


@pytest.mark.parametrize("location", EVERYWHERE, ids=format_path)
def test_a_value_of_a_wrong_type_is_shown_where_it_stands(location: Location) -> None:
    raw = copy.deepcopy(RICH)
    at(raw, location[:-1])[location[-1]] = 1.5
    assert findings(raw) == [location]


@pytest.mark.parametrize("location", EVERYWHERE, ids=format_path)
def test_an_unknown_key_is_shown(location: Location) -> None:
    raw = copy.deepcopy(RICH)
    inside = at(raw, location)
    if not isinstance(inside, dict) or model_at(EnvironmentSpec, location) is None:
        return
    inside["no-such-key"] = 1
    assert findings(raw) == [location]


@pytest.mark.parametrize(
    ("raw", "location"),
    [
        (sample_mapping(accountId="1234"), ("accountId",)),
        (sample_mapping(region="Frankfurt"), ("region",)),
        (sample_mapping(state={"bucket": "a.b.c"}), ("state", "bucket")),
        (sample_mapping(state={"noncurrentVersionDays": 1}), ("state", "noncurrentVersionDays")),
        (sample_mapping(network={"cidr": "10.0.0.0"}), ("network", "cidr")),
        (sample_mapping(network={"zones": []}), ("network", "zones")),
        (sample_mapping(network={"zones": ["eu-central-1z"]}), ("network", "zones", 0)),
        (sample_mapping(network={"nat": "sometimes"}), ("network", "nat")),
        (sample_mapping(cluster={"kubernetesVersion": "v1.37.2"}), ("cluster", "kubernetesVersion")),
        (sample_mapping(instanceGroups=[]), ("instanceGroups",)),
        (with_fourth(role="Worker"), ("instanceGroups", 3, "role")),
        (with_fourth(minSize=-1), ("instanceGroups", 3, "minSize")),
        (with_fourth(image="debian"), ("instanceGroups", 3, "image")),
        (with_fourth(taints=["spot"]), ("instanceGroups", 3, "taints", 0)),
        (with_fourth(maxInstanceLifetime="1 month"), ("instanceGroups", 3, "maxInstanceLifetime")),
        (sample_mapping(name="test"), ()),
    ],
)
def test_a_bad_value_is_shown_by_the_editor_and_refused_by_the_spec(raw: dict[str, Any], location: Location) -> None:
    assert findings(raw) == [location]
    assert report(raw) != []


@pytest.mark.parametrize(
    "raw",
    [
        *(
            with_fourth(taints=[text])
            for text in ("a:NoSchedule", "a=:NoExecute", "example.com/a_b=c.d:PreferNoSchedule")
        ),
        *(with_fourth(image=text) for text in ("ami-01234567", "self/x*", "ssm:/a/b.c_d-e", "136693071363/debian-*")),
        *(with_fourth(machineType=text) for text in ("u7i-12tb.224xlarge", "m7i-flex.large")),
        *(
            with_fourth(volumes=[{"device": d, "mountPath": "/a.b/_c", "sizeGi": 1}])
            for d in ("/dev/sdb", "/dev/xvdbz")
        ),
        *(with_fourth(name=text) for text in ("a", "a--b", "x" * 47)),
        sample_mapping(state={"bucket": "a" * 56}, cluster={"name": "0.a-b.c", "kubernetesVersion": "1.37.100"}),
        sample_mapping(cluster={"iam": {"permissionsBoundary": "arn:aws:iam::aws:policy/job/x_y"}}),
        sample_mapping(tags={}, cluster={"namespaces": [{"name": "x" * 63}]}),
    ],
)
def test_the_schema_is_not_stricter_than_the_spec(raw: dict[str, Any]) -> None:
    assert report(raw) == []
    assert findings(raw) == []


def test_every_key_is_described_to_editors_and_readers() -> None:
    table = options_table()
    definitions = json_schema()["$defs"]
    for model in models():
        properties = definitions[model.__name__]["properties"]
        texts = field_docstrings(model)
        for name, field in model.model_fields.items():
            if field.exclude:
                assert field.alias not in properties
                continue
            assert texts.get(name), f"{model.__name__}.{field.alias} has no description"
            assert f"| `{field.alias}` | " in table
            assert properties[field.alias]["description"] == " ".join(texts[name].split())


def test_the_schema_repeats_no_titles() -> None:
    text = json.dumps({**json_schema(), "title": None})
    assert '"title": "' not in text


def test_rows_of_the_table() -> None:
    rows = dict(line.split(" | ", 1) for line in options_table().splitlines() if line.startswith("| `"))
    assert rows["| `accountId`"].startswith("text | **required** | AWS account of the environment, in quotes.")
    assert rows["| `nat`"].startswith("`none` \\| `single` \\| `perZone` | `perZone` | NAT gateways")
    assert rows["| `zones`"].startswith("list of text, at most 6 items | `[]` | Zones the group spreads over")
    assert rows["| `noncurrentVersionDays`"].startswith("number, 90 to 3650 | `400` | Days")
    assert rows["| `instanceGroups`"].startswith(
        "list of mappings, at least 1 item | **required** | The instance groups."
    )
    assert rows["| `retire`"].startswith("true or false | `false` | The explicit word")
    assert rows["| `instanceRequirements`"].startswith("mapping | unset | Choose types by attributes")
    assert rows["| `rootVolume`"].startswith("mapping | its own defaults | The root volume.")
    assert rows["| `nodeLabels`"].startswith("mapping of text | `{}` | Labels the kubelet")
    assert rows["| `desiredSize`"].startswith("number, 0 to 10000 | unset | Number of machines")
    assert rows["| `spotInstancePools`"].startswith("number, 1 to 20 | unset | Number of Spot pools")


def test_tables_are_in_the_order_of_the_file() -> None:
    headings = [line for line in options_table().splitlines() if line.startswith("## ")]
    assert headings[0] == "## The environment"
    assert headings[1:] == [f"## `{path}`" for path in _paths(EnvironmentSpec, "")]
    assert headings[1:3] == ["## `state`", "## `network`"]


def _paths(model: type[BaseModel], prefix: str) -> list[str]:
    """The models below one, in the order in which fields are declared."""
    found = []
    for field in model.model_fields.values():
        inner, many = _inner(field.annotation)
        if inner is not None:
            path = f"{prefix}{field.alias}{'[]' if many else ''}"
            found += [path, *_paths(inner, f"{path}.")]
    return found


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    arguments = [each for each in get_args(annotation) if each not in (type(None), Ellipsis)]
    if len(arguments) == 1:
        inner, _ = _inner(arguments[0])
        return inner, get_origin(annotation) is tuple
    return None, False
