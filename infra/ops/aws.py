"""Sessions with AWS: always of the environment's region and, once checked, of its account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import boto3
import botocore.session
from botocore.config import Config

from infra.ops.errors import CredentialsError, aws_errors
from infra.plan.tags import CLUSTER_TAG

_MAX_ATTEMPTS = 5
"""Calls of one request, the first included; botocore's own default for ``standard`` is 3."""

FILTER_VALUES = 200
"""Values that one filter of EC2 takes (Amazon EC2 User Guide, "List and filter using the CLI and API")."""

_TAGS_AT_ONCE = 20
"""Load balancers whose tags one call tells (ELB API References, DescribeTags)."""


class InAccount(Protocol):
    """What is in a region of an account: an environment, or the place of one."""

    @property
    def name(self) -> str:
        """Name of the environment."""

    @property
    def account_id(self) -> str:
        """The account that owns it."""

    @property
    def region(self) -> str:
        """The region that it is in."""


def session_for(spec: InAccount) -> boto3.Session:
    """Return a session in the environment's region, with the credentials that AWS's own tools would use.

    Whatever region the caller's profile or ``AWS_REGION`` names, the spec's stands.

    Raises:
        CredentialsError: ``AWS_PROFILE`` names a profile that does not exist.
    """
    with aws_errors("open a session"):
        session = botocore.session.get_session()
        session.set_default_client_config(
            Config(retries={"mode": "standard", "total_max_attempts": _MAX_ATTEMPTS}, user_agent_extra="slipway")
        )
        return boto3.Session(botocore_session=session, region_name=spec.region)


def require_account(spec: InAccount, session: boto3.Session) -> None:
    """Refuse credentials of any account but the environment's.

    Raises:
        CredentialsError: they are of another account, or there are none.
        OpsError: AWS cannot be asked.
    """
    with aws_errors("tell whose credentials these are"):
        identity = session.client("sts").get_caller_identity()
    if identity["Account"] != spec.account_id:
        raise CredentialsError(
            f"the credentials are of another account than accountId {spec.account_id}",
            identity["Arn"],
            f"use credentials of account {spec.account_id}, or correct accountId in the spec of {spec.name}",
        )


def ec2_items(
    ec2: Any, operation: str, listed: str, filters: Mapping[str, Sequence[str]], **more: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield what an EC2 ``operation`` lists under the key ``listed``, of all its pages.

    ``filters`` is filter -> values, any of which matches; ``more`` are further parameters. botocore's errors pass
    through.
    """
    asked = [{"Name": name, "Values": list(values)} for name, values in filters.items()]
    for page in ec2.get_paginator(operation).paginate(Filters=asked, **more):
        yield from page[listed]


def is_of_cluster(tags: Iterable[Mapping[str, str]], cluster: str) -> bool:
    """Say whether tags, as EC2 and ELB list them, are those of something that a cluster owns."""
    return any((tag["Key"], tag["Value"]) == (CLUSTER_TAG, cluster) for tag in tags)


def elb_tags(elb: Any, parameter: str, names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Yield what ELB says of the tags of load balancers or target groups, as many to a call as it tells.

    ``parameter`` is that of DescribeTags which takes the names: ``ResourceArns``, or ``LoadBalancerNames`` of classic
    ones. botocore's errors pass through.
    """
    source = iter(names)
    while part := list(islice(source, _TAGS_AT_ONCE)):
        yield from elb.describe_tags(**{parameter: part})["TagDescriptions"]
