"""An AWS endpoint in the test's own process, one for a file of tests: a client takes half a second to make.

It ends with the file: mocks of moto that are nested share one account, and a test elsewhere expects an empty one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from rehearsal.moto.scaling import complete_groups
from rehearsal.providers.aws.session import Aws, Settings
from tests.rehearsal.providers.aws.world import World


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
            patch.delenv(name, raising=False)
        complete_groups()
        with mock_aws():
            yield Aws(Settings("eu-west-1", {}))


@pytest.fixture(scope="module")
def world(aws: Aws) -> World:
    return World(aws)
