"""The vendor's SDK, imported while the program would only wait."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pulumi_aws as aws


@contextmanager
def imported_meanwhile() -> Iterator[None]:
    """Import the parts of the AWS SDK that every environment uses while the block runs; they are there at its end.

    The block may use nothing of the SDK but ``aws.s3``: the package loads its parts when they are first touched, and a
    second thread would find them half loaded.
    """
    # s3 is the block's own: it is whole before the other thread starts.
    _ = aws.s3.get_objects
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sdk") as pool:
        importing = pool.submit(_import_parts)
        yield
        importing.result()


def _import_parts() -> tuple[object, ...]:
    """Touch one thing of each part: importing one takes up to half a second."""
    return (
        aws.ec2.Vpc,
        aws.cloudwatch.EventRule,
        aws.autoscaling.Group,
        aws.lb.LoadBalancer,
        aws.iam.Role,
        aws.kms.Key,
        aws.ebs.Volume,
        aws.vpc.SecurityGroupIngressRule,
        aws.sqs.Queue,
    )
