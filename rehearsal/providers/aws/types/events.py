"""EventBridge rules and targets, CloudWatch log groups."""

from __future__ import annotations

from rehearsal.providers.aws.kind import Kind, Props, change_tags
from rehearsal.providers.aws.naming import arguments, tag_list, tag_map, to_vendor
from rehearsal.providers.aws.session import Aws, AwsError

_GONE = frozenset({"ResourceNotFoundException"})


def _bus_and_name(identifier: str) -> tuple[str, str]:
    """Split the id of a rule: its name, or ``bus/name`` on another bus than the default one."""
    bus, _, name = identifier.rpartition("/")
    return bus or "default", name


class EventRule(Kind):
    """aws_cloudwatch_event_rule."""

    token = "aws:cloudwatch/eventRule:EventRule"
    service = "events"
    gone = _GONE
    name_property = "name"
    force_new = frozenset({"name", "namePrefix", "eventBusName"})
    defaults = {
        "description": None,
        "eventBusName": "default",
        "eventPattern": None,
        "forceDestroy": False,
        "roleArn": None,
        "scheduleExpression": None,
    }
    computed = frozenset({"state", "isEnabled"})
    documents = frozenset({"eventPattern"})
    handled = frozenset(
        {"name", "namePrefix", "eventBusName", "description", "eventPattern", "forceDestroy", "roleArn"}
        | {"scheduleExpression", "state", "tags"}
    )

    def create(self, aws: Aws, inputs: Props) -> str:
        self._put(aws, inputs, tag_list(inputs.get("tags")) or None)
        bus, name = inputs["eventBusName"], inputs["name"]
        return str(name if bus == "default" else f"{bus}/{name}")

    def _put(self, aws: Aws, inputs: Props, tags: list[dict[str, str]] | None) -> None:
        aws.call(
            "events",
            "put_rule",
            Name=inputs["name"],
            EventBusName=inputs["eventBusName"],
            Description=inputs.get("description"),
            EventPattern=inputs.get("eventPattern"),
            ScheduleExpression=inputs.get("scheduleExpression"),
            RoleArn=inputs.get("roleArn"),
            State=inputs.get("state", "ENABLED"),
            Tags=tags,
        )

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        bus, name = _bus_and_name(identifier)
        rule = aws.find("events", "describe_rule", _GONE, Name=name, EventBusName=bus)
        if rule is None:
            return None
        return {
            "arn": rule["Arn"],
            "name": rule["Name"],
            "eventBusName": rule.get("EventBusName", "default"),
            "description": rule.get("Description") or None,
            "eventPattern": rule.get("EventPattern"),
            "scheduleExpression": rule.get("ScheduleExpression") or None,
            "roleArn": rule.get("RoleArn"),
            "state": rule["State"],
            "tags": tag_map(aws.call("events", "list_tags_for_resource", ResourceARN=rule["Arn"])["Tags"]),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if changed - {"tags", "forceDestroy"}:
            self._put(aws, new, None)
        if "tags" in changed:
            bus, name = _bus_and_name(identifier)
            arn = aws.call("events", "describe_rule", Name=name, EventBusName=bus)["Arn"]
            put, removed = change_tags(old.get("tags") or {}, new.get("tags") or {})
            if removed:
                aws.call("events", "untag_resource", ResourceARN=arn, TagKeys=removed)
            if put:
                aws.call("events", "tag_resource", ResourceARN=arn, Tags=put)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        bus, name = _bus_and_name(identifier)
        force = True if state.get("forceDestroy") else None
        aws.call("events", "delete_rule", Name=name, EventBusName=bus, Force=force)


class EventTarget(Kind):
    """aws_cloudwatch_event_target, for the targets the program has; imported by ``[bus/]rule/target``."""

    token = "aws:cloudwatch/eventTarget:EventTarget"
    service = "events"
    gone = _GONE
    name_property = "targetId"
    force_new = frozenset({"rule", "eventBusName", "targetId"})
    _parts = ("arn", "input", "inputPath", "inputTransformer", "roleArn", "deadLetterConfig", "retryPolicy")
    defaults = {**dict.fromkeys((*_parts[1:], "sqsTarget")), "eventBusName": "default", "forceDestroy": False}
    handled = frozenset(
        {"arn", "rule", "eventBusName", "targetId", "input", "inputPath", "inputTransformer", "roleArn"}
        | {"deadLetterConfig", "retryPolicy", "sqsTarget", "forceDestroy"}
    )
    _renamed = {"sqsTarget": "SqsParameters", "targetId": "Id", "inputPaths": "InputPathsMap"}

    def create(self, aws: Aws, inputs: Props) -> str:
        target = {
            name: inputs[name] for name in (*self._parts, "sqsTarget", "targetId") if inputs.get(name) is not None
        }
        given = {"rule": inputs["rule"], "eventBusName": inputs["eventBusName"], "targets": [target]}
        answer = aws.call("events", "put_targets", **arguments(aws, "events", "put_targets", given, self._renamed))
        aws_refused(answer)
        bus = "" if inputs["eventBusName"] == "default" else f"{inputs['eventBusName']}/"
        return f"{bus}{inputs['rule']}/{inputs['targetId']}"

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        where, target_id = identifier.rsplit("/", 1)
        bus, rule = _bus_and_name(where)
        answer = aws.find("events", "list_targets_by_rule", _GONE, Rule=rule, EventBusName=bus)
        for target in (answer or {}).get("Targets", []):
            if target["Id"] == target_id:
                back = {"SqsParameters": "sqsTarget", "Id": "targetId", "InputPathsMap": "inputPaths"}
                told = to_vendor(target, back)
                unset = dict.fromkeys((*self._parts, "sqsTarget"))
                return {**unset, **told, "rule": rule, "eventBusName": bus}
        return None

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if changed - {"forceDestroy"}:
            self.create(aws, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        where, target_id = identifier.rsplit("/", 1)
        bus, rule = _bus_and_name(where)
        force = True if state.get("forceDestroy") else None
        aws_refused(aws.call("events", "remove_targets", Rule=rule, EventBusName=bus, Ids=[target_id], Force=force))


def aws_refused(answer: Props) -> None:
    """Raise what EventBridge reports inside an answer that as a whole succeeded."""
    for entry in answer.get("FailedEntries", []):
        raise AwsError(entry["ErrorCode"], f"events: target {entry['TargetId']}: {entry['ErrorMessage']}")


class LogGroup(Kind):
    """aws_cloudwatch_log_group."""

    token = "aws:cloudwatch/logGroup:LogGroup"
    service = "logs"
    gone = _GONE
    name_property = "name"
    force_new = frozenset({"name", "namePrefix", "logGroupClass"})
    defaults = {"kmsKeyId": None, "retentionInDays": 0, "skipDestroy": False}
    computed = frozenset({"logGroupClass", "deletionProtectionEnabled"})
    handled = frozenset({"name", "namePrefix", "logGroupClass", "retentionInDays", "skipDestroy", "kmsKeyId", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        aws.call(
            "logs",
            "create_log_group",
            logGroupName=inputs["name"],
            kmsKeyId=inputs.get("kmsKeyId"),
            logGroupClass=inputs.get("logGroupClass"),
            tags=inputs.get("tags") or None,
        )
        return str(inputs["name"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        if inputs["retentionInDays"]:
            days = inputs["retentionInDays"]
            aws.call("logs", "put_retention_policy", logGroupName=identifier, retentionInDays=days)

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        groups = aws.call("logs", "describe_log_groups", logGroupNamePrefix=identifier)["logGroups"]
        group = next((each for each in groups if each["logGroupName"] == identifier), None)
        if group is None:
            return None
        arn = group["arn"].removesuffix(":*")
        return {
            "arn": arn,
            "name": identifier,
            "retentionInDays": group.get("retentionInDays", 0),
            "kmsKeyId": group.get("kmsKeyId"),
            "logGroupClass": group.get("logGroupClass"),
            "tags": aws.call("logs", "list_tags_for_resource", resourceArn=arn).get("tags", {}),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if "retentionInDays" in changed and new["retentionInDays"]:
            days = new["retentionInDays"]
            aws.call("logs", "put_retention_policy", logGroupName=identifier, retentionInDays=days)
        elif "retentionInDays" in changed:
            aws.call("logs", "delete_retention_policy", logGroupName=identifier)
        if "kmsKeyId" in changed and new.get("kmsKeyId"):
            aws.call("logs", "associate_kms_key", logGroupName=identifier, kmsKeyId=new["kmsKeyId"])
        elif "kmsKeyId" in changed:
            aws.call("logs", "disassociate_kms_key", logGroupName=identifier)
        if "tags" in changed:
            arn = aws.arn("logs", f"log-group:{identifier}")
            put, removed = change_tags(old.get("tags") or {}, new.get("tags") or {})
            if removed:
                aws.call("logs", "untag_resource", resourceArn=arn, tagKeys=removed)
            if put:
                aws.call("logs", "tag_resource", resourceArn=arn, tags={tag["Key"]: tag["Value"] for tag in put})

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        if not state.get("skipDestroy"):
            aws.call("logs", "delete_log_group", logGroupName=identifier)


KINDS = (EventRule(), EventTarget(), LogGroup())
