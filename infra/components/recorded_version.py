"""The Kubernetes version that the last update recorded in the state bucket."""

from __future__ import annotations

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
