from __future__ import annotations

import pytest

from infra.ops.aws import require_account, session_for
from infra.ops.errors import CredentialsError
from tests.infra.ops.cloud import spec

pytestmark = pytest.mark.usefixtures("cloud")


def test_the_specs_region_stands_whatever_the_caller_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    client = session_for(spec()).client("kms")
    assert client.meta.region_name == "eu-central-1"


def test_requests_are_tried_again_in_the_standard_way() -> None:
    config = session_for(spec()).client("s3").meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 5}
    assert config.user_agent_extra == "slipway"


def test_a_profile_that_does_not_exist_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(CredentialsError) as caught:
        session_for(spec())
    assert str(caught.value) == (
        "no credentials to open a session: The config profile (nowhere) could not be found. "
        "Fix: log in, as with aws sso login, and check AWS_PROFILE."
    )


def test_credentials_of_the_environments_account_are_accepted() -> None:
    require_account(spec(), session_for(spec()))
