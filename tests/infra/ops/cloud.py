"""An AWS account for tests (moto), ways to make its calls fail, and a look at what the bootstrap left in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.ops.aws import session_for
from infra.spec import EnvironmentSpec
from tests.infra.samples import sample_spec

ACCOUNT = "123456789012"
"""moto's account, unless told otherwise."""

BUCKET = "acme-slipway-test"
ALIAS = "alias/slipway-state-test"


def spec(**change: Any) -> EnvironmentSpec:
    """Return the sample environment in moto's account."""
    return sample_spec(accountId=ACCOUNT, **change)


def client_error(code: str, operation: str = "Operation", message: str = "said AWS") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}}, operation)


def _let_pass(_number: int, _name: str) -> None:
    pass


class Calls:
    """Every call a session makes, in order, as ``service.Operation``; one of them can be made to fail."""

    def __init__(self, environment: EnvironmentSpec) -> None:
        self.session = session_for(environment)
        self.made: list[str] = []
        self.arguments: list[dict[str, Any]] = []
        self._before: Callable[[int, str], None] = _let_pass
        self._after: Callable[[int, str], None] = _let_pass
        self.session.events.register("provide-client-params", self._collect)
        self.session.events.register("before-call", self._called)
        self.session.events.register("after-call", self._answered)

    @cached_property
    def s3(self) -> Any:
        """A client of S3 whose calls are watched."""
        return self.session.client("s3")

    def reset(self) -> None:
        """Forget the calls made, and let all pass that come."""
        self.made.clear()
        self.arguments.clear()
        self._before = self._after = _let_pass

    def fail(self, number: int, error: BaseException) -> None:
        """Raise ``error`` in place of call ``number`` (from 0), once."""

        def raise_it(at: int, name: str) -> None:
            if at == number:
                raise error

        self._before = raise_it

    def fail_on(self, name: str, error: BaseException) -> None:
        """Raise ``error`` in place of every call of ``name``."""

        def raise_it(at: int, called: str) -> None:
            if called == name:
                raise error

        self._before = raise_it

    def kill_after(self, number: int) -> None:
        """Interrupt the run once call ``number`` (from 0) was answered, before anyone sees the answer."""

        def interrupt(at: int, name: str) -> None:
            if at == number:
                raise KeyboardInterrupt

        self._after = interrupt

    def _collect(self, params: dict[str, Any], **_: Any) -> None:
        self.arguments.append(dict(params))

    def _called(self, model: Any, **_: Any) -> None:
        name = f"{model.service_model.service_name}.{model.name}"
        self.made.append(name)
        self._before(len(self.made) - 1, name)

    def _answered(self, model: Any, **_: Any) -> None:
        self._after(len(self.made) - 1, f"{model.service_model.service_name}.{model.name}")


@cache
def _client(service: str, region: str) -> Any:
    """Return a client for all tests of a process: making one takes longer than what a test asks of it."""
    return boto3.Session("testing", "testing", region_name=region).client(service)


def remains(region: str = "eu-central-1", bucket: str = BUCKET) -> dict[str, Any]:
    """Return everything there is of the state bucket and of keys, read anew."""
    s3, kms = _client("s3", region), _client("kms", region)
    keys = []
    for key in kms.list_keys()["Keys"]:
        metadata = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        keys.append(
            {
                "arn": metadata["Arn"],
                "description": metadata["Description"],
                "policy": json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]),
                "rotation": kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"],
                "tags": {t["TagKey"]: t["TagValue"] for t in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]},
            }
        )
    aliases = {a["AliasName"]: a.get("TargetKeyId") for a in kms.list_aliases()["Aliases"]}
    return {
        "keys": keys,
        "alias": aliases.get(ALIAS),
        "region": s3.head_bucket(Bucket=bucket)["BucketRegion"],
        "tags": {t["Key"]: t["Value"] for t in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]},
        "versioning": s3.get_bucket_versioning(Bucket=bucket)["Status"],
        "public": s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
        "ownership": s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"],
        "encryption": s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"],
        "policy": json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]),
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"],
    }
