"""Auto Scaling and EC2 as a roll sees and changes them, against moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from infra.ops.aws import session_for
from infra.ops.errors import OpsError, RefusedError
from infra.ops.roll.cloud import AwsCloud
from infra.ops.roll.view import Instance
from rehearsal.moto.scaling import complete_groups
from tests.infra.ops.cloud import client_error, spec
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.ops.roll.test_cloud_targets import Balancer

NAME = "nodes.test.example.com"


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let moto keep the template version of each machine, as long as the test lasts."""
    for owner, name in (
        (FakeAutoScalingGroup, "replace_autoscaling_group_instances"),
        (InstanceState, "launch_template"),
    ):
        monkeypatch.setattr(owner, name, vars(owner)[name])
    complete_groups()
    return iter(())


class Account:
    """A group of two machines of version 1, with a template of version 2."""

    def __init__(self) -> None:
        self.session = session_for(spec())
        self.ec2, self.scaling = self.session.client("ec2"), self.session.client("autoscaling")
        image = self.ec2.describe_images()["Images"][0]["ImageId"]
        data = {"ImageId": image, "InstanceType": "m7i.large"}
        made = self.ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=data)["LaunchTemplate"]
        self.template = made["LaunchTemplateId"]
        self.create(NAME, LaunchTemplate={"LaunchTemplateId": self.template, "Version": "$Latest"})
        self.ec2.create_launch_template_version(LaunchTemplateId=self.template, LaunchTemplateData=data)
        self.ec2.modify_launch_template(LaunchTemplateId=self.template, DefaultVersion="2")
        self.cloud = AwsCloud(self.session)

    def create(self, name: str, **how: Any) -> None:
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=9,
            DesiredCapacity=2,
            AvailabilityZones=["eu-central-1a"],
            **how,
        )


@pytest.fixture
def account(cloud: None, launches: None) -> Account:  # noqa: F811
    return Account()


def test_a_group_as_it_is(account: Account) -> None:
    group = account.cloud.group(NAME)
    assert (group.name, group.desired, group.min_size, group.max_size) == (NAME, 2, 0, 9)
    assert (group.template_id, group.template_version, group.types) == (account.template, "2", ())
    assert [(i.template_id, i.template_version, i.lifecycle, i.mark) for i in group.instances] == [
        (account.template, "1", "InService", "")
    ] * 2
    assert [i.id for i in group.instances] == sorted(i.id for i in group.instances)
    launched = account.cloud.with_launch_times(group)
    assert all(i.launched is not None for i in launched.instances)


@pytest.mark.parametrize(("declared", "meant"), [("$Latest", "3"), ("$Default", "2"), ("1", "1")])
def test_the_version_that_a_group_s_template_stands_for(account: Account, declared: str, meant: str) -> None:
    data = {"InstanceType": "m7i.large"}
    account.ec2.create_launch_template_version(LaunchTemplateId=account.template, LaunchTemplateData=data)
    account.ec2.create_launch_template(LaunchTemplateName="another", LaunchTemplateData=data)
    template = {"LaunchTemplateId": account.template, "Version": declared}
    account.scaling.update_auto_scaling_group(AutoScalingGroupName=NAME, LaunchTemplate=template)
    group = account.cloud.group(NAME)
    assert (group.template_id, group.template_version) == (account.template, meant)


def test_a_mixed_group_lists_its_types(account: Account) -> None:
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": account.template, "Version": "$Default"},
            "Overrides": [{"InstanceType": "m7i.large"}, {"InstanceType": "m6i.large"}],
        }
    }
    account.create("mixed", MixedInstancesPolicy=policy)
    group = account.cloud.group("mixed")
    assert (group.template_id, group.template_version, group.types) == (
        account.template, "2", ("m7i.large", "m6i.large"),
    )  # fmt: skip


def test_a_group_that_is_not_there(account: Account) -> None:
    with pytest.raises(OpsError, match=r"there is no Auto Scaling group: gone\. Fix: run pulumi up"):
        account.cloud.group("gone")


def test_a_group_of_another_s_making_is_refused(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = account.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"]
    configured = {key: value for key, value in found.items() if key != "LaunchTemplate"}
    monkeypatch.setattr(
        account.cloud._scaling, "describe_auto_scaling_groups", lambda **_: {"AutoScalingGroups": [configured]}
    )
    with pytest.raises(OpsError, match=f"an Auto Scaling group has no launch template: {NAME}"):
        account.cloud.group(NAME)


def test_what_is_behind_a_group_and_what_left_it_otherwise(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = account.cloud.group(NAME).instances
    account.cloud.mark(NAME, (first.id,), "due")
    account.cloud.detach(NAME, first.id)  # by hand: only what is marked "detach" was taken out by a roll
    (found,) = account.scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"]
    asked = {"AutoScalingGroups": [{**found, "TargetGroupARNs": ["arn:a"]}]}
    monkeypatch.setattr(account.cloud._scaling, "describe_auto_scaling_groups", lambda **_: asked)
    group = account.cloud.group(NAME)
    assert (group.target_groups, group.warm) == (("arn:a",), ())
    assert first.id not in {each.id for each in group.instances}
    assert second.id in {each.id for each in group.instances}


def test_a_machine_is_marked_detached_and_ended(account: Account) -> None:
    first, second = account.cloud.group(NAME).instances
    account.cloud.mark(NAME, (first.id,), "detach")
    assert {i.id: i.mark for i in account.cloud.group(NAME).instances} == {first.id: "detach", second.id: ""}
    account.cloud.detach(NAME, first.id)
    group = account.cloud.group(NAME)
    assert group.desired == 2
    assert [(i.id, i.attached) for i in group.instances if i.id == first.id] == [(first.id, False)]
    assert [i.template_version for i in group.instances if i.attached and i.id != second.id] == ["2"]
    assert group.instances[-1].id == first.id, "those taken out come last"
    assert account.cloud.gone((first.id, second.id)) == frozenset()

    account.cloud.terminate(group.instances[-1])
    assert first.id not in {i.id for i in account.cloud.group(NAME).instances}
    assert account.cloud.gone((first.id, second.id, "i-0123456789abcdef0")) == {first.id, "i-0123456789abcdef0"}

    account.cloud.terminate(second)
    left = account.cloud.group(NAME)
    assert [i.template_version for i in left.instances] == ["2", "2"]
    assert left.desired == 2


def test_marks_of_another_group_are_not_ours(account: Account) -> None:
    first, _ = account.cloud.group(NAME).instances
    account.cloud.mark("other.test.example.com", (first.id,), "detach")
    account.cloud.detach(NAME, first.id)
    assert first.id not in {i.id for i in account.cloud.group(NAME).instances}


def test_due_marks(account: Account) -> None:
    ids = tuple(i.id for i in account.cloud.group(NAME).instances)
    account.cloud.mark(NAME, ids, "due")
    assert {i.mark for i in account.cloud.group(NAME).instances} == {"due"}


def test_a_lifecycle_action_completed_by_somebody_else(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = iter([client_error("ValidationError"), client_error("AccessDenied")])
    client = account.cloud._scaling

    def refuse(**asked: Any) -> None:
        assert asked == {
            "AutoScalingGroupName": NAME,
            "LifecycleHookName": "nodes-drain",
            "InstanceId": "i-1",
            "LifecycleActionResult": "CONTINUE",
        }
        raise next(errors)

    monkeypatch.setattr(client, "complete_lifecycle_action", refuse)
    account.cloud.complete(NAME, "nodes-drain", "i-1")
    with pytest.raises(RefusedError, match="not allowed to complete the termination of i-1"):
        account.cloud.complete(NAME, "nodes-drain", "i-1")


@pytest.mark.parametrize(
    ("code", "ended", "refused"),
    [
        ("ValidationError", True, False),
        ("IncorrectInstanceState", True, False),
        ("InvalidInstanceID.NotFound", True, False),
        ("InvalidTarget", True, False),
        ("AccessDenied", True, True),
        ("ValidationError", False, True),
    ],
)
def test_what_has_ended_since_the_last_look_stops_no_roll(
    account: Account, monkeypatch: pytest.MonkeyPatch, code: str, ended: bool, refused: bool
) -> None:
    made: Any = account.cloud
    made._elb = Balancer()
    inside, _ = account.cloud.group(NAME).instances
    if ended:
        account.ec2.terminate_instances(InstanceIds=[inside.id])

    def refuse(**_: Any) -> None:
        raise client_error(code)

    for client, operation in (
        (made._scaling, "detach_instances"),
        (made._scaling, "terminate_instance_in_auto_scaling_group"),
        (made._ec2, "terminate_instances"),
        (made._elb, "register_targets"),
    ):
        monkeypatch.setattr(client, operation, refuse)
    changes: list[Callable[[], None]] = [
        lambda: made.detach(NAME, inside.id),
        lambda: made.terminate(inside),
        lambda: made.terminate(replace(inside, lifecycle="")),
        lambda: made.serve(("a",), inside.id),
    ]
    for change in changes:
        with pytest.raises(RefusedError) if refused else nullcontext():
            change()


def test_no_call_names_more_values_than_ec2_takes(account: Account) -> None:
    asked: list[int] = []

    def count(params: dict[str, Any], **_: Any) -> None:
        asked.append(sum(len(each["Values"]) for each in params["Filters"]))

    group = account.cloud.group(NAME)
    strange = tuple(replace(group.instances[0], id=f"i-{number:017x}") for number in range(300))
    account.cloud._ec2.meta.events.register("provide-client-params.ec2.DescribeInstances", count)
    many = account.cloud.with_launch_times(replace(group, instances=(*strange, *group.instances)))
    assert [each.launched is not None for each in many.instances] == [False] * 300 + [True] * 2
    assert account.cloud.gone(tuple(each.id for each in many.instances)) == {each.id for each in strange}
    assert asked == [200, 102, 200, 110]


def test_a_warm_pool_is_read_to_its_end(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def pool(NextToken: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        machine = {"InstanceId": f"i-{NextToken}", "AvailabilityZone": "a", "LifecycleState": "Warmed:Stopped"}
        return {"Instances": [machine], **({} if NextToken else {"NextToken": "more"})}

    monkeypatch.setattr(account.cloud._scaling, "describe_warm_pool", pool)
    account.scaling.put_warm_pool(AutoScalingGroupName=NAME)
    assert [each.id for each in account.cloud.group(NAME).warm] == ["i-", "i-more"]


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ([], ""),
        (["Successful", "Failed"], ""),
        (["InProgress", "Failed", "Successful"], "Failed words"),
        (["Cancelled"], "Cancelled words"),
    ],
)
def test_why_the_last_launch_failed(
    account: Account, monkeypatch: pytest.MonkeyPatch, codes: list[str], said: str
) -> None:
    activities = [{"StatusCode": code, "StatusMessage": f"{code} words"} for code in codes]

    def describe(AutoScalingGroupName: str, MaxRecords: int) -> dict[str, Any]:  # noqa: N803
        assert (AutoScalingGroupName, MaxRecords >= len(codes)) == (NAME, True)
        return {"Activities": activities}

    monkeypatch.setattr(account.cloud._scaling, "describe_scaling_activities", describe)
    assert account.cloud.launch_problem(NAME) == said


def test_an_instance_outside_knows_no_template(account: Account) -> None:
    first, _ = account.cloud.group(NAME).instances
    account.cloud.mark(NAME, (first.id,), "detach")
    account.cloud.detach(NAME, first.id)
    outside = account.cloud.group(NAME).instances[-1]
    assert outside == Instance(first.id, "eu-central-1a", "m7i.large", "", "", "", "detach", launched=outside.launched)
