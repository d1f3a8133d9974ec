"""The rules: pure functions of a resource's type, name, inputs and protection, so that tests need no engine.

A value that is known only during the update cannot be checked at a preview; the engine asks again when it updates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.plan.stateful import stateful

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
CLASSIC_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:ec2/instance:Instance"
VOLUME = "aws:ebs/volume:Volume"
ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BUCKET_ACL = "aws:s3/bucketAcl:BucketAcl"
LIFECYCLES = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)

EVERYONE = frozenset({"0.0.0.0/0", "::/0"})
CLOSED_PORTS: Mapping[str, tuple[int, int]] = {"SSH": (22, 22), "etcd": (2379, 2381), "the kubelet": (10250, 10255)}
"""What nobody outside may reach, and its TCP ports."""
ISSUER = "issuer"
"""Word in the name of the one bucket that is public: the service-account issuer's two documents."""
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@dataclass(frozen=True)
class Resource:
    """What a rule sees of a resource."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    protect: bool = False


@dataclass(frozen=True)
class Rule:
    """One rule that must never be broken."""

    name: str
    description: str
    check: Callable[[Resource], Iterator[str]]


def closed_to_the_world(resource: Resource) -> Iterator[str]:
    """Yield the ways in which everyone could reach SSH, etcd or a kubelet."""
    for entry in _inward(resource):
        addresses = {entry.get("cidrIpv4"), entry.get("cidrIpv6"), *_list(entry.get("cidrBlocks"))}
        everyone = sorted((addresses | set(_list(entry.get("ipv6CidrBlocks")))) & EVERYONE)
        for service, ports in CLOSED_PORTS.items():
            if everyone and _covers(entry, ports):
                yield f"opens {service} (TCP {ports[0]} to {ports[1]}) to {' and '.join(everyone)}; name the addresses"


def _inward(resource: Resource) -> Iterator[Mapping[str, Any]]:
    if resource.type == INGRESS or (resource.type == CLASSIC_RULE and resource.inputs.get("type") == "ingress"):
        yield resource.inputs
    elif resource.type == SECURITY_GROUP:
        yield from (entry for entry in _list(resource.inputs.get("ingress")) if isinstance(entry, Mapping))


def _covers(entry: Mapping[str, Any], ports: tuple[int, int]) -> bool:
    protocol = str(entry.get("ipProtocol") or entry.get("protocol") or "-1").lower()
    if protocol in ("-1", "all"):
        return True
    first, last = entry.get("fromPort"), entry.get("toPort")
    if protocol not in ("tcp", "6") or not isinstance(first, int | float) or not isinstance(last, int | float):
        return False
    return first <= ports[1] and last >= ports[0]


def imdsv2(resource: Resource) -> Iterator[str]:
    """Yield why a machine's metadata service answers without a session token."""
    if resource.type in (TEMPLATE, INSTANCE):
        options = resource.inputs.get("metadataOptions") or {}
        if isinstance(options, Mapping) and options.get("httpTokens") != "required":
            found = options.get("httpTokens", "not set")
            yield f"metadataOptions.httpTokens is {found}, and must be `required` (IMDSv2)"


def encrypted(resource: Resource) -> Iterator[str]:
    """Yield the volumes that are not encrypted."""
    if resource.type == VOLUME and not _true(resource.inputs.get("encrypted")):
        yield "the volume is not encrypted: set `encrypted`"
    mappings = {TEMPLATE: ("blockDeviceMappings",), INSTANCE: ("ebsBlockDevices", "rootBlockDevice")}
    for key in mappings.get(resource.type, ()):
        value = resource.inputs.get(key)
        for at, mapping in enumerate([value] if isinstance(value, Mapping) else _list(value)):
            disk = mapping.get("ebs") if key == "blockDeviceMappings" else mapping
            if isinstance(disk, Mapping) and not _true(disk.get("encrypted")):
                yield f"{key}[{at}] ({mapping.get('deviceName', 'root')}) is not encrypted: set `encrypted`"


def no_public_bucket(resource: Resource) -> Iterator[str]:
    """Yield the ways in which a bucket other than the issuer's would be public."""
    inputs, issuer = resource.inputs, _is_issuer(resource)
    if resource.type == ACCESS_BLOCK and not issuer:
        off = [key for key in _BLOCKS if not _true(inputs.get(key))]
        if off:
            yield f"{', '.join(off)} must be true: only the issuer's bucket is public"
    elif resource.type == BUCKET_ACL and str(inputs.get("acl", "")).startswith(("public-", "authenticated-read")):
        yield f"the ACL {inputs['acl']} makes the bucket public"
    elif resource.type == BUCKET_POLICY:
        for statement in _statements(inputs.get("policy")):
            actions = {str(each) for each in _list(statement.get("Action"))}
            if _for_everyone(statement) and not (issuer and actions == {"s3:GetObject"}):
                yield f"the policy allows everyone {', '.join(sorted(actions)) or 'what it does not name'}"


def _is_issuer(resource: Resource) -> bool:
    bucket = resource.inputs.get("bucket")
    return ISSUER in resource.name or (isinstance(bucket, str) and ISSUER in bucket)


def _for_everyone(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = [entry for value in principal.values() for entry in _list(value)] if isinstance(principal, Mapping) else []
    everyone = principal == "*" or "*" in named
    return everyone and statement.get("Effect") == "Allow" and not statement.get("Condition")


def protected(resource: Resource) -> Iterator[str]:
    """Yield why something that cannot be made again could be deleted by a slip."""
    entry = stateful(resource.type, resource.inputs)
    if entry is not None and entry.protect and not resource.protect:
        yield f"holds {entry.holds}, and must be declared with `protect=True`"


def backups_are_kept(resource: Resource) -> Iterator[str]:
    """Yield the lifecycle rules that would touch ``<cluster>/backups/``."""
    if resource.type not in LIFECYCLES:
        return
    for at, rule in enumerate(_list(resource.inputs.get("rules"))):
        if not isinstance(rule, Mapping) or rule.get("status") == "Disabled" or not _removes(rule):
            continue
        prefix = _prefix(rule)
        if prefix is not None and _meets_backups(prefix):
            yield f"rules[{at}] ({rule.get('id', 'no id')}) with prefix {prefix!r} would remove or move backups"


def _removes(rule: Mapping[str, Any]) -> bool:
    expiration = rule.get("expiration") or {}
    ends = isinstance(expiration, Mapping) and (expiration.get("days") or expiration.get("date"))
    others = ("noncurrentVersionExpiration", "noncurrentVersionTransitions", "transitions")
    return bool(ends) or any(rule.get(key) for key in others)


def _prefix(rule: Mapping[str, Any]) -> str | None:
    condition = rule.get("filter")
    found = condition if isinstance(condition, Mapping) else {}
    both = found.get("and")
    if isinstance(both, Mapping):
        found = both
    value = found.get("prefix", rule.get("prefix", ""))
    return value if isinstance(value, str) else None


def _meets_backups(prefix: str) -> bool:
    """Return whether keys ``<any cluster>/backups/...`` can begin with the prefix."""
    first, slash, rest = prefix.partition("/")
    if first == ".pulumi":
        return False
    return not slash or "backups/".startswith(rest) or rest.startswith("backups/")


def _statements(policy: Any) -> Iterator[Mapping[str, Any]]:
    try:
        document = json.loads(policy) if isinstance(policy, str) else policy
    except ValueError:
        return
    if isinstance(document, Mapping):
        yield from (each for each in _list(document.get("Statement")) if isinstance(each, Mapping))


def _list(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    # The engine's values come wrapped: sequences of its own, not lists.
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]


def _true(value: Any) -> bool:
    return value is True or value == "true"


RULES: tuple[Rule, ...] = (
    Rule("closed-to-the-world", "Nobody outside reaches SSH, etcd or a kubelet.", closed_to_the_world),
    Rule("imdsv2", "The metadata service of machines asks for a session token.", imdsv2),
    Rule("encrypted-volumes", "Every volume is encrypted.", encrypted),
    Rule("no-public-bucket", "No bucket is public but the service-account issuer's.", no_public_bucket),
    Rule("protected-stateful", "What cannot be made again is protected.", protected),
    Rule("backups-are-kept", "No lifecycle rule touches backups.", backups_are_kept),
)
