"""What the state bucket tells of an environment: what the last update declared, and which versions members run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pulumi
import pulumi_aws as aws

from infra.plan.recorded import Noted, noted, spec_recorded

_Read = TypeVar("_Read")


def recorded_environment(bucket: str, key: str, provider: aws.Provider) -> dict[str, Any] | None:
    """Return the environment in its cluster's record, by the keys of a stack file; None where there is no record yet.

    Instance groups have records of their own. It is read before anything is declared, so that what an environment
    cannot become stops the program with nothing changed.

    Raises:
        pulumi.RunError: the record cannot be read; it says what to do.
    """
    options = pulumi.InvokeOptions(provider=provider)
    if key not in aws.s3.get_objects(bucket=bucket, prefix=key, opts=options).keys:
        return None
    return _read(spec_recorded, bucket, key, "text/yaml", options)


def running_members(
    bucket: str, keys: Iterable[tuple[str, str]], prefix: str, provider: aws.Provider
) -> dict[str, Noted]:
    """Return member -> what its machine noted when it booted, of those that have noted something.

    ``keys`` are members with the keys of their notes, all below ``prefix``.

    Raises:
        pulumi.RunError: a note cannot be read; it says what to do.
    """
    options = pulumi.InvokeOptions(provider=provider)
    there = set(aws.s3.get_objects(bucket=bucket, prefix=prefix, opts=options).keys)
    return {member: _read(noted, bucket, key, "application/json", options) for member, key in keys if key in there}


def _read(read: Callable[[str], _Read], bucket: str, key: str, kind: str, options: pulumi.InvokeOptions) -> _Read:
    found, place = aws.s3.get_object(bucket=bucket, key=key, opts=options), f"s3://{bucket}/{key}"
    if not found.body:  # "available only for objects which have a human-readable Content-Type" (aws.s3.getObject)
        raise pulumi.RunError(
            f"{place} cannot be read: the AWS provider gives no content of an object of the type {found.content_type}, "
            f"as one that was put there by hand. Fix: aws s3 cp {place} {place} --metadata-directive REPLACE "
            f"--content-type {kind}."
        )
    try:
        return read(found.body)
    except ValueError as error:
        raise pulumi.RunError(
            f"{place} cannot be read: {error}. Fix: bring the version before it back, which aws s3api "
            f"list-object-versions --bucket {bucket} --prefix {key} names."
        ) from None
