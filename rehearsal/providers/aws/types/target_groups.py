"""Target groups of load balancers, and what is registered in them."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from rehearsal.providers.aws.kind import Kind, Props, find_one
from rehearsal.providers.aws.naming import tag_list
from rehearsal.providers.aws.session import Aws
from rehearsal.providers.aws.types.load_balancing import ElbKind
from rehearsal.providers.aws.types.shaping import answer, field

_HEALTH = {
    "enabled": "HealthCheckEnabled",
    "healthyThreshold": "HealthyThresholdCount",
    "interval": "HealthCheckIntervalSeconds",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "timeout": "HealthCheckTimeoutSeconds",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}


class TargetGroup(ElbKind):
    """aws_lb_target_group."""

    token = "aws:lb/targetGroup:TargetGroup"
    gone = frozenset({"TargetGroupNotFound"})
    name_property = "name"
    force_new = frozenset(
        {"name", "namePrefix", "ipAddressType", "port", "protocol", "protocolVersion", "targetType", "vpcId"}
    )
    attributes: ClassVar = {
        "connectionTermination": "deregistration_delay.connection_termination.enabled",
        "deregistrationDelay": "deregistration_delay.timeout_seconds",
        "loadBalancingAlgorithmType": "load_balancing.algorithm.type",
        "loadBalancingCrossZoneEnabled": "load_balancing.cross_zone.enabled",
        "preserveClientIp": "preserve_client_ip.enabled",
        "proxyProtocolV2": "proxy_protocol_v2.enabled",
        "slowStart": "slow_start.duration_seconds",
    }
    attribute_calls: ClassVar = ("describe_target_group_attributes", "modify_target_group_attributes", "TargetGroupArn")
    defaults = {"deregistrationDelay": 300, "proxyProtocolV2": False, "slowStart": 0, "targetType": "instance"}
    computed = frozenset({"healthCheck", "ipAddressType", "protocolVersion"}) | {
        *(attributes.keys() - defaults.keys()),
        *(f"healthCheck.{part}" for part in (*_HEALTH, "matcher")),
    }
    handled = frozenset({*attributes, *force_new, "healthCheck", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "elbv2",
            "create_target_group",
            Name=inputs["name"],
            IpAddressType=inputs.get("ipAddressType"),
            Port=inputs.get("port"),
            Protocol=inputs.get("protocol"),
            ProtocolVersion=inputs.get("protocolVersion"),
            TargetType=inputs["targetType"],
            VpcId=inputs.get("vpcId"),
            Tags=tag_list(inputs.get("tags")) or None,
            **_health(inputs.get("healthCheck")),
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        plain = {name for name in self.attributes if inputs.get(name) not in (None, self.defaults.get(name))}
        self.put_attributes(aws, identifier, inputs, plain)

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        item = find_one(aws, "elbv2", "describe_target_groups", "TargetGroups", self.gone, TargetGroupArns=[identifier])
        if item is None:
            return None
        health = {name: item[member] for name, member in _HEALTH.items() if item.get(member) is not None}
        matcher = item.get("Matcher") or {}
        if matcher.get("HttpCode") or matcher.get("GrpcCode"):
            health["matcher"] = matcher.get("HttpCode") or matcher.get("GrpcCode")
        return {
            **{name: value for name, value in self.defaults.items() if name in self.attributes},
            **self.live_attributes(aws, identifier),
            "arn": identifier,
            "arnSuffix": identifier.rsplit(":", 1)[1],
            "healthCheck": answer(field(self.token, "healthCheck"), health),
            "ipAddressType": item.get("IpAddressType"),
            "loadBalancerArns": item.get("LoadBalancerArns") or [],
            "name": item["TargetGroupName"],
            "port": item.get("Port"),
            "protocol": item.get("Protocol"),
            "protocolVersion": item.get("ProtocolVersion"),
            "tags": self.live_tags(aws, identifier),
            "targetType": item["TargetType"],
            "vpcId": item.get("VpcId"),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        self.put_attributes(aws, identifier, new, changed)
        if "healthCheck" in changed:
            aws.call("elbv2", "modify_target_group", TargetGroupArn=identifier, **_health(new.get("healthCheck")))
        if "tags" in changed:
            self.retag(aws, identifier, old, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        if self.read(aws, identifier, state) is not None:
            aws.call("elbv2", "delete_target_group", TargetGroupArn=identifier)


def _health(check: Props | None) -> dict[str, Any]:
    given = {_HEALTH[name]: value for name, value in (check or {}).items() if name in _HEALTH}
    if (check or {}).get("matcher"):
        given["Matcher"] = {"HttpCode": (check or {})["matcher"]}
    return given


class TargetGroupAttachment(Kind):
    """aws_lb_target_group_attachment; the id is made up, as with the vendor, who has no import of it."""

    token = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
    service = "elbv2"
    gone = frozenset({"TargetGroupNotFound", "InvalidTarget"})
    force_new = frozenset({"targetGroupArn", "targetId", "port", "availabilityZone"})
    computed = frozenset({"port"})
    handled = force_new

    def _target(self, inputs: Props) -> dict[str, Any]:
        given = {"Id": inputs["targetId"], "Port": inputs.get("port")}
        given["AvailabilityZone"] = inputs.get("availabilityZone")
        return {key: value for key, value in given.items() if value is not None}

    def create(self, aws: Aws, inputs: Props) -> str:
        group, target = inputs["targetGroupArn"], self._target(inputs)
        aws.call("elbv2", "register_targets", TargetGroupArn=group, Targets=[target])
        digest = hashlib.sha256(repr(sorted(target.items())).encode()).hexdigest()
        return f"{group}-{digest[:26]}"

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        if "targetGroupArn" not in known:
            return None
        found = aws.find(
            "elbv2", "describe_target_health", self.gone,
            TargetGroupArn=known["targetGroupArn"], Targets=[self._target(known)],
        )  # fmt: skip
        lost = ("Target.NotRegistered", "Target.DeregistrationInProgress")
        for each in (found or {}).get("TargetHealthDescriptions", []):
            if each["TargetHealth"].get("Reason") not in lost:
                port = each["Target"].get("Port")
                return {"targetGroupArn": known["targetGroupArn"], "targetId": each["Target"]["Id"], "port": port}
        return None

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        group, target = state["targetGroupArn"], self._target(state)
        aws.call("elbv2", "deregister_targets", TargetGroupArn=group, Targets=[target])


KINDS = (
    TargetGroup(),
    TargetGroupAttachment(),
)
