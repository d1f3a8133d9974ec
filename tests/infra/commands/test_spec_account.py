"""`slipway spec check --account`, against moto."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from tests.infra.ops.cloud import ACCOUNT
from tests.infra.ops.conftest import cloud  # noqa: F401 (a fixture)
from tests.infra.samples import group_mapping, sample_mapping
from tests.infra.test_cli import Run, declare, project, run  # noqa: F401 (fixtures)

pytestmark = pytest.mark.usefixtures("cloud")

HAS_ALL = (
    f"Account {ACCOUNT} has what this takes in eu-central-1: zones, instance types, what the spec names, and room in "
    "its quotas."
)


def test_an_account_that_has_all(run: Run, project: Path) -> None:  # noqa: F811
    status, out, err = run("spec", "check", "test", "--account")
    assert (status, err) == (0, "")
    assert out.splitlines()[-2:] == [
        HAS_ALL,
        # The stand-in knows the quotas of VPC alone.
        "Service Quotas does not tell how many it may have: Elastic IP addresses, Network Load Balancers, "
        "vCPUs on demand.",
    ]


def test_what_the_account_lacks_is_reported_as_any_problem(run: Run, project: Path) -> None:  # noqa: F811
    groups = [*sample_mapping()["instanceGroups"], group_mapping("large", machineType="m9z.large")]
    declare(project, "lacking", accountId=ACCOUNT, instanceGroups=groups)
    for _ in range(5):
        boto3.client("ec2", region_name="eu-central-1").create_vpc(CidrBlock="10.0.0.0/16")
    status, out, err = run("spec", "check", "lacking", "--account")
    assert status == 2
    assert out.splitlines()[0].startswith("lacking: cluster")
    assert HAS_ALL not in out
    heading, first, second = err.splitlines()
    assert heading == f"environment lacking in account {ACCOUNT}: 2 problems in the environment's spec"
    assert first.startswith("  1. instanceGroups[3].machineType: 'm9z.large' is no instance type of eu-central-1. ")
    assert second.startswith(
        "  2. network: needs 1 VPCs, and of the 5 that the account may have in eu-central-1 others"
    )


def test_another_account_is_not_asked(run: Run, project: Path) -> None:  # noqa: F811
    declare(project, "other", accountId="111122223333")
    status, _, err = run("spec", "check", "other", "--account")
    assert status == 1
    assert err.startswith("error: the credentials are of another account than accountId 111122223333: ")
