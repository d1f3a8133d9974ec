"""Route 53: hosted zones and records."""

from __future__ import annotations

from typing import Any

from rehearsal.providers.aws.kind import Kind, Props, change_tags
from rehearsal.providers.aws.naming import tag_map
from rehearsal.providers.aws.session import Aws

_GONE = frozenset({"NoSuchHostedZone"})


class Zone(Kind):
    """aws_route53_zone."""

    token = "aws:route53/zone:Zone"
    service = "route53"
    gone = _GONE
    name_property = "name"
    force_new = frozenset({"name", "delegationSetId"})
    defaults = {"comment": "Managed by Pulumi", "forceDestroy": False}
    sets = frozenset({"vpcs"})
    handled = frozenset({"name", "comment", "forceDestroy", "vpcs", "delegationSetId", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        vpcs = inputs.get("vpcs") or []
        made = aws.call(
            "route53",
            "create_hosted_zone",
            Name=inputs["name"],
            # Unique for each creation, so that a retry of the call does not make a second zone.
            CallerReference=_reference(),
            HostedZoneConfig={"Comment": inputs["comment"], "PrivateZone": bool(vpcs)},
            VPC=_vpc(aws, vpcs[0]) if vpcs else None,
            DelegationSetId=inputs.get("delegationSetId"),
        )
        return str(made["HostedZone"]["Id"]).removeprefix("/hostedzone/")

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        if inputs.get("tags"):
            self._retag(aws, identifier, {}, inputs["tags"])
        for vpc in (inputs.get("vpcs") or [])[1:]:
            aws.call("route53", "associate_vpc_with_hosted_zone", HostedZoneId=identifier, VPC=_vpc(aws, vpc))

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        answer = aws.find("route53", "get_hosted_zone", _GONE, Id=identifier)
        if answer is None:
            return None
        zone = answer["HostedZone"]
        servers = answer.get("DelegationSet", {}).get("NameServers", [])
        which = {"ResourceType": "hostedzone", "ResourceId": identifier}
        tags = aws.call("route53", "list_tags_for_resource", **which)["ResourceTagSet"]["Tags"]
        vpcs = [{"vpcId": each["VPCId"], "vpcRegion": each["VPCRegion"]} for each in answer.get("VPCs") or []]
        return {
            "arn": aws.arn("route53", f"hostedzone/{identifier}", regional=False, account=False),
            "name": zone["Name"].rstrip("."),
            "comment": zone.get("Config", {}).get("Comment", ""),
            "nameServers": sorted(servers),
            "primaryNameServer": servers[0] if servers else None,
            "tags": tag_map(tags),
            "vpcs": vpcs or None,
            "zoneId": identifier,
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if "comment" in changed:
            aws.call("route53", "update_hosted_zone_comment", Id=identifier, Comment=new["comment"])
        if "tags" in changed:
            self._retag(aws, identifier, old.get("tags") or {}, new.get("tags") or {})
        if "vpcs" in changed:
            before = {vpc["vpcId"]: vpc for vpc in old.get("vpcs") or []}
            after = {vpc["vpcId"]: vpc for vpc in new.get("vpcs") or []}
            for added in after.keys() - before.keys():
                vpc = _vpc(aws, after[added])
                aws.call("route53", "associate_vpc_with_hosted_zone", HostedZoneId=identifier, VPC=vpc)
            for gone in before.keys() - after.keys():
                vpc = _vpc(aws, before[gone])
                aws.call("route53", "disassociate_vpc_from_hosted_zone", HostedZoneId=identifier, VPC=vpc)

    def _retag(self, aws: Aws, identifier: str, old: Props, new: Props) -> None:
        put, removed = change_tags(old, new)
        aws.call(
            "route53",
            "change_tags_for_resource",
            ResourceType="hostedzone",
            ResourceId=identifier,
            AddTags=put or None,
            RemoveTagKeys=removed or None,
        )

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        if state.get("forceDestroy"):
            records = aws.call("route53", "list_resource_record_sets", HostedZoneId=identifier)["ResourceRecordSets"]
            doomed = [each for each in records if each["Type"] not in ("NS", "SOA")]
            if doomed:
                batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": each} for each in doomed]}
                aws.call("route53", "change_resource_record_sets", HostedZoneId=identifier, ChangeBatch=batch)
        aws.call("route53", "delete_hosted_zone", Id=identifier)


def _reference() -> str:
    import uuid

    return uuid.uuid4().hex


def _vpc(aws: Aws, vpc: Props) -> dict[str, str]:
    return {"VPCId": vpc["vpcId"], "VPCRegion": vpc.get("vpcRegion") or aws.region}


class Record(Kind):
    """aws_route53_record, simple and weighted; the id is ``zone_name_type[_set]``."""

    token = "aws:route53/record:Record"
    service = "route53"
    gone = _GONE | {"InvalidChangeBatch"}
    force_new = frozenset({"zoneId", "name", "type", "setIdentifier"})
    defaults = dict.fromkeys(("aliases", "records", "ttl", "weightedRoutingPolicies", "healthCheckId"))
    computed = frozenset({"allowOverwrite"})
    sets = frozenset({"records"})
    handled = frozenset({*force_new, *defaults, "allowOverwrite"})

    def create(self, aws: Aws, inputs: Props) -> str:
        self._change(aws, "UPSERT" if inputs.get("allowOverwrite") else "CREATE", inputs)
        parts = [inputs["zoneId"], _short(inputs["name"], self._zone_name(aws, inputs["zoneId"])), inputs["type"]]
        return "_".join([*parts, *([inputs["setIdentifier"]] if inputs.get("setIdentifier") else [])])

    def _zone_name(self, aws: Aws, zone: str) -> str:
        return str(aws.call("route53", "get_hosted_zone", Id=zone)["HostedZone"]["Name"]).rstrip(".")

    def _change(self, aws: Aws, action: str, inputs: Props) -> None:
        zone = inputs["zoneId"]
        full = _full(inputs["name"], self._zone_name(aws, zone))
        change = {"Action": action, "ResourceRecordSet": _record_set(full, inputs)}
        aws.call("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch={"Changes": [change]})

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        zone, name, kind, set_identifier = _parts(identifier)
        answer = aws.find("route53", "get_hosted_zone", _GONE, Id=zone)
        if answer is None:
            return None
        full = _full(name, answer["HostedZone"]["Name"].rstrip("."))
        listed = aws.call(
            "route53", "list_resource_record_sets", HostedZoneId=zone, StartRecordName=full, StartRecordType=kind
        )["ResourceRecordSets"]
        for found in listed:
            same_name = found["Name"].replace("\\052", "*").rstrip(".").lower() == full.lower()
            if same_name and found["Type"] == kind and found.get("SetIdentifier") == set_identifier:
                return {"zoneId": zone, "type": kind, "fqdn": full, **_told(found, known.get("name", full))}
        return None

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if changed - {"allowOverwrite"}:
            self._change(aws, "UPSERT", new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        live = self.read(aws, identifier, state)
        if live is not None:
            self._change(aws, "DELETE", live)


def _full(name: str, zone: str) -> str:
    name = name.rstrip(".")
    if not name:
        return zone
    return name if name.lower() == zone.lower() or name.lower().endswith(f".{zone.lower()}") else f"{name}.{zone}"


def _short(name: str, zone: str) -> str:
    return _full(name, zone).lower()


def _parts(identifier: str) -> tuple[str, str, str, str | None]:
    """Split the id; a name may begin with underscores, as in ``_dmarc``."""
    zone, rest = identifier.split("_", 1)
    types = ("SOA", "A", "TXT", "NS", "CNAME", "MX", "NAPTR", "PTR", "SRV", "SPF", "AAAA", "CAA", "DS", "TLSA")
    for kind in (*types, "SSHFP", "SVCB", "HTTPS"):
        name, found, tail = rest.rpartition(f"_{kind}")
        if found and (not tail or tail.startswith("_")):
            return zone, name, kind, tail[1:] or None
    raise ValueError(f"{identifier} is not the id of a record: zone_name_type or zone_name_type_set")


def _record_set(name: str, inputs: Props) -> dict[str, Any]:
    record: dict[str, Any] = {"Name": name, "Type": inputs["type"]}
    if inputs.get("records") is not None:
        record["ResourceRecords"] = [{"Value": _quoted(each, inputs["type"])} for each in inputs["records"]]
        record["TTL"] = inputs.get("ttl")
    for alias in inputs.get("aliases") or []:
        record["AliasTarget"] = {
            "DNSName": alias["name"],
            "HostedZoneId": alias["zoneId"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        }
    for policy in inputs.get("weightedRoutingPolicies") or []:
        record["Weight"] = policy["weight"]
    for name_here, member in (("setIdentifier", "SetIdentifier"), ("healthCheckId", "HealthCheckId")):
        if inputs.get(name_here):
            record[member] = inputs[name_here]
    return record


def _quoted(value: str, kind: str) -> str:
    return f'"{value}"' if kind in ("TXT", "SPF") and not value.startswith('"') else value


def _told(found: dict[str, Any], declared_name: str) -> Props:
    kind = found["Type"]
    values = [each["Value"] for each in found.get("ResourceRecords") or []]
    alias = found.get("AliasTarget")
    return {
        "name": declared_name,
        "records": [value.strip('"') if kind in ("TXT", "SPF") else value for value in values] or None,
        "ttl": found.get("TTL"),
        "aliases": [
            {
                "name": alias["DNSName"].rstrip("."),
                "zoneId": alias["HostedZoneId"],
                "evaluateTargetHealth": alias["EvaluateTargetHealth"],
            }
        ]
        if alias
        else None,
        "weightedRoutingPolicies": [{"weight": found["Weight"]}] if "Weight" in found else None,
        "setIdentifier": found.get("SetIdentifier"),
        "healthCheckId": found.get("HealthCheckId"),
    }


KINDS = (Zone(), Record())
