"""Making the state bucket and its key before any Pulumi program can run: Pulumi's own state lies in them."""

from __future__ import annotations

from dataclasses import dataclass

import boto3

from infra.ops.aws import require_account
from infra.ops.bootstrap_bucket import find_bucket, make_bucket
from infra.ops.bootstrap_key import ensure_key, find_key
from infra.ops.bootstrap_settings import ensure_settings
from infra.ops.steps import Progress, Report, Step
from infra.plan.state_bucket import plan_state_bucket
from infra.spec import EnvironmentSpec


@dataclass(frozen=True)
class BootstrapResult:
    """What the environment's state lies in after a bootstrap."""

    bucket: str
    key_alias: str
    key_arn: str | None
    """None in a dry run that found no key."""
    steps: tuple[Step, ...]
    dry_run: bool

    @property
    def changed(self) -> bool:
        """Whether anything was done, or in a dry run would be."""
        return any(step.action != "keep" for step in self.steps)


def bootstrap(
    spec: EnvironmentSpec, session: boto3.Session, report: Report, *, adopt: bool = False, dry_run: bool = False
) -> BootstrapResult:
    """Make the state bucket and its key as the plan has them, or bring them back to it.

    Everything that could refuse is looked at before anything is made. Each step reads first and acts only on a
    difference, so an interrupted run is completed by the next one and a run too many does nothing.

    Args:
        spec: the environment.
        session: of the environment's region; see :func:`infra.ops.aws.session_for`.
        report: called with each step.
        adopt: take over a bucket with objects in it, or a key, that Slipway did not make.
        dry_run: look and report, change nothing.

    Raises:
        CredentialsError: there are none, or they are of another account than the spec's.
        OwnershipError: the bucket or the key is another account's or environment's, or is in use and was not made by
            Slipway while ``adopt`` is not set.
        LocationError: the bucket is in another region.
        StateKeyError: the key exists and is disabled or about to be deleted.
        OpsError: AWS refused a call, or cannot be reached.
    """
    require_account(spec, session)
    plan = plan_state_bucket(spec)
    s3, kms = session.client("s3"), session.client("kms")
    progress = Progress(report, dry_run=dry_run)

    found_bucket = find_bucket(s3, plan, adopt=adopt)
    found_key = find_key(kms, plan, adopt=adopt)

    key_arn = ensure_key(kms, plan.key, found_key, progress)
    make_bucket(s3, plan, found_bucket, progress)
    ensure_settings(s3, plan, found_bucket, key_arn, progress)
    return BootstrapResult(
        bucket=plan.bucket,
        key_alias=plan.key.alias,
        key_arn=key_arn,
        steps=tuple(progress.steps),
        dry_run=dry_run,
    )
