"""The state bucket and its key, adopted from what ``slipway bootstrap`` made."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.plan.state_bucket import LifecycleRule, StateBucketPlan, StateKeyPlan


class StateBucket(pulumi.ComponentResource):
    """Maps a :class:`StateBucketPlan` to the existing bucket and key.

    Every resource is imported, protected and retained: Pulumi's own state lies in the bucket, so neither ``destroy``
    nor the removal of the component from the program may delete it.

    Raises:
        Exception: the key's alias does not exist, because the environment was not bootstrapped. (The SDK has no more
            exact type for a failed look-up.)
    """

    def __init__(self, name: str, plan: StateBucketPlan, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:StateBucket", name, None, opts)
        # The ID of an import must be known when the resource is registered, so the look-up cannot be an output.
        found = aws.kms.get_alias(name=plan.key.alias, opts=pulumi.InvokeOptions(parent=self))
        self._name = name
        key = self._key(plan.key, found.target_key_id)
        bucket = aws.s3.Bucket(name, bucket=plan.bucket, tags=plan.tags, opts=self._adopt(plan.bucket))
        self._settings(plan, bucket.bucket)
        self._encryption(plan, bucket.bucket, key)
        self._lifecycle(plan, bucket.bucket)
        aws.s3.BucketPolicy(
            name, bucket=bucket.bucket, policy=key.arn.apply(plan.policy), opts=self._adopt(plan.bucket)
        )

        self.bucket: pulumi.Output[str] = bucket.bucket
        self.bucket_arn: pulumi.Output[str] = bucket.arn
        self.key_arn: pulumi.Output[str] = key.arn
        self.register_outputs({"bucket": self.bucket, "bucketArn": self.bucket_arn, "keyArn": self.key_arn})

    def _adopt(self, identifier: str) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, import_=identifier, protect=True, retain_on_delete=True)

    def _key(self, plan: StateKeyPlan, key_id: str) -> aws.kms.Key:
        key = aws.kms.Key(
            self._name,
            description=plan.description,
            enable_key_rotation=plan.rotation,
            policy=plan.policy,
            tags=plan.tags,
            opts=self._adopt(key_id),
        )
        aws.kms.Alias(self._name, name=plan.alias, target_key_id=key.key_id, opts=self._adopt(plan.alias))
        return key

    def _settings(self, plan: StateBucketPlan, bucket: pulumi.Output[str]) -> None:
        adopt = self._adopt(plan.bucket)
        aws.s3.BucketVersioning(
            self._name,
            bucket=bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status=plan.versioning),
            opts=adopt,
        )
        aws.s3.BucketPublicAccessBlock(
            self._name,
            bucket=bucket,
            block_public_acls=plan.block_public_access,
            block_public_policy=plan.block_public_access,
            ignore_public_acls=plan.block_public_access,
            restrict_public_buckets=plan.block_public_access,
            opts=adopt,
        )
        aws.s3.BucketOwnershipControls(
            self._name,
            bucket=bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership=plan.object_ownership),
            opts=adopt,
        )

    def _encryption(self, plan: StateBucketPlan, bucket: pulumi.Output[str], key: aws.kms.Key) -> None:
        default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm=plan.sse_algorithm, kms_master_key_id=key.arn
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            self._name,
            bucket=bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=default, bucket_key_enabled=plan.bucket_key
                )
            ],
            opts=self._adopt(plan.bucket),
        )

    def _lifecycle(self, plan: StateBucketPlan, bucket: pulumi.Output[str]) -> None:
        aws.s3.BucketLifecycleConfiguration(
            self._name,
            bucket=bucket,
            rules=[_rule(rule) for rule in plan.lifecycle_rules],
            opts=self._adopt(plan.bucket),
        )


def _rule(rule: LifecycleRule) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id=rule.id,
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=rule.prefix),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=rule.noncurrent_days
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=rule.abort_upload_days
        ),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(
            expired_object_delete_marker=rule.remove_expired_delete_markers
        ),
    )
