"""S3: buckets, their settings (each a resource with the bucket as its id), objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rehearsal.providers.aws.kind import Kind, Props
from rehearsal.providers.aws.naming import tag_list, tag_map
from rehearsal.providers.aws.session import Aws, AwsError
from rehearsal.providers.aws.types.shaping import answer, field, request

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


class BucketSetting(Kind):
    """A setting of a bucket with one call each to put, get and remove it."""

    service = "s3"
    force_new = frozenset({"bucket"})
    put_call: ClassVar[str]
    get_call: ClassVar[str]
    delete_call: ClassVar[str | None] = None

    def body(self, aws: Aws, inputs: Props) -> dict[str, Any]:
        """Return the arguments of the put call beside the bucket."""
        raise NotImplementedError

    def told(self, found: dict[str, Any]) -> Props | None:
        """Return the properties in the answer of the get call; None when the setting is not there."""
        raise NotImplementedError

    def create(self, aws: Aws, inputs: Props) -> str:
        """Put the setting."""
        aws.call("s3", self.put_call, Bucket=inputs["bucket"], **self.body(aws, inputs))
        return str(inputs["bucket"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        """Get the setting."""
        found = aws.find("s3", self.get_call, self.gone, Bucket=identifier)
        told = None if found is None else self.told(found)
        return None if told is None else {"bucket": identifier, **told}

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        """Put the setting anew."""
        self.create(aws, new)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        """Remove the setting."""
        aws.call("s3", str(self.delete_call), Bucket=identifier)


class BucketVersioning(BucketSetting):
    """aws_s3_bucket_versioning; once on, it can only be suspended, which is what its deletion does."""

    token = "aws:s3/bucketVersioning:BucketVersioning"
    put_call, get_call = "put_bucket_versioning", "get_bucket_versioning"
    gone = _GONE
    handled = frozenset({"bucket", "versioningConfiguration"})

    def body(self, aws: Aws, inputs: Props) -> dict[str, Any]:
        given = inputs["versioningConfiguration"]
        return {"VersioningConfiguration": {"Status": given["status"], **_mfa(given)}}

    def told(self, found: dict[str, Any]) -> Props | None:
        if "Status" not in found:
            return None
        mfa = {"mfaDelete": found["MFADelete"]} if found.get("MFADelete") == "Enabled" else {}
        return {"versioningConfiguration": {"status": found["Status"], **mfa}}

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        if (state.get("versioningConfiguration") or {}).get("status") == "Enabled":
            configuration = {"Status": "Suspended"}
            aws.call("s3", self.put_call, Bucket=identifier, VersioningConfiguration=configuration)


def _mfa(given: Props) -> dict[str, str]:
    return {"MFADelete": given["mfaDelete"]} if "mfaDelete" in given else {}


class BucketEncryption(BucketSetting):
    """aws_s3_bucket_server_side_encryption_configuration."""

    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    put_call, get_call, delete_call = "put_bucket_encryption", "get_bucket_encryption", "delete_bucket_encryption"
    gone = _GONE | {"ServerSideEncryptionConfigurationNotFoundError"}
    handled = frozenset({"bucket", "rules"})

    def body(self, aws: Aws, inputs: Props) -> dict[str, Any]:
        rules = {"serverSideEncryptionConfiguration": {"rules": inputs["rules"]}}
        return request(aws, "s3", self.put_call, rules, {"kmsMasterKeyId": "KMSMasterKeyID"})

    def told(self, found: dict[str, Any]) -> Props | None:
        return {"rules": answer(field(self.token, "rules"), found["ServerSideEncryptionConfiguration"]["Rules"])}


class BucketPublicAccessBlock(BucketSetting):
    """aws_s3_bucket_public_access_block."""

    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    put_call, get_call, delete_call = "put_public_access_block", "get_public_access_block", "delete_public_access_block"
    gone = _GONE | {"NoSuchPublicAccessBlockConfiguration"}
    _members = {
        "blockPublicAcls": "BlockPublicAcls",
        "blockPublicPolicy": "BlockPublicPolicy",
        "ignorePublicAcls": "IgnorePublicAcls",
        "restrictPublicBuckets": "RestrictPublicBuckets",
    }
    defaults = dict.fromkeys(_members, False)
    handled = frozenset({"bucket", *_members})

    def body(self, aws: Aws, inputs: Props) -> dict[str, Any]:
        flags = {member: inputs[name] for name, member in self._members.items()}
        return {"PublicAccessBlockConfiguration": flags}

    def told(self, found: dict[str, Any]) -> Props | None:
        flags = found["PublicAccessBlockConfiguration"]
        return {name: bool(flags.get(member)) for name, member in self._members.items()}


class BucketOwnershipControls(BucketSetting):
    """aws_s3_bucket_ownership_controls."""

    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    put_call, get_call = "put_bucket_ownership_controls", "get_bucket_ownership_controls"
    delete_call = "delete_bucket_ownership_controls"
    gone = _GONE | {"OwnershipControlsNotFoundError"}
    handled = frozenset({"bucket", "rule"})

    def body(self, aws: Aws, inputs: Props) -> dict[str, Any]:
        return {"OwnershipControls": {"Rules": [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]}}

    def told(self, found: dict[str, Any]) -> Props | None:
        return {"rule": {"objectOwnership": found["OwnershipControls"]["Rules"][0]["ObjectOwnership"]}}


class BucketPolicy(BucketSetting):
    """aws_s3_bucket_policy."""

    token = "aws:s3/bucketPolicy:BucketPolicy"
    put_call, get_call, delete_call = "put_bucket_policy", "get_bucket_policy", "delete_bucket_policy"
    gone = _GONE | {"NoSuchBucketPolicy"}
    documents = frozenset({"policy"})
    handled = frozenset({"bucket", "policy"})

    def body(self, aws: Aws, inputs: Props) -> dict[str, Any]:
        return {"Policy": inputs["policy"]}

    def told(self, found: dict[str, Any]) -> Props | None:
        return {"policy": found["Policy"]}


class BucketLifecycle(BucketSetting):
    """aws_s3_bucket_lifecycle_configuration."""

    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    put_call, get_call = "put_bucket_lifecycle_configuration", "get_bucket_lifecycle_configuration"
    delete_call = "delete_bucket_lifecycle"
    gone = _GONE | {"NoSuchLifecycleConfiguration"}
    sets = frozenset({"rules"})
    handled = frozenset({"bucket", "rules"})
    _rename = {"id": "ID", "and": "And"}

    def body(self, aws: Aws, inputs: Props) -> dict[str, Any]:
        rules = [self._rule(rule) for rule in inputs["rules"]]
        given = {"lifecycleConfiguration": {"rules": rules}}
        return request(aws, "s3", self.put_call, given, self._rename)

    def _rule(self, rule: Props) -> Props:
        """Return a rule as S3 takes it: with a filter, for S3 knows no rule without filter and prefix."""
        filled = {key: value for key, value in rule.items() if value not in (None, {}, [])}
        if "filter" not in filled and "prefix" not in filled:
            filled["prefix"] = ""
        given = filled.get("filter")
        if given:
            filled["filter"] = _tagged(given)
        return filled

    def told(self, found: dict[str, Any]) -> Props | None:
        rules = []
        for rule in found["Rules"]:
            plain = {**rule, "Filter": _untagged(rule["Filter"])} if "Filter" in rule else rule
            rules.append(_lean(answer(field(self.token, "rules").item or field(self.token, "rules"), plain)))
        return {"rules": rules}


def _tagged(given: Props) -> Props:
    if "and" in given and given["and"].get("tags"):
        return {**given, "and": {**given["and"], "tags": tag_list(given["and"]["tags"])}}
    return given


def _untagged(found: dict[str, Any]) -> dict[str, Any]:
    if found.get("And", {}).get("Tags"):
        return {**found, "And": {**found["And"], "Tags": tag_map(found["And"]["Tags"])}}
    return found


def _lean(rule: Any) -> Any:
    """Return a rule without the zeros that S3 answers for what was not said (``expiredObjectDeleteMarker: false``)."""
    if isinstance(rule.get("expiration"), dict) and "days" in rule["expiration"]:
        rule["expiration"].pop("expiredObjectDeleteMarker", None)
    if rule.get("prefix") == "":
        del rule["prefix"]
    return rule


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
    BucketVersioning(),
    BucketEncryption(),
    BucketPublicAccessBlock(),
    BucketOwnershipControls(),
    BucketPolicy(),
    BucketLifecycle(),
    BucketObject(),
)
