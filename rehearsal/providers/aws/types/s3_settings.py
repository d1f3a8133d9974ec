"""Settings of S3 buckets, each a resource of its own whose id is the bucket."""

from __future__ import annotations

from typing import Any, ClassVar

from rehearsal.providers.aws.kind import Kind, Props
from rehearsal.providers.aws.naming import tag_list, tag_map
from rehearsal.providers.aws.session import Aws
from rehearsal.providers.aws.types.s3 import _GONE
from rehearsal.providers.aws.types.shaping import answer, field, request


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


KINDS = (
    BucketVersioning(),
    BucketEncryption(),
    BucketPublicAccessBlock(),
    BucketOwnershipControls(),
    BucketPolicy(),
    BucketLifecycle(),
)
