"""Properties of every environment: a valid one is planned and declared, an invalid one gives one clear report."""

from __future__ import annotations

import base64
import copy
import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from infra.plan.environment import EnvironmentPlan, plan_environment
from infra.plan.inventory import inventory
from infra.plan.node.user_data import USER_DATA_LIMIT
from infra.spec import EnvironmentSpec, SpecError, from_mapping
from infra.spec.errors import Location, model_at
from infra.testing.recorder import Recorder
from tests.infra.environments import LONGEST_CLUSTER, environments
from tests.infra.programs import declared
from tests.infra.samples import sample_mapping
from tests.infra.spec.reports import at, locations

TAG_LIMIT = 50
"""Tags of a resource (Tagging AWS Resources User Guide); the ten of an S3 object are not used."""

NAME_LIMITS = {
    "aws:autoscaling/group:Group": 255,
    "aws:autoscaling/lifecycleHook:LifecycleHook": 255,
    "aws:cloudwatch/eventRule:EventRule": 64,
    "aws:cloudwatch/logGroup:LogGroup": 512,
    "aws:ec2/launchTemplate:LaunchTemplate": 128,
    "aws:ec2/securityGroup:SecurityGroup": 255,
    "aws:ecr/repository:Repository": 256,
    "aws:iam/instanceProfile:InstanceProfile": 128,
    "aws:iam/role:Role": 64,
    "aws:iam/rolePolicy:RolePolicy": 128,
    "aws:kms/alias:Alias": 256,
    "aws:lb/loadBalancer:LoadBalancer": 32,
    "aws:lb/targetGroup:TargetGroup": 32,
    "aws:s3/bucket:Bucket": 63,
    "aws:sqs/queue:Queue": 80,
    # What Route 53 allows of a whole name.
    "aws:route53/record:Record": 255,
}
"""Characters of a name that each service accepts (its API reference, operation Create...)."""

POLICY_LIMIT = 10_240
"""Characters of all inline policies of a role, blanks aside (IAM quotas)."""

FEW = settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
FEWEST = settings(FEW, max_examples=3, phases=[Phase.generate])
"""A run of the program takes a second or two, so what is found is not made smaller."""


def tag_sets(value: Any) -> Iterator[int]:
    """Yield the number of tags of everything in a plan."""
    if isinstance(value, tuple):
        for inner in value:
            yield from tag_sets(inner)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            inner = getattr(value, field.name)
            if field.name == "tags" or field.name.endswith("_tags"):
                yield len(inner)
            else:
                yield from tag_sets(inner)


def planned_names(plan: EnvironmentPlan) -> list[tuple[int, str]]:
    """Return the names that AWS bounds most tightly, each with its bound."""
    balancers = [(32, each.name) for each in plan.api.balancers]
    if plan.edge is not None:
        balancers += [(32, plan.edge.balancer.name), *((32, each.name) for each in plan.edge.balancer.target_groups)]
    return [
        *((64, group.iam.name) for group in plan.groups),
        *((64, role.role_name) for role in plan.addon_roles),
        *((64, rule.name) for rule in plan.termination.rules),
        (80, plan.termination.queue_name),
        (63, plan.issuer.bucket),
        *balancers,
    ]


@given(environments())
@FEW
def test_every_valid_environment_is_planned_within_the_limits_of_aws(environment: dict[str, Any]) -> None:
    plan = plan_environment(from_mapping(environment, "test"))
    for group in plan.groups:
        assert len(base64.b64decode(group.launch_template.user_data)) <= USER_DATA_LIMIT
    for limit, name in planned_names(plan):
        assert 0 < len(name) <= limit, name
    sets = list(tag_sets(plan))
    assert len(sets) > 20
    assert max(sets) <= TAG_LIMIT
    logical = Counter((rule.direction, rule.name) for rule in plan.security.rules)
    assert max(logical.values()) == 1


def assert_declared_as_planned(spec: EnvironmentSpec) -> Recorder:
    """Run the program; the recorder refuses two resources of one type and name."""
    recorder = declared(spec)
    registered = Counter(token for token, _ in recorder.resources)
    expected = Counter(inventory(plan_environment(spec)))
    for counts in (registered, expected):
        # The stack itself is the engine's, and mocks do not record it.
        counts.pop("pulumi:pulumi:Stack", None)
    assert registered == expected
    for (token, name), inputs in recorder.resources.items():
        if token.startswith("aws:"):
            assert_accepted(token, name, inputs)
    return recorder


def assert_accepted(token: str, name: str, inputs: Mapping[str, Any]) -> None:
    called = inputs.get("bucket") if token == "aws:s3/bucket:Bucket" else inputs.get("name")
    if token in NAME_LIMITS:
        assert isinstance(called, str), (token, name)
        assert 0 < len(called) <= NAME_LIMITS[token], (token, called)
    tags = inputs.get("tags", ())
    assert len(tags) <= TAG_LIMIT, (token, name)
    if token == "aws:iam/rolePolicy:RolePolicy":
        assert len("".join(inputs["policy"].split())) <= POLICY_LIMIT, name


@given(environments())
@FEWEST
def test_a_valid_environment_is_declared_as_the_inventory_says(environment: dict[str, Any]) -> None:
    assert_declared_as_planned(from_mapping(environment, "test"))


def test_the_longest_names_that_the_spec_admits_are_within_the_limits_of_aws() -> None:
    """What no random example is sure to find: every name at its longest, the names of load balancers told apart."""
    cluster = f"{'c' * 38}.example.com"
    assert len(cluster) == LONGEST_CLUSTER
    group = "g" * (64 - 1 - len(cluster))
    mapping = sample_mapping(
        state={"bucket": "s" * 56},
        tags={f"{n:02}{'t' * 126}": "v" * 256 for n in range(15)},
        network={"flowLogs": {"enabled": True}},
        cluster={
            "name": cluster,
            "namespaces": [{"name": "n" * 63}],
            "api": {"access": "public", "allowedCidrs": ["198.51.100.0/24"], "hostedZone": "Z0123456789ABCDEFGHIJ"},
        },
        edge={
            "firewall": [{"name": "port", "sources": ["198.51.100.0/24"], "ports": ["a-15-characters"]}],
            "tcpPorts": [
                {"name": "a-15-characters", "port": 5432, "namespace": "n" * 63, "service": "s" * 63},
            ],
        },
    )
    for member, name in ((0, "control-plan"), (1, group)):
        mapping["instanceGroups"][member]["name"] = name
    recorder = assert_declared_as_planned(from_mapping(mapping, "e" * 63))
    for token in ("aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup", "aws:iam/role:Role"):
        names = Counter(recorder.inputs(token, name)["name"] for name in recorder.names(token))
        assert max(names.values()) == 1, token


def required(environment: dict[str, Any]) -> list[Location]:
    """Return the places of the keys that may not be left out."""
    found = []
    for location in locations(environment):
        model = model_at(EnvironmentSpec, location[:-1]) if isinstance(location[-1], str) else None
        fields = model.model_fields.values() if model is not None else ()
        if any(field.alias == location[-1] and field.is_required() for field in fields):
            found.append(location)
    return found


def mappings_with_known_keys(environment: dict[str, Any]) -> list[Location]:
    """Return the places of the mappings that are no free ones, as tags are."""
    free = ("tags", "cloudLabels", "nodeLabels", "podLabels")
    inside = [location for location in locations(environment) if isinstance(at(environment, location), dict)]
    return [(), *(location for location in inside if location[-1] not in free)]


UNLIKE: dict[type, Any] = {str: {"a": 1}, int: ["1"], bool: "yes", list: {"a": 1}, dict: "text"}
"""Type -> a value that no key of that type accepts."""


@st.composite
def broken(draw: Any) -> tuple[dict[str, Any], Location]:
    """Return an environment with one thing wrong in it, and where."""
    environment = copy.deepcopy(draw(environments()))
    everywhere = list(locations(environment))
    kind = draw(st.sampled_from(["missing", "type", "unknown", "range", "twice"]))
    if kind == "missing":
        where = draw(st.sampled_from(required(environment)))
        del at(environment, where[:-1])[where[-1]]
    elif kind == "type":
        where = draw(st.sampled_from(everywhere))
        at(environment, where[:-1])[where[-1]] = UNLIKE[type(at(environment, where))]
    elif kind == "unknown":
        where = (
            *draw(st.sampled_from(mappings_with_known_keys(environment))),
            draw(st.sampled_from(["zz", "min_size"])),
        )
        at(environment, where[:-1])[where[-1]] = 1
    elif kind == "range":
        numbers = [location for location in everywhere if type(at(environment, location)) is int]
        where = draw(st.sampled_from(numbers or [("instanceGroups", 0, "maxSize")]))
        # Ranges of processors and memory have no end but what EC2 offers.
        out_of_range = [-1] if where[-1] in ("min", "max") else [-1, 10**7]
        at(environment, where[:-1])[where[-1]] = draw(st.sampled_from(out_of_range))
    else:
        lists = [location for location in everywhere if type(at(environment, location)) is list]
        where = draw(st.sampled_from([location for location in lists if at(environment, location)]))
        at(environment, where).append(copy.deepcopy(draw(st.sampled_from(at(environment, where)))))
    return environment, where


@given(broken())
@settings(FEW, max_examples=120)
def test_one_wrong_thing_gives_one_report_that_names_path_value_and_fix(case: tuple[dict[str, Any], Location]) -> None:
    environment, where = case
    try:
        from_mapping(environment, "test")
    except SpecError as error:
        problems = error.problems
    else:
        problems = ()
    assert problems, f"{where} is accepted: {at(environment, where[:-1])}"
    places = [place for problem in problems for place in (problem.location, *problem.related)]
    assert any(place[: len(where)] == where or where[: len(place)] == place for place in places), problems
    for problem in problems:
        assert problem.fix
        assert f". Fix: {problem.fix}." in str(problem)
        # A value is told wherever there is one to tell.
        assert problem.value is not None or problem.problem.startswith(TELLS_NO_VALUE), problem


TELLS_NO_VALUE = ("is missing", "are missing", "is not a known key", "have ", "has ", "needs ", "cannot ")
