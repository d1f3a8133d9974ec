"""What the SDKs cost: the vendor's is imported while the program would only wait, Pulumi's sends no debug messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pulumi
import pulumi_aws as aws

DEBUG_VARIABLE = "SLIPWAY_DEBUG"
"""Any value lets the SDK's debug messages through, which ``pulumi --debug`` prints."""


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


def drop_debug_messages(environ: Mapping[str, str]) -> None:
    """Let the SDK send no debug messages to the engine, unless the environment asks for them by :data:`DEBUG_VARIABLE`.

    It sends some ten for each resource, each in a call that the program waits for, and the engine throws them away
    unless it was started with ``--debug``: in a preview of 400 resources more than a third of the program's time.
    """
    if not environ.get(DEBUG_VARIABLE):
        pulumi.log.debug = _dropped


def _dropped(
    msg: str,
    resource: pulumi.Resource | None = None,
    stream_id: int | None = None,
    ephemeral: bool | None = None,
) -> None:
    """Stand for ``pulumi.log.debug``."""
