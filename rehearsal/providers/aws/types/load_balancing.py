"""Load balancers of the second generation: load balancers, target groups, listeners, registered targets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from rehearsal.providers.aws.kind import Kind, Props, change_tags, find_one
from rehearsal.providers.aws.naming import tag_list, tag_map
from rehearsal.providers.aws.session import Aws
from rehearsal.providers.aws.types.shaping import answer, field, request
from rehearsal.providers.base.values import has_unknown


class ElbKind(Kind):
    """Something of load balancing: its id is its ARN, its fine settings are attributes with text values."""

    service = "elbv2"
    attributes: ClassVar[Mapping[str, str]] = {}
    """Property -> attribute."""
    attribute_calls: ClassVar[tuple[str, str, str]]
    """Operations that describe and modify attributes, and their argument with the ARN."""

    def put_attributes(self, aws: Aws, identifier: str, inputs: Props, names: set[str]) -> None:
        """Write those attributes among ``names`` that have a value."""
        given = [
            {"Key": self.attributes[name], "Value": _text(inputs[name])}
            for name in sorted(names & self.attributes.keys())
            if inputs.get(name) is not None
        ]
        if given:
            _, modify, argument = self.attribute_calls
            aws.call("elbv2", modify, **{argument: identifier}, Attributes=given)

    def live_attributes(self, aws: Aws, identifier: str) -> Props:
        """Return the attributes that the thing has; those of other types of load balancer are left out."""
        describe, _, argument = self.attribute_calls
        live = {
            each["Key"]: each["Value"] for each in aws.call("elbv2", describe, **{argument: identifier})["Attributes"]
        }
        shape = {name: field(self.token, name).kind for name in self.attributes}
        return {
            name: _value(live[key], shape[name]) for name, key in self.attributes.items() if live.get(key) is not None
        }

    def retag(self, aws: Aws, identifier: str, old: Props, new: Props) -> None:
        """Bring the tags from ``old`` to ``new``."""
        put, removed = change_tags(old.get("tags") or {}, new.get("tags") or {})
        if removed:
            aws.call("elbv2", "remove_tags", ResourceArns=[identifier], TagKeys=removed)
        if put:
            aws.call("elbv2", "add_tags", ResourceArns=[identifier], Tags=put)

    def live_tags(self, aws: Aws, identifier: str) -> dict[str, str]:
        """Return the tags."""
        described = aws.call("elbv2", "describe_tags", ResourceArns=[identifier])["TagDescriptions"]
        return tag_map(described[0]["Tags"]) if described else {}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(text: str, kind: str) -> Any:
    if kind == "integer":
        return int(text)
    return text == "true" if kind == "boolean" else text


class LoadBalancer(ElbKind):
    """aws_lb."""

    token = "aws:lb/loadBalancer:LoadBalancer"
    gone = frozenset({"LoadBalancerNotFound"})
    name_property = "name"
    force_new = frozenset({"name", "namePrefix", "internal", "loadBalancerType", "customerOwnedIpv4Pool"})
    attributes: ClassVar = {
        "clientKeepAlive": "client_keep_alive.seconds",
        "desyncMitigationMode": "routing.http.desync_mitigation_mode",
        "dnsRecordClientRoutingPolicy": "dns_record.client_routing_policy",
        "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
        "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
        "enableDeletionProtection": "deletion_protection.enabled",
        "enableHttp2": "routing.http2.enabled",
        "enableZonalShift": "zonal_shift.config.enabled",
        "idleTimeout": "idle_timeout.timeout_seconds",
        "preserveHostHeader": "routing.http.preserve_host_header.enabled",
    }
    attribute_calls: ClassVar = (
        "describe_load_balancer_attributes",
        "modify_load_balancer_attributes",
        "LoadBalancerArn",
    )
    defaults = {"loadBalancerType": "application", "enableDeletionProtection": False}
    computed = frozenset({"internal", "ipAddressType", "securityGroups", "subnets", "subnetMappings"}) | (
        attributes.keys() - {"enableDeletionProtection"}
    )
    sets = frozenset({"securityGroups", "subnets", "subnetMappings"})
    handled = frozenset({*attributes, "name", "namePrefix", "internal", "ipAddressType", "loadBalancerType"}) | {
        "securityGroups", "subnets", "subnetMappings", "tags",
    }  # fmt: skip

    _NETWORK = ("subnets", "securityGroups")

    def forced(self, old: Props, new: Props) -> Collection[str]:
        """Judge as ``customizeDiffLoadBalancerNLB`` of terraform-provider-aws does.

        A network load balancer only ever gets further subnets, and has security groups or has none for good. EC2 lets
        one leave a zone since 2025, and the provider does not (its issue 41418).
        """
        if new.get("loadBalancerType") != "network":
            return ()
        known = [name for name in self._NETWORK if not has_unknown(new.get(name))]
        before, after = ({name: set(each.get(name) or ()) for name in known} for each in (old, new))
        return [
            name
            for name in known
            if (len(after[name]) <= len(before[name]) if name == "subnets" else bool(after[name]) != bool(before[name]))
        ]

    def create(self, aws: Aws, inputs: Props) -> str:
        nested = {"subnetMappings": inputs["subnetMappings"]} if inputs.get("subnetMappings") else {}
        rename = {"privateIpv4Address": "PrivateIPv4Address"}
        made = aws.call(
            "elbv2",
            "create_load_balancer",
            Name=inputs["name"],
            Subnets=inputs.get("subnets"),
            SecurityGroups=inputs.get("securityGroups"),
            Scheme="internal" if inputs.get("internal") else "internet-facing",
            Type=inputs["loadBalancerType"],
            IpAddressType=inputs.get("ipAddressType"),
            Tags=tag_list(inputs.get("tags")) or None,
            **request(aws, "elbv2", "create_load_balancer", nested, rename),
        )
        return str(made["LoadBalancers"][0]["LoadBalancerArn"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        plain = {name for name in self.attributes if inputs.get(name) not in (None, self.defaults.get(name))}
        self.put_attributes(aws, identifier, inputs, plain)

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        item = find_one(
            aws, "elbv2", "describe_load_balancers", "LoadBalancers", self.gone, LoadBalancerArns=[identifier]
        )
        if item is None:
            return None
        zones = item.get("AvailabilityZones") or []
        mappings = [
            {"subnetId": zone["SubnetId"], **_addresses(zone.get("LoadBalancerAddresses") or [])} for zone in zones
        ]
        return {
            **self.live_attributes(aws, identifier),
            "arn": identifier,
            "arnSuffix": identifier.split(":loadbalancer/")[1],
            "dnsName": item["DNSName"],
            "internal": item["Scheme"] == "internal",
            "ipAddressType": item.get("IpAddressType"),
            "loadBalancerType": item["Type"],
            "name": item["LoadBalancerName"],
            "securityGroups": item.get("SecurityGroups") or [],
            "subnets": [zone["SubnetId"] for zone in zones],
            "subnetMappings": mappings,
            "tags": self.live_tags(aws, identifier),
            "vpcId": item.get("VpcId"),
            "zoneId": item.get("CanonicalHostedZoneId"),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        which = {"LoadBalancerArn": identifier}
        self.put_attributes(aws, identifier, new, changed)
        if "securityGroups" in changed:
            aws.call("elbv2", "set_security_groups", **which, SecurityGroups=new.get("securityGroups") or [])
        if "subnets" in changed:
            aws.call("elbv2", "set_subnets", **which, Subnets=new["subnets"])
        if "subnetMappings" in changed:
            nested = {"subnetMappings": new["subnetMappings"]}
            rename = {"privateIpv4Address": "PrivateIPv4Address"}
            aws.call("elbv2", "set_subnets", **which, **request(aws, "elbv2", "set_subnets", nested, rename))
        if "ipAddressType" in changed:
            aws.call("elbv2", "set_ip_address_type", **which, IpAddressType=new["ipAddressType"])
        if "tags" in changed:
            self.retag(aws, identifier, old, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("elbv2", "delete_load_balancer", LoadBalancerArn=identifier)


def _addresses(addresses: list[dict[str, Any]]) -> Props:
    names = {"AllocationId": "allocationId", "PrivateIPv4Address": "privateIpv4Address", "IPv6Address": "ipv6Address"}
    first = addresses[0] if addresses else {}
    return {name: first[key] for key, name in names.items() if first.get(key)}


class Listener(ElbKind):
    """aws_lb_listener with forwarding, redirecting and fixed actions."""

    token = "aws:lb/listener:Listener"
    gone = frozenset({"ListenerNotFound"})
    force_new = frozenset({"loadBalancerArn"})
    defaults = {"alpnPolicy": None, "certificateArn": None}
    computed = frozenset({"protocol", "sslPolicy"})
    handled = frozenset({*defaults, "loadBalancerArn", "port", "protocol", "sslPolicy", "defaultActions", "tags"})
    _rename: ClassVar = {"arn": "TargetGroupArn", "forward": "ForwardConfig", "redirect": "RedirectConfig"} | {
        "fixedResponse": "FixedResponseConfig", "stickiness": "TargetGroupStickinessConfig",
        "duration": "DurationSeconds",
    }  # fmt: skip

    def _arguments(self, aws: Aws, inputs: Props) -> dict[str, Any]:
        nested = {"defaultActions": inputs["defaultActions"]}
        given = {
            "Port": inputs.get("port"),
            "Protocol": inputs.get("protocol"),
            "SslPolicy": inputs.get("sslPolicy"),
            "Certificates": [{"CertificateArn": inputs["certificateArn"]}] if inputs.get("certificateArn") else None,
            "AlpnPolicy": [inputs["alpnPolicy"]] if inputs.get("alpnPolicy") else None,
        }
        return {**given, **request(aws, "elbv2", "create_listener", nested, self._rename)}

    def create(self, aws: Aws, inputs: Props) -> str:
        made = aws.call(
            "elbv2",
            "create_listener",
            LoadBalancerArn=inputs["loadBalancerArn"],
            Tags=tag_list(inputs.get("tags")) or None,
            **self._arguments(aws, inputs),
        )
        return str(made["Listeners"][0]["ListenerArn"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        item = find_one(aws, "elbv2", "describe_listeners", "Listeners", self.gone, ListenerArns=[identifier])
        if item is None:
            return None
        back = {"ForwardConfig": "forward", "RedirectConfig": "redirect", "FixedResponseConfig": "fixedResponse"}
        back |= {"TargetGroupStickinessConfig": "stickiness", "DurationSeconds": "duration"}
        actions = [self._action(action, back) for action in item.get("DefaultActions") or []]
        certificates = item.get("Certificates") or []
        return {
            "arn": identifier,
            "loadBalancerArn": item["LoadBalancerArn"],
            "port": item.get("Port"),
            "protocol": item.get("Protocol"),
            "sslPolicy": item.get("SslPolicy"),
            "certificateArn": certificates[0]["CertificateArn"] if certificates else None,
            "alpnPolicy": (item.get("AlpnPolicy") or [None])[0],
            "defaultActions": actions,
            "tags": self.live_tags(aws, identifier),
        }

    def _action(self, action: dict[str, Any], back: dict[str, str]) -> Any:
        shape = field(self.token, "defaultActions")
        plain = answer(shape.item or shape, action, back)
        groups = action.get("ForwardConfig", {}).get("TargetGroups") or []
        if groups and action.get("TargetGroupArn") is None and len(groups) == 1:
            plain["targetGroupArn"] = groups[0]["TargetGroupArn"]
        if len(groups) <= 1 and "targetGroupArn" in plain:
            plain.pop("forward", None)  # EC2 says the same thing twice
        elif groups:
            plain["forward"]["targetGroups"] = [
                {"arn": group["TargetGroupArn"], **({"weight": group["Weight"]} if "Weight" in group else {})}
                for group in groups
            ]
        plain.pop("order", None)
        return plain

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if changed - {"tags"}:
            given = self._arguments(aws, new)
            if "protocol" not in changed:
                del given["Protocol"]  # moto 5.2.5 creates a listener of TLS, and modifies none that is said to be one
            aws.call("elbv2", "modify_listener", ListenerArn=identifier, **given)
        if "tags" in changed:
            self.retag(aws, identifier, old, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("elbv2", "delete_listener", ListenerArn=identifier)


KINDS = (
    LoadBalancer(),
    Listener(),
)
