"""Security groups and their rules."""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar

from rehearsal.providers.aws.kind import Kind, Props, find_one
from rehearsal.providers.aws.naming import tag_map
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.aws.types.ec2_base import Ec2Kind

_NO_GROUP = frozenset({"InvalidGroup.NotFound", "InvalidGroupId.NotFound"})
_SIDES = ("ingress", "egress")
_PEERS = ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups")
_EVERYTHING = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]

# EC2 gives a new group a rule that lets everything out, which the vendor takes away; see `SecurityGroup.complete`.


def _described(item: dict[str, Any]) -> Props:
    """Return a described group as the vendor shows it."""
    group = item["GroupId"]
    return {
        "name": item["GroupName"],
        "description": item["Description"],
        "vpcId": item.get("VpcId"),
        "ingress": rules_of(item["IpPermissions"], group),
        "egress": rules_of(item["IpPermissionsEgress"], group),
    }


class SecurityGroup(Ec2Kind):
    """aws_security_group, with rules inside or as resources of their own.

    As with the vendor, ``ingress`` and ``egress`` left out of the program are not looked at.
    """

    token = "aws:ec2/securityGroup:SecurityGroup"
    described_by = ("describe_security_groups", "SecurityGroups", "GroupIds")
    resource_type = "security-group"
    arn_type = "security-group"
    gone = _NO_GROUP
    name_property = "name"
    force_new = frozenset({"name", "namePrefix", "description", "vpcId"})
    defaults = {"description": "Managed by Pulumi", "revokeRulesOnDelete": False}
    computed = frozenset({"ingress", "egress", "vpcId"})
    sets = frozenset(_SIDES) | {f"{side}.{part}" for side, part in product(_SIDES, _PEERS)}
    handled = frozenset({"name", "namePrefix", "description", "vpcId", "ingress", "egress", "revokeRulesOnDelete"}) | {
        "tags"
    }

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "ec2",
            "create_security_group",
            GroupName=inputs["name"],
            Description=inputs["description"],
            VpcId=inputs.get("vpcId"),
            TagSpecifications=self.tags_in(inputs),
        )
        return str(made["GroupId"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        aws.call("ec2", "revoke_security_group_egress", GroupId=identifier, IpPermissions=_EVERYTHING)
        for side in _SIDES:
            change_rules(aws, identifier, side, [], inputs.get(side) or [])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        state = super().read(aws, identifier, known)
        if state is not None:
            for side in _SIDES:
                if known and side not in known:
                    del state[side]
        return state

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        return _described(item)

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        for side in _SIDES:
            if side in changed:
                change_rules(aws, identifier, side, old.get(side) or [], new.get(side) or [])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("ec2", "delete_security_group", GroupId=identifier)


class DefaultSecurityGroup(Ec2Kind):
    """aws_default_security_group: takes over the VPC's own group and takes away its rules; never deletes it."""

    token = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    described_by = ("describe_security_groups", "SecurityGroups", "GroupIds")
    resource_type = "security-group"
    arn_type = "security-group"
    gone = _NO_GROUP
    force_new = frozenset({"vpcId"})
    defaults = {"ingress": [], "egress": [], "revokeRulesOnDelete": False}
    computed = frozenset({"vpcId"})
    sets = SecurityGroup.sets
    handled = frozenset({"vpcId", "ingress", "egress", "revokeRulesOnDelete", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        filters = [{"Name": "group-name", "Values": ["default"]}]
        if inputs.get("vpcId"):
            filters.append({"Name": "vpc-id", "Values": [inputs["vpcId"]]})
        found = find_one(aws, "ec2", "describe_security_groups", "SecurityGroups", (), Filters=filters)
        if found is None:
            raise AwsError("InvalidGroup.NotFound", f"VPC {inputs.get('vpcId')} has no default security group")
        return str(found["GroupId"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        state = self.read(aws, identifier, {}) or {}
        for side in _SIDES:
            change_rules(aws, identifier, side, state[side], inputs[side])
        self.update(aws, identifier, inputs, {"tags"}, {"tags": state.get("tags")})

    def state(self, aws: Aws, item: dict[str, Any]) -> Props:
        return _described(item)

    def modify(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        for side in _SIDES:
            if side in changed:
                change_rules(aws, identifier, side, old[side], new[side])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        """Leave it: the group belongs to the VPC and goes with it."""


def rules_of(permissions: list[dict[str, Any]], group: str) -> list[Props]:
    """Return EC2's permissions as the vendor's rules: one for each protocol, ports and description."""
    rules: dict[tuple[Any, ...], Props] = {}

    def rule(permission: dict[str, Any], description: str | None) -> Props:
        protocol = permission["IpProtocol"]
        ports = (permission.get("FromPort", 0), permission.get("ToPort", 0))
        ports = (0, 0) if protocol == "-1" else ports
        new: Props = {"protocol": protocol, "fromPort": ports[0], "toPort": ports[1]}
        if description:
            new["description"] = description
        return rules.setdefault((protocol, *ports, description or ""), new)

    for permission in permissions:
        for members, member, name in (
            ("IpRanges", "CidrIp", "cidrBlocks"),
            ("Ipv6Ranges", "CidrIpv6", "ipv6CidrBlocks"),
            ("PrefixListIds", "PrefixListId", "prefixListIds"),
        ):
            for each in permission.get(members, []):
                rule(permission, each.get("Description")).setdefault(name, []).append(each[member])
        for pair in permission.get("UserIdGroupPairs", []):
            where = rule(permission, pair.get("Description"))
            if pair["GroupId"] == group:
                where["self"] = True
            else:
                where.setdefault("securityGroups", []).append(pair["GroupId"])
    return list(rules.values())


def change_rules(aws: Aws, group: str, side: str, old: list[Props], new: list[Props]) -> None:
    """Bring the rules on one side of a group from ``old`` to ``new``."""
    removed = [_permission(rule, group) for rule in old if rule not in new]
    added = [_permission(rule, group) for rule in new if rule not in old]
    if removed:
        aws.call("ec2", f"revoke_security_group_{side}", GroupId=group, IpPermissions=removed)
    if added:
        aws.call("ec2", f"authorize_security_group_{side}", GroupId=group, IpPermissions=added)


def _permission(rule: Props, group: str) -> dict[str, Any]:
    about = {"Description": rule["description"]} if rule.get("description") else {}
    groups = [*(rule.get("securityGroups") or []), *([group] if rule.get("self") else [])]
    permission: dict[str, Any] = {"IpProtocol": str(rule["protocol"])}
    if permission["IpProtocol"] != "-1":
        permission |= {"FromPort": rule["fromPort"], "ToPort": rule["toPort"]}
    parts = {
        "IpRanges": [{"CidrIp": each, **about} for each in rule.get("cidrBlocks") or []],
        "Ipv6Ranges": [{"CidrIpv6": each, **about} for each in rule.get("ipv6CidrBlocks") or []],
        "PrefixListIds": [{"PrefixListId": each, **about} for each in rule.get("prefixListIds") or []],
        "UserIdGroupPairs": [{"GroupId": each, **about} for each in groups],
    }
    return {**permission, **{key: value for key, value in parts.items() if value}}


class RuleKind(Kind):
    """One rule with one peer, an object of EC2 with its own id since 2021."""

    service = "ec2"
    gone = frozenset({"InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound", "InvalidPermission.NotFound"})
    side: ClassVar[str]
    force_new = frozenset({"securityGroupId"})
    _peers: ClassVar = {
        "cidrIpv4": "CidrIpv4",
        "cidrIpv6": "CidrIpv6",
        "prefixListId": "PrefixListId",
        "referencedSecurityGroupId": "ReferencedGroupId",
    }
    defaults = dict.fromkeys(("description", "fromPort", "toPort", *_peers))
    handled = frozenset({"securityGroupId", "ipProtocol", *defaults, "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        """Authorize the rule."""
        made = aws.call(
            "ec2",
            f"authorize_security_group_{self.side}",
            GroupId=inputs["securityGroupId"],
            IpPermissions=[self._permission(inputs)],
            TagSpecifications=self._tags(inputs),
        )
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def _tags(self, inputs: Props) -> list[dict[str, Any]] | None:
        tags = [{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()]
        return [{"ResourceType": "security-group-rule", "Tags": tags}] if tags else None

    def _permission(self, inputs: Props) -> dict[str, Any]:
        about = {"Description": inputs["description"]} if inputs.get("description") else {}
        members = {
            "cidrIpv4": ("IpRanges", "CidrIp"),
            "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
            "prefixListId": ("PrefixListIds", "PrefixListId"),
            "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
        }
        permission: dict[str, Any] = {"IpProtocol": inputs["ipProtocol"]}
        for name, member in (("fromPort", "FromPort"), ("toPort", "ToPort")):
            if inputs.get(name) is not None:
                permission[member] = inputs[name]
        for name, (ranges, member) in members.items():
            if inputs.get(name):
                permission[ranges] = [{member: inputs[name], **about}]
        return permission

    def _rule(self, aws: Aws, identifier: str) -> dict[str, Any] | None:
        return find_one(
            aws, "ec2", "describe_security_group_rules", "SecurityGroupRules", self.gone,
            SecurityGroupRuleIds=[identifier],
        )  # fmt: skip

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        """Describe the rule."""
        rule = self._rule(aws, identifier)
        if rule is None or rule["IsEgress"] != (self.side == "egress"):
            return None
        every = rule["IpProtocol"] == "-1"
        peers = {name: rule.get(member) for name, member in self._peers.items()}
        peers["referencedSecurityGroupId"] = (rule.get("ReferencedGroupInfo") or {}).get("GroupId")
        # moto 5.2.5 tells no description of a rule whose peer is a group: what was declared then stands.
        silent = peers["referencedSecurityGroupId"] is not None and not rule.get("Description")
        return {
            **peers,
            **({} if silent else {"description": rule.get("Description") or None}),
            "arn": aws.arn("ec2", f"security-group-rule/{identifier}"),
            "securityGroupRuleId": identifier,
            "securityGroupId": rule["GroupId"],
            "ipProtocol": rule["IpProtocol"],
            "fromPort": None if every else rule.get("FromPort"),
            "toPort": None if every else rule.get("ToPort"),
            "tags": tag_map(rule.get("Tags")),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        """Modify the rule and its tags."""
        from rehearsal.providers.aws.types.ec2_base import retag

        if "tags" in changed:
            retag(aws, identifier, old.get("tags") or {}, new.get("tags") or {})
        if changed - {"tags"}:
            every = new["ipProtocol"] == "-1"
            request = {
                "IpProtocol": new["ipProtocol"],
                # EC2 writes "all ports" as -1, and moto insists on a number here.
                "FromPort": -1 if every else new.get("fromPort"),
                "ToPort": -1 if every else new.get("toPort"),
                "Description": new.get("description") or "",
                **{member: new.get(name) for name, member in self._peers.items()},
            }
            given = {key: value for key, value in request.items() if value is not None}
            aws.call(
                "ec2",
                "modify_security_group_rules",
                GroupId=new["securityGroupId"],
                SecurityGroupRules=[{"SecurityGroupRuleId": identifier, "SecurityGroupRule": given}],
            )

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        """Revoke the rule."""
        operation = f"revoke_security_group_{self.side}"
        aws.call("ec2", operation, GroupId=state["securityGroupId"], SecurityGroupRuleIds=[identifier])


class IngressRule(RuleKind):
    """aws_vpc_security_group_ingress_rule."""

    token = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    side = "ingress"


class EgressRule(RuleKind):
    """aws_vpc_security_group_egress_rule."""

    token = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    side = "egress"


KINDS = (SecurityGroup(), DefaultSecurityGroup(), IngressRule(), EgressRule())
