"""Keys, types, choices and bounds: each wrong value is told at its own path, and several in one report."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import BaseModel

from infra.spec import EnvironmentSpec, SpecError, from_mapping
from infra.spec.errors import Location, format_path, model_at
from tests.infra.samples import ENVIRONMENT, merged, sample_mapping
from tests.infra.spec.reports import GROUP, RICH, at, changed, locations, paths, problems, report, with_fourth

EVERYWHERE = tuple(locations(RICH))

TEXT = "write it in quotes, so that YAML takes it for text"
NUMBER = "write a whole number, without quotes"
TRUTH = "write true or false, without quotes"
MAPPING = "write a mapping of keys to values"
LIST = "write a list, one item a line beginning with '- '"


def test_the_rich_environment_is_good_and_leaves_no_key_out() -> None:
    assert report(RICH) == []
    written = {str(part) for location in EVERYWHERE for part in location if isinstance(part, str)}

    def known(model: type[BaseModel]) -> set[str]:
        keys = {str(field.alias) for field in model.model_fields.values() if not field.exclude}
        inner = (model_at(model, (key,)) for key in keys)
        return keys.union(*(known(each) for each in inner if each is not None))

    assert known(EnvironmentSpec) - written == {"allowedInstanceTypes", "acm", "internetGatewayId", "natAddresses"}


def test_a_good_spec_says_what_was_written() -> None:
    spec = from_mapping(RICH, "test")
    dumped = spec.model_dump(mode="json", by_alias=True)
    lists = ("instanceGroups", "workloads", "backends")
    whole = copy.deepcopy({key: value for key, value in RICH.items() if key not in lists})
    subnets = whole["network"]["vpc"].pop("subnets")
    assert merged(dumped, whole) == dumped
    for zone, written in zip(dumped["network"]["vpc"]["subnets"], subnets, strict=True):
        assert merged(zone, written) == zone
    for group, written in zip(dumped["instanceGroups"], RICH["instanceGroups"], strict=True):
        assert merged(group, {key: value for key, value in written.items() if key != "volumes"}) == group
    for key in ("workloads", "backends"):
        for item, written in zip(dumped[key], RICH[key], strict=True):
            assert merged(item, {name: value for name, value in written.items() if name != "ports"}) == item
    # What was left out has its default now, so reading it again changes nothing.
    assert from_mapping(dumped, "test") == spec


def test_what_is_read_is_not_what_is_given() -> None:
    raw = copy.deepcopy(RICH)
    from_mapping(raw, "test")
    assert raw == RICH
    raw["instanceGroups"][1]["minSize"] = "two"
    given_ = copy.deepcopy(raw)
    with pytest.raises(SpecError):
        from_mapping(raw, "test")
    assert raw == given_


@pytest.mark.parametrize("location", EVERYWHERE, ids=format_path)
def test_a_value_of_a_wrong_type_is_told_once_and_nothing_else_is(location: Location) -> None:
    """A number with a fraction is right nowhere. Rules that would rest on it keep silent."""
    found = problems(changed(location, 1.5))
    assert [problem.location for problem in found] == [location]
    assert found[0].value == "1.5"
    assert found[0].problem.startswith("is not ")
    assert found[0].fix.startswith("write ")


@pytest.mark.parametrize("location", [each for each in EVERYWHERE if isinstance(each[-1], str)], ids=format_path)
def test_a_misspelt_key_is_told_with_the_nearest_one(location: Location) -> None:
    key = str(location[-1])
    raw = copy.deepcopy(RICH)
    inside = at(raw, location[:-1])
    inside[f"{key}x"] = inside.pop(key)
    found = {problem.location: problem for problem in problems(raw)}
    if model_at(EnvironmentSpec, location[:-1]) is None:
        return  # an entry of labels or tags, where any key is known
    wrong = found.pop((*location[:-1], f"{key}x"))
    assert (wrong.problem, wrong.fix, wrong.value) == ("is not a known key", f"write {key}", None)
    # What was required is missing now; what others rested on may be missed by a rule.
    assert all(p.problem == "is missing" or _rests_on(p.location, p.related, location) for p in found.values())


def _rests_on(place: Location, related: tuple[Location, ...], changed_at: Location) -> bool:
    pairs = [(each, changed_at) for each in (place, *related)]
    return any(a[: len(b)] == b or b[: len(a)] == a for a, b in pairs)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (sample_mapping(accountId=111122223333), f"accountId: 111122223333 is not text. Fix: {TEXT}."),
        (
            sample_mapping(cluster={"kubernetesVersion": 1.37}),
            f"cluster.kubernetesVersion: 1.37 is not text. Fix: {TEXT}.",
        ),
        (sample_mapping(tags={"spot": True}), f"tags.spot: true is not text. Fix: {TEXT}."),
        (sample_mapping(tags=None), f"tags: null is not a mapping. Fix: {MAPPING}."),
        (
            sample_mapping(network=[1, 2]),
            f"network: [1, 2] is not a mapping. Fix: {MAPPING}, with cidr and zones, as "
            "{cidr: 10.20.0.0/16, zones: [eu-central-1a]}.",
        ),
        (
            sample_mapping(network={"zones": "eu-central-1a"}),
            "network.zones: 'eu-central-1a' is not a list. Fix: write [eu-central-1a].",
        ),
        (sample_mapping(network={"zones": None}), f"network.zones: null is not a list. Fix: {LIST}."),
        (with_fourth(minSize="3"), f"{GROUP}.minSize: '3' is not a whole number. Fix: {NUMBER}."),
        (with_fourth(minSize=True), f"{GROUP}.minSize: true is not a whole number. Fix: {NUMBER}."),
        (with_fourth(minSize=2.0), f"{GROUP}.minSize: 2.0 is not a whole number. Fix: {NUMBER}."),
        (with_fourth(retire="yes"), f"{GROUP}.retire: 'yes' is not true or false. Fix: {TRUTH}."),
        (with_fourth(retire=1), f"{GROUP}.retire: 1 is not true or false. Fix: {TRUTH}."),
        (
            with_fourth(nodeLabels={"a": {"b": 1, "c d": 2}}),
            f"{GROUP}.nodeLabels.a: {{b, c d}} is not text. Fix: write text in place of the mapping.",
        ),
        (with_fourth(minSize=-1), f"{GROUP}.minSize: -1 is too small. Fix: write at least 0."),
        (with_fourth(maxSize=10001), f"{GROUP}.maxSize: 10001 is too great. Fix: write at most 10000."),
        (
            sample_mapping(state={"noncurrentVersionDays": 89}),
            "state.noncurrentVersionDays: 89 is too small. Fix: write at least 90.",
        ),
        (
            sample_mapping(network={"nat": "sometimes"}),
            "network.nat: 'sometimes' is not one of the choices. Fix: write 'none', 'single' or 'perZone'.",
        ),
        (sample_mapping(network={"zones": []}), "network.zones: [] has no items. Fix: write at least 1 item."),
        (sample_mapping(instanceGroups=[]), "instanceGroups: [] has no items. Fix: write at least 1 item."),
        (
            with_fourth(additionalSecurityGroups=[f"sg-{n:08x}" for n in range(5)]),
            f"{GROUP}.additionalSecurityGroups: ['sg-00000000', 'sg-00000001', 'sg-00000002', 'sg-00000003', "
            "'sg-00000004'] has 5 items. Fix: write at most 4 items.",
        ),
        (
            sample_mapping(extra=1),
            "extra: is not a known key. Fix: remove it; known here: accountId, backends, cluster, edge, "
            "instanceGroups, logging, monitoring, network, pinnedImages, region, registry, state, tags, workloads.",
        ),
        (with_fourth(min_size=1), f"{GROUP}.min_size: is not a known key. Fix: write minSize."),
        (with_fourth(**{"MIN-SIZE": 1}), f"{GROUP}.MIN-SIZE: is not a known key. Fix: write minSize."),
        (with_fourth(minimumSize=1), f"{GROUP}.minimumSize: is not a known key. Fix: write minSize."),
        (
            with_fourth(spotInstancePools=1),
            f"{GROUP}.spotInstancePools: is not a known key. Fix: move it into mixedInstancesPolicy.",
        ),
        (sample_mapping(zones=[]), "zones: is not a known key. Fix: move it into network."),
        (
            sample_mapping(name="test"),
            "name: 'test' is the stack's own name and not written here. Fix: remove it.",
        ),
    ],
)
def test_a_wrong_value(raw: dict[str, Any], line: str) -> None:
    assert report(raw) == [line]


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("accountId", "accountId: is missing. Fix: add accountId, for example '111122223333'."),
        ("region", "region: is missing. Fix: add region, for example 'eu-central-1'."),
        ("state", "state: is missing. Fix: add state, with bucket."),
        ("network", "network: is missing. Fix: add network, with cidr and zones."),
        ("cluster", "cluster: is missing. Fix: add cluster, with name and kubernetesVersion."),
        (
            "instanceGroups",
            "instanceGroups: is missing. "
            "Fix: add instanceGroups, for example [{'name': 'control-plane-a', 'role': 'ControlPlane'}].",
        ),
    ],
)
def test_a_missing_key(key: str, line: str) -> None:
    assert report({name: value for name, value in ENVIRONMENT.items() if name != key}) == [line]


def test_what_is_no_environment_at_all() -> None:
    assert report(None) == [
        "slipway:environment is missing. Fix: declare the environment under config: slipway:environment:."
    ]
    assert report("hello") == ["(the environment): 'hello' is not a mapping. Fix: write keys and values."]
    assert report([1]) == ["(the environment): [1] is not a mapping. Fix: write keys and values."]
    assert paths({}) == ["accountId", "region", "state", "network", "cluster", "instanceGroups"]


def test_problems_of_every_kind_in_one_report_and_in_the_order_of_the_file() -> None:
    raw = with_fourth(minSize=9, node_labels={}, taints=["spot"], drainTimeout="1s")
    raw["instanceGroups"][1] |= {"maxSize": "6", "zones": ["eu-central-1d"]}
    raw["network"] |= {"cidr": "10.0.0.0/24", "nat": "sometimes"}
    raw["tags"] = {"Name": "x", "team": 5}
    del raw["region"]
    with pytest.raises(SpecError) as refused:
        from_mapping(raw, "test", source="stacks/Pulumi.test.yaml")
    heading, *lines = str(refused.value).splitlines()
    assert heading == "stacks/Pulumi.test.yaml: 10 problems in the environment's spec"
    assert [line.split(": ")[0].strip() for line in lines] == [
        "1. tags.team",
        "2. network.cidr",
        "3. network.nat",
        "4. instanceGroups[1].maxSize",
        "5. instanceGroups[1].zones[0]",
        f"6. {GROUP}.maxSize",
        f"7. {GROUP}.node_labels",
        f"8. {GROUP}.taints[0]",
        f"9. {GROUP}.drainTimeout",
        "10. region",
    ]


def test_one_problem_is_counted_as_one() -> None:
    with pytest.raises(SpecError, match=r"^here: 1 problem in the environment's spec\n  1\. region: "):
        from_mapping(sample_mapping(region=""), "test", source="here")


def test_an_item_that_is_no_group_keeps_the_other_rules_judging() -> None:
    raw = sample_mapping(network={"cidr": "10.0.0.0/24"})
    raw["instanceGroups"].insert(1, "nodes")
    assert paths(raw) == ["network.cidr", "instanceGroups[1]"]
    assert paths(sample_mapping(network={"cidr": "10.0.0.0/24"}, instanceGroups=[5])) == [
        "network.cidr",
        "instanceGroups[0]",
    ]
    assert paths(sample_mapping(network={"cidr": "10.0.0.0/24"}, instanceGroups=[])) == [
        "network.cidr",
        "instanceGroups",
    ]


def test_a_list_of_nothing_but_bad_items_is_not_called_empty() -> None:
    assert paths(sample_mapping(network={"zones": ["here", 5]})) == ["network.zones[0]", "network.zones[1]"]


def test_what_a_rule_would_say_of_a_value_that_is_wrong_itself_is_left_out() -> None:
    # Without a role it is not known how many members there are; the sizes are judged all the same.
    raw = sample_mapping()
    raw["instanceGroups"][0]["role"] = "Master"
    raw["instanceGroups"][1]["minSize"] = 9
    assert paths(raw) == ["instanceGroups[0].role", "instanceGroups[1].maxSize"]


def test_every_required_value_has_an_example_that_can_stand_for_it() -> None:
    """A bad value is replaced by the example, so that rules can judge the rest: without one they could not."""
    raw = with_fourth(volumes=[{}])
    bare: tuple[dict[str, Any], ...] = ({}, {"cpu": {}, "memoryMi": {}})
    for needs in bare:
        raw["instanceGroups"].append(
            {"name": f"n{len(needs)}", "role": "Node", "mixedInstancesPolicy": {"instanceRequirements": needs}}
        )
    raw["cluster"]["namespaces"] = [{}]
    raw["network"]["cidr"] = "10.0.0.0/24"
    assert "network.cidr" in paths(raw)
