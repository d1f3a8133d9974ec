"""The report of a bad spec as its reader sees it: every problem in one go, one numbered line each, with its fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.spec import CONFIG_KEY, SpecError, from_mapping, load
from tests.infra.samples import ENVIRONMENT, group_mapping, merged, sample_mapping
from tests.infra.spec.reports import GROUP, RICH, paths, report, with_fourth

OTHERS_POLICY = "arn:aws:iam::999988887777:policy/boundary"

ELSEWHERE = "arn:aws:elasticloadbalancing:eu-west-1:999988887777:targetgroup/web/0123456789abcdef"


def test_five_errors_are_five_numbered_lines() -> None:
    volume = {"device": "sdf", "mountPath": "/srv/data", "sizeGi": 10}
    raw = with_fourth(minSize=7, volumes=[volume], taints=["spot:NoSchedule", "spot"])
    raw["acountId"] = raw.pop("accountId")
    with pytest.raises(SpecError) as refused:
        from_mapping(raw, "dev", source="stacks/Pulumi.dev.yaml")
    assert str(refused.value) == "\n".join(
        [
            "stacks/Pulumi.dev.yaml: 5 problems in the environment's spec",
            f"  1. {GROUP}.maxSize: 6 is less than minSize 7. Fix: write at least 7.",
            f"  2. {GROUP}.volumes[0].device: 'sdf' is not a device name EC2 offers for EBS volumes. "
            "Fix: use /dev/sdf to /dev/sdp.",
            f"  3. {GROUP}.taints[1]: 'spot' is not a taint. Fix: write key=value:Effect or key:Effect with an effect "
            "of NoSchedule, PreferNoSchedule, NoExecute.",
            "  4. acountId: is not a known key. Fix: write accountId.",
            "  5. accountId: is missing. Fix: add accountId, for example '111122223333'.",
        ]
    )
    assert refused.value.source == "stacks/Pulumi.dev.yaml"
    assert len(refused.value.problems) == 5


def test_a_bad_group_in_the_middle_does_not_move_what_is_said_of_those_behind_it() -> None:
    member, nodes, edge = ENVIRONMENT["instanceGroups"]
    groups = [
        member,
        {**nodes, "minSize": 9},
        {"role": "node", "min_size": 1},
        {**edge, "zones": ["eu-central-1d"]},
        {**edge, "name": "last", "drainTimeout": "29s"},
    ]
    assert report(sample_mapping(instanceGroups=groups)) == [
        "instanceGroups[1].maxSize: 6 is less than minSize 9. Fix: write at least 9.",
        "instanceGroups[2].role: 'node' is not one of the choices. Fix: write 'Node'.",
        "instanceGroups[2].min_size: is not a known key. Fix: write minSize.",
        "instanceGroups[2].name: is missing. Fix: add name, for example 'nodes'.",
        "instanceGroups[3].zones[0]: 'eu-central-1d' is not a zone of the network. "
        "Fix: add it to network.zones, or use eu-central-1a, eu-central-1b, eu-central-1c.",
        "instanceGroups[4].drainTimeout: '29s' is outside what Auto Scaling accepts. Fix: write 30s to 2h.",
    ]


@pytest.mark.parametrize(
    ("path", "change"),
    [
        # Zones would be of another region, ranges overlap, groups lie outside the network, if the bad value counted.
        ("region", {"region": "Frankfurt"}),
        ("network.cidr", {"network": {"cidr": "100.64.0.0/99"}}),
        ("network.zones[0]", {"network": {"zones": ["eu-central-1"]}}),
        ("cluster.name", {"cluster": {"name": "C" * 70}}),
        ("accountId", {"accountId": 1, "cluster": {"iam": {"permissionsBoundary": OTHERS_POLICY}}}),
    ],
)
def test_no_rule_speaks_of_what_rests_on_a_value_that_is_bad_itself(path: str, change: dict[str, Any]) -> None:
    assert paths(sample_mapping(**change)) == [path]


@pytest.mark.parametrize(
    ("group", "bad", "path", "others", "silenced"),
    [
        (
            {"name": "g" * 50},
            {"cluster": {"name": "Test"}},
            "cluster.name",
            {"cluster": {"kubernetesVersion": "1.37"}},
            f"{GROUP}.name",
        ),
        (
            {"zones": ["eu-central-1d"]},
            {"network": {"zones": ["eu-central-1a", "Frankfurt"]}},
            "network.zones[1]",
            {"network": {"cidr": "ten"}},
            f"{GROUP}.zones[0]",
        ),
        ({"targetGroups": [ELSEWHERE]}, {"region": "Frankfurt"}, "region", {"tags": 5}, f"{GROUP}.targetGroups[0]"),
        ({"targetGroups": [ELSEWHERE]}, {"accountId": 1}, "accountId", {"tags": 5}, f"{GROUP}.targetGroups[0]"),
        ({"cloudLabels": {"A": "x"}}, {"tags": {"a": 5}}, "tags.a", {"tags": {"b": 5}}, f"{GROUP}.cloudLabels.A"),
    ],
)
def test_a_rule_of_a_group_is_silent_where_it_rests_on_a_bad_value_and_only_there(
    group: dict[str, Any], bad: dict[str, Any], path: str, others: dict[str, Any], silenced: str
) -> None:
    fourth = with_fourth(**group)
    fourth["tags"]["a"] = "x"
    assert paths(merged(fourth, bad)) == [path]
    assert silenced in paths(merged(fourth, others))


def test_the_zones_of_a_member_are_not_judged_by_bad_zones_of_the_network() -> None:
    raw = sample_mapping()
    del raw["instanceGroups"][0]["zones"]
    assert paths(raw) == ["instanceGroups[0].zones"]
    assert paths(merged(raw, {"network": {"nat": "some"}})) == ["network.nat", "instanceGroups[0].zones"]
    raw["network"]["zones"].append("Frankfurt")
    assert paths(raw) == ["network.zones[3]"]


def test_a_bad_size_keeps_the_rule_of_sizes_silent_and_no_other() -> None:
    raw = with_fourth(minSize="7", desiredSize=9, maxInstanceLifetime="23h")
    assert paths(raw) == [f"{GROUP}.minSize", f"{GROUP}.maxInstanceLifetime"]


@pytest.mark.parametrize(
    ("key", "value"), [("zones", ["Frankfurt"]), ("zones", [None, 5]), ("zones", ["eu-central-1"])]
)
def test_a_list_of_bad_items_is_not_called_empty_as_well(key: str, value: list[Any]) -> None:
    assert paths(sample_mapping(network={key: value})) == [f"network.{key}[{i}]" for i in range(len(value))]


def test_no_rule_speaks_of_a_list_with_a_bad_item_for_what_it_says_would_have_a_wrong_index() -> None:
    assert paths(with_fourth(zones=["Frankfurt", "eu-central-1a", "eu-central-1d"])) == [f"{GROUP}.zones[0]"]
    assert paths(with_fourth(taints=["spot", "a:NoExecute", "a:NoExecute"])) == [f"{GROUP}.taints[0]"]


def test_a_list_of_groups_none_of_which_is_one_is_not_called_empty_as_well() -> None:
    assert report(sample_mapping(instanceGroups=[None])) == [
        "instanceGroups[0]: null is not a mapping. Fix: write a mapping of keys to values, with name and role, as "
        "{name: nodes, role: Node}."
    ]


def test_a_list_whose_one_group_is_bad_inside_is_not_called_empty_as_well() -> None:
    lines = report(sample_mapping(instanceGroups=[{"name": "nodes", "role": "Node", "minSize": "1"}]))
    assert [line for line in lines if "items" in line] == []
    assert "instanceGroups[0].minSize: '1' is not a whole number. Fix: write a whole number, without quotes." in lines
    assert paths(sample_mapping(instanceGroups=[{"name": "nodes"}])) == ["instanceGroups[0].role"]


@pytest.mark.parametrize("key", ["drainTimeout", "maxInstanceLifetime"])
def test_a_duration_of_more_digits_than_python_reads(key: str) -> None:
    assert report(with_fourth(**{key: "9" * 5000 + "d"})) == [
        f"{GROUP}.{key}: '{'9' * 76}... is not a duration. "
        "Fix: write a whole number and a unit (s, m, h or d), as 720h or 30d."
    ]
    assert paths(with_fourth(**{key: "9" * 9 + "d"})) == [f"{GROUP}.{key}"]


def write(folder: Path, environment: object, *secrets: str) -> Path:
    """Write a stack file that declares ``environment`` and holds ``secrets``, and return its path."""
    path = folder / "Pulumi.dev.yaml"
    config = {CONFIG_KEY: environment, **{f"slipway:{name}": {"secure": "v1:sealed"} for name in secrets}}
    path.write_text(yaml.safe_dump({"config": config}, sort_keys=False), encoding="utf-8")
    return path


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    # Workloads have files of their own, which tests/infra/spec/workloads reads.
    whole = {key: value for key, value in RICH.items() if key not in ("workloads", "backends", "edge", "monitoring")}
    spec = load(write(tmp_path, whole, "logPassword", "alertReceivers"), "dev")
    assert spec.name == "dev"
    assert spec == from_mapping(whole, "dev")
    assert [group.name for group in spec.instance_groups] == [group["name"] for group in RICH["instanceGroups"]]


def test_the_report_of_a_file_names_the_file(tmp_path: Path) -> None:
    groups = [ENVIRONMENT["instanceGroups"][0], group_mapping("web"), group_mapping("api", renamedFrom="web")]
    path = write(tmp_path, sample_mapping(name="dev", instanceGroups=groups))
    with pytest.raises(SpecError) as refused:
        load(path, "dev")
    assert refused.value.source == str(path)
    assert str(refused.value).split("\n") == [
        f"{path}: 2 problems in the environment's spec",
        "  1. instanceGroups[2].renamedFrom: 'web' is taken by instanceGroups[1]. Fix: give each group a name of its "
        "own; a former name stays taken while renamedFrom holds it.",
        "  2. name: 'dev' is the stack's own name and not written here. Fix: remove it.",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("config: {}\n", f"the file has no {CONFIG_KEY}. Fix: declare the environment under config: {CONFIG_KEY}:."),
        (
            "config:\n  a: 1\n  a: 2\n",
            "the file is not readable as YAML: the key 'a' is written twice (line 3, column 3). "
            "Fix: correct the file at the place named.",
        ),
    ],
)
def test_a_file_that_is_refused_before_its_spec_is_read(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as refused:
        load(path, "dev")
    assert str(refused.value) == f"{path}: 1 problem in the environment's spec\n  1. {line}"


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    with pytest.raises(SpecError) as refused:
        load(path, "dev")
    assert str(refused.value).split("\n")[1:] == [
        f"  1. the file does not exist. Fix: create {path}, or name another environment."
    ]
