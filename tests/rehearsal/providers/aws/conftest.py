"""An AWS endpoint in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from rehearsal.moto.scaling import complete_groups
from rehearsal.providers.aws.session import Aws, Settings
from tests.rehearsal.providers.aws.world import World

complete_groups()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield Aws(Settings("eu-west-1", {}))


@pytest.fixture
def world(aws: Aws) -> World:
    return World(aws)
