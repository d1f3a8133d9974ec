"""Functions (invokes) of the vendor's plugin, as far as the program uses them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rehearsal.providers.aws.kind import Props
from rehearsal.providers.aws.naming import tag_map, to_vendor
from rehearsal.providers.aws.session import Aws, AwsError

Function = Callable[[Aws, Props], Props]

_DNS_SUFFIX = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}


def _caller_identity(aws: Aws, _: Props) -> Props:
    answer = aws.call("sts", "get_caller_identity")
    return {"id": answer["Account"], "accountId": answer["Account"], "arn": answer["Arn"], "userId": answer["UserId"]}


def _region(aws: Aws, given: Props) -> Props:
    name = given.get("region") or given.get("name") or aws.region
    found = aws.call("ec2", "describe_regions", RegionNames=[name])["Regions"][0]
    return {"id": name, "region": name, "name": name, "endpoint": found["Endpoint"], "description": name}


def _partition(aws: Aws, _: Props) -> Props:
    suffix = _DNS_SUFFIX[aws.partition]
    reverse = ".".join(reversed(suffix.split(".")))
    return {
        "id": aws.partition,
        "partition": aws.partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": reverse,
    }


def _zones(aws: Aws, given: Props) -> Props:
    filters = [{"Name": f["name"], "Values": f["values"]} for f in given.get("filters") or []]
    if given.get("state"):
        filters.append({"Name": "state", "Values": [given["state"]]})
    zones = aws.call("ec2", "describe_availability_zones", Filters=filters or None)["AvailabilityZones"]
    zones = sorted(zones, key=lambda zone: zone["ZoneName"])
    return {
        "id": aws.region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName", aws.region) for zone in zones}),
    }


def _kms_alias(aws: Aws, given: Props) -> Props:
    for alias in aws.pages("kms", "list_aliases", "Aliases"):
        if alias["AliasName"] == given["name"]:
            key = alias["TargetKeyId"]
            return {
                "id": alias["AliasArn"],
                "name": given["name"],
                "arn": alias["AliasArn"],
                "targetKeyId": key,
                "targetKeyArn": aws.arn("kms", f"key/{key}"),
            }
    raise AwsError("NotFoundException", f"reading KMS Alias ({given['name']}): couldn't find resource")


def _kms_key(aws: Aws, given: Props) -> Props:
    metadata = aws.call("kms", "describe_key", KeyId=given["keyId"])["KeyMetadata"]
    return {
        "id": metadata["KeyId"],
        "keyId": given["keyId"],
        **{k: v for k, v in to_vendor(metadata).items() if k != "keyId"},
    }


def _parameter(aws: Aws, given: Props) -> Props:
    found = aws.call("ssm", "get_parameter", Name=given["name"], WithDecryption=given.get("withDecryption", True))
    parameter = found["Parameter"]
    return {
        "id": parameter["Name"],
        "name": parameter["Name"],
        "arn": parameter["ARN"],
        "type": parameter["Type"],
        "value": parameter["Value"],
        "insecureValue": parameter["Value"] if parameter["Type"] != "SecureString" else "",
        "version": parameter["Version"],
    }


def _image(aws: Aws, given: Props) -> Props:
    filters = [{"Name": f["name"], "Values": f["values"]} for f in given.get("filters") or []]
    found = aws.call(
        "ec2",
        "describe_images",
        Filters=filters or None,
        Owners=given.get("owners"),
        ExecutableUsers=given.get("executableUsers"),
        ImageIds=given.get("imageIds"),
    )["Images"]
    if not found:
        raise AwsError("NotFound", "Your query returned no results. Please change your search criteria and try again.")
    if len(found) > 1 and not given.get("mostRecent"):
        raise AwsError(
            "TooMany",
            "Your query returned more than one result. Please try a more specific search criteria, or set mostRecent.",
        )
    image = max(found, key=lambda each: str(each.get("CreationDate", "")))
    plain = to_vendor({k: v for k, v in image.items() if k not in ("Tags", "BlockDeviceMappings", "StateReason")})
    return {**plain, "id": image["ImageId"], "tags": tag_map(image.get("Tags")), "blockDeviceMappings": []}


def _objects(aws: Aws, given: Props) -> Props:
    found = aws.pages("s3", "list_objects_v2", "Contents", Bucket=given["bucket"], Prefix=given.get("prefix"))
    keys = [each["Key"] for each in found][: given.get("maxKeys", 1000)]
    plain = {"commonPrefixes": [], "owners": [], "requestCharged": ""}
    return {"id": given["bucket"], **given, **plain, "keys": keys}


_READABLE = re.compile(r"^(text/.+|application/json)$")
"""Content types whose objects the vendor's plugin gives the content of, as far as they are used here."""


def _object(aws: Aws, given: Props) -> Props:
    found = aws.call("s3", "get_object", Bucket=given["bucket"], Key=given["key"], VersionId=given.get("versionId"))
    kind = found.get("ContentType", "")
    return {
        "id": f"{given['bucket']}/{given['key']}",
        **given,
        "body": found["Body"].read().decode() if _READABLE.match(kind) else "",
        "contentType": kind,
        "contentLength": found["ContentLength"],
        "etag": found["ETag"].strip('"'),
        "lastModified": found["LastModified"].strftime("%a, %d %b %Y %H:%M:%S %Z"),
        "metadata": found.get("Metadata", {}),
        "versionId": found.get("VersionId", ""),
    }


FUNCTIONS: Mapping[str, Function] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:kms/getAlias:getAlias": _kms_alias,
    "aws:kms/getKey:getKey": _kms_key,
    "aws:ssm/getParameter:getParameter": _parameter,
    "aws:ec2/getAmi:getAmi": _image,
    "aws:s3/getObjects:getObjects": _objects,
    "aws:s3/getObject:getObject": _object,
}
