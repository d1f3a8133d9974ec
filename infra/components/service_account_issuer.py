"""The published issuer of service-account tokens, and IAM's knowledge of it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.plan.control_plane.issuer import AUDIENCE, DISCOVERY_KEY, JWKS_KEY, IssuerPlan, jwks


class ServiceAccountIssuer(pulumi.ComponentResource):
    """Maps an :class:`IssuerPlan` to a bucket with two public documents and an OIDC provider.

    The documents are public through a bucket policy that names them; ACLs are off, and nothing else may become public.

    Args:
        name: logical name.
        plan: the issuer.
        public_keys: the service-account keys that are trusted, in PEM.
        opts: as for any component.
    """

    def __init__(
        self,
        name: str,
        plan: IssuerPlan,
        *,
        public_keys: pulumi.Input[list[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:ServiceAccountIssuer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name, bucket=plan.bucket, tags=plan.tags, opts=pulumi.ResourceOptions(parent=self, protect=True)
        )
        aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        access = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            ignore_public_acls=True,
            block_public_policy=False,
            restrict_public_buckets=False,
            opts=child,
        )
        policy = aws.s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=plan.policy,
            # S3 refuses a public policy as long as the account-wide default block stands.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[access]),
        )
        documents = [
            aws.s3.BucketObjectv2(
                key.rpartition("/")[2],
                bucket=bucket.bucket,
                key=key,
                content=content,
                content_type="application/json",
                opts=child,
            )
            for key, content in (
                (DISCOVERY_KEY, plan.discovery),
                (JWKS_KEY, pulumi.Output.from_input(public_keys).apply(jwks)),
            )
        ]
        provider = aws.iam.OpenIdConnectProvider(
            name,
            url=plan.url,
            client_id_lists=[AUDIENCE],
            tags=plan.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, *documents]),
        )
        self.arn: pulumi.Output[str] = provider.arn
        self.register_outputs({"arn": self.arn})
