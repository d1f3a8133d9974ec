"""The Kubernetes versions that the state bucket tells of: what the last update declared, and what members run."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pulumi
import pulumi_aws as aws
import yaml


def recorded_version(bucket: str, key: str, provider: aws.Provider) -> str | None:
    """Return the version in the cluster's record; None where there is no record yet.

    It is read before anything is declared, so that a jump that is not supported stops the program with nothing changed.
    """
    options = pulumi.InvokeOptions(provider=provider)
    if key not in aws.s3.get_objects(bucket=bucket, prefix=key, opts=options).keys:
        return None
    record = yaml.safe_load(aws.s3.get_object(bucket=bucket, key=key, opts=options).body)
    return str(record["spec"]["cluster"]["kubernetesVersion"])


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
