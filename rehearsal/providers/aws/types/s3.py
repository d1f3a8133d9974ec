"""S3 buckets and objects."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.providers.aws.kind import Kind, Props
from rehearsal.providers.aws.naming import tag_list, tag_map
from rehearsal.providers.aws.session import Aws, AwsError

_GONE = frozenset({"NoSuchBucket", "404"})


class Bucket(Kind):
    """aws_s3_bucket. The settings of a bucket are resources of their own, as the vendor advises since version 4."""

    token = "aws:s3/bucket:Bucket"
    service = "s3"
    gone = _GONE
    name_property = "bucket"
    force_new = frozenset({"bucket", "bucketPrefix", "objectLockEnabled"})
    defaults = {"forceDestroy": False}
    computed = frozenset({"objectLockEnabled"})
    handled = frozenset({"bucket", "bucketPrefix", "forceDestroy", "objectLockEnabled", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        where = None if aws.region == "us-east-1" else {"LocationConstraint": aws.region}
        aws.call(
            "s3",
            "create_bucket",
            Bucket=inputs["bucket"],
            CreateBucketConfiguration=where,
            ObjectLockEnabledForBucket=inputs.get("objectLockEnabled"),
        )
        return str(inputs["bucket"])

    def complete(self, aws: Aws, identifier: str, inputs: Props) -> None:
        if inputs.get("tags"):
            self._tag(aws, identifier, inputs["tags"])

    def _tag(self, aws: Aws, identifier: str, tags: Mapping[str, str]) -> None:
        if tags:
            aws.call("s3", "put_bucket_tagging", Bucket=identifier, Tagging={"TagSet": tag_list(tags)})
        else:
            aws.call("s3", "delete_bucket_tagging", Bucket=identifier)

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        if aws.find("s3", "head_bucket", _GONE, Bucket=identifier) is None:
            return None
        region = aws.call("s3", "get_bucket_location", Bucket=identifier).get("LocationConstraint") or "us-east-1"
        tags = aws.find("s3", "get_bucket_tagging", {"NoSuchTagSet"}, Bucket=identifier)
        lock = aws.find(
            "s3", "get_object_lock_configuration", {"ObjectLockConfigurationNotFoundError"}, Bucket=identifier
        )
        return {
            "arn": f"arn:{aws.partition}:s3:::{identifier}",
            "bucket": identifier,
            "bucketDomainName": f"{identifier}.s3.amazonaws.com",
            "bucketRegion": region,
            "bucketRegionalDomainName": f"{identifier}.s3.{region}.amazonaws.com",
            "objectLockEnabled": lock is not None,
            "tags": tag_map((tags or {}).get("TagSet")),
        }

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        if "tags" in changed:
            self._tag(aws, identifier, new.get("tags") or {})

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        if state.get("forceDestroy"):
            self._empty(aws, identifier)
        aws.call("s3", "delete_bucket", Bucket=identifier)

    def _empty(self, aws: Aws, identifier: str) -> None:
        while True:
            listed = aws.call("s3", "list_object_versions", Bucket=identifier)
            found = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
            if not found:
                return
            doomed = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
            answered = aws.call("s3", "delete_objects", Bucket=identifier, Delete={"Objects": doomed, "Quiet": True})
            for error in answered.get("Errors", []):
                raise AwsError(error["Code"], f"s3: {identifier}/{error['Key']}: {error['Message']}")


class BucketObject(Kind):
    """aws_s3_object, with its content in the program (``content``, ``contentBase64``)."""

    token = "aws:s3/bucketObjectv2:BucketObjectv2"
    service = "s3"
    gone = _GONE | {"NoSuchKey"}
    force_new = frozenset({"bucket", "key"})
    defaults = {"forceDestroy": False}
    computed = frozenset(
        {"etag", "contentType", "serverSideEncryption", "kmsKeyId", "bucketKeyEnabled", "storageClass"}
    )
    changing = {"etag": frozenset({"content", "contentBase64"}), "versionId": frozenset({"*"})}
    handled = frozenset(
        {"bucket", "key", "content", "contentBase64", "contentType", "forceDestroy", "kmsKeyId", "tags", "metadata"}
        | {"serverSideEncryption", "bucketKeyEnabled", "storageClass", "cacheControl"}
    )
    _arguments = {
        "contentType": "ContentType",
        "serverSideEncryption": "ServerSideEncryption",
        "kmsKeyId": "SSEKMSKeyId",
        "bucketKeyEnabled": "BucketKeyEnabled",
        "storageClass": "StorageClass",
        "cacheControl": "CacheControl",
        "metadata": "Metadata",
    }

    def create(self, aws: Aws, inputs: Props) -> str:
        from base64 import b64decode
        from urllib.parse import urlencode

        content = inputs.get("content")
        body = b64decode(inputs["contentBase64"]) if content is None else content.encode()
        given = {member: inputs.get(name) for name, member in self._arguments.items()}
        if given["SSEKMSKeyId"] and not given["ServerSideEncryption"]:
            given["ServerSideEncryption"] = "aws:kms"
        tags = urlencode(inputs["tags"]) if inputs.get("tags") else None
        aws.call("s3", "put_object", Bucket=inputs["bucket"], Key=inputs["key"], Body=body, Tagging=tags, **given)
        return f"{inputs['bucket']}/{inputs['key']}"

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        bucket, key = identifier.removeprefix("s3://").split("/", 1)
        found = aws.find("s3", "get_object", self.gone, Bucket=bucket, Key=key)
        if found is None:
            return None
        tags = aws.call("s3", "get_object_tagging", Bucket=bucket, Key=key)["TagSet"]
        return {
            **self._body(found["Body"].read(), known),
            "arn": f"arn:{aws.partition}:s3:::{bucket}/{key}",
            "bucket": bucket,
            "key": key,
            "etag": found["ETag"].strip('"'),
            "versionId": found.get("VersionId") or "",
            "contentType": found.get("ContentType"),
            "serverSideEncryption": found.get("ServerSideEncryption"),
            "kmsKeyId": found.get("SSEKMSKeyId"),
            "bucketKeyEnabled": bool(found.get("BucketKeyEnabled")),
            "storageClass": found.get("StorageClass") or "STANDARD",
            "cacheControl": found.get("CacheControl"),
            "metadata": found.get("Metadata") or None,
            "tags": tag_map(tags),
        }

    def _body(self, body: bytes, known: Props) -> Props:
        from base64 import b64encode

        if "content" in known:
            return {"content": body.decode(errors="replace")}
        return {"contentBase64": b64encode(body).decode()} if "contentBase64" in known else {}

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        bucket, key = state["bucket"], state["key"]
        listed = aws.call("s3", "list_object_versions", Bucket=bucket, Prefix=key)
        # The vendor, too, deletes every version of the key.
        for each in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            if each["Key"] == key:
                version = None if each["VersionId"] == "null" else each["VersionId"]
                aws.call("s3", "delete_object", Bucket=bucket, Key=key, VersionId=version)


KINDS = (
    Bucket(),
    BucketObject(),
)
