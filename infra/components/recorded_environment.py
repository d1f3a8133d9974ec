"""What the state bucket tells of an environment: what the last update declared, and which versions members run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pulumi
import pulumi_aws as aws
import yaml


def recorded_environment(bucket: str, key: str, provider: aws.Provider) -> dict[str, Any] | None:
    """Return the environment in its cluster's record, by the keys of a stack file; None where there is no record yet.

    Instance groups have records of their own. It is read before anything is declared, so that what an environment
    cannot become stops the program with nothing changed.
    """
    options = pulumi.InvokeOptions(provider=provider)
    if key not in aws.s3.get_objects(bucket=bucket, prefix=key, opts=options).keys:
        return None
    record = yaml.safe_load(aws.s3.get_object(bucket=bucket, key=key, opts=options).body)
    return dict(record["spec"])


def running_versions(
    bucket: str, keys: Iterable[tuple[str, str]], prefix: str, provider: aws.Provider
) -> dict[str, str]:
    """Return member -> the version that its machine noted when it booted, of those that have noted one.

    ``keys`` are members with the keys of their notes, all below ``prefix``.
    """
    options = pulumi.InvokeOptions(provider=provider)
    there = set(aws.s3.get_objects(bucket=bucket, prefix=prefix, opts=options).keys)
    notes = {
        member: json.loads(aws.s3.get_object(bucket=bucket, key=key, opts=options).body)
        for member, key in keys
        if key in there
    }
    return {member: str(note["kubernetesVersion"]) for member, note in notes.items()}
