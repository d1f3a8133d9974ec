from __future__ import annotations

from collections.abc import Iterator

import botocore.loaders
import botocore.session
import pytest
from moto import mock_aws

_LOADER = botocore.loaders.create_loader()


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS account. No setting of the caller's own reaches it."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    # Each session reads botocore's models from disk, which takes longer than everything else in these tests.
    monkeypatch.setattr(botocore.session, "create_loader", lambda *_: _LOADER)
    with mock_aws():
        yield
