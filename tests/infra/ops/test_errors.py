from __future__ import annotations

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    NoRegionError,
    ReadTimeoutError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from infra.ops.errors import CredentialsError, OpsError, RefusedError, UnreachableError, aws_errors, error_code
from tests.infra.ops.cloud import client_error


def translated(error: BaseException) -> OpsError:
    with pytest.raises(OpsError) as caught, aws_errors("read bucket x"):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        (
            "ExpiredToken",
            CredentialsError,
            "credentials expired on the way to read bucket x: ExpiredToken (said AWS) from GetIt. "
            "Fix: log in and run the command again.",
        ),
        (
            "InvalidClientTokenId",
            CredentialsError,
            "AWS does not accept the credentials to read bucket x: InvalidClientTokenId (said AWS) from GetIt. "
            "Fix: log in to an account again.",
        ),
        (
            "AccessDenied",
            RefusedError,
            "not allowed to read bucket x: AccessDenied (said AWS) from GetIt. "
            "Fix: allow the action behind GetIt to these credentials, or use others.",
        ),
        (
            "TooManyBuckets",
            RefusedError,
            "cannot read bucket x: TooManyBuckets (said AWS) from GetIt. "
            "Fix: remove a bucket that is not needed, or ask AWS to raise the quota of buckets.",
        ),
        (
            "Unheard",
            RefusedError,
            "cannot read bucket x: Unheard (said AWS) from GetIt. "
            "Fix: correct what AWS names, then run the command again: it goes on where it stopped.",
        ),
    ],
)
def test_an_answer_of_aws_is_told_with_its_fix(code: str, kind: type[OpsError], text: str) -> None:
    error = translated(client_error(code, "GetIt"))
    assert type(error) is kind
    assert str(error) == text
    if isinstance(error, RefusedError):
        assert error.code == code


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(endpoint_url="https://x"),
        ReadTimeoutError(endpoint_url="https://x"),
        ResponseParserError("Unable to parse response"),
    ],
)
def test_no_answer_in_time_is_unreachable(error: Exception) -> None:
    told = translated(error)
    assert type(told) is UnreachableError
    assert told.what == "cannot reach AWS to read bucket x"


@pytest.mark.parametrize(
    "error",
    [
        CredentialRetrievalError(provider="sso", error_msg="no"),
        TokenRetrievalError(provider="sso", error_msg="no"),
    ],
)
def test_credentials_that_cannot_be_had_are_named(error: BotoCoreError) -> None:
    told = translated(error)
    assert type(told) is CredentialsError
    assert told.what == "no credentials to read bucket x"


def test_a_request_that_cannot_be_made_is_told() -> None:
    told = translated(NoRegionError())
    assert isinstance(told, RefusedError)
    assert (told.code, told.value) == ("NoRegionError", "You must specify a region")


def test_what_is_no_error_of_aws_passes_through() -> None:
    with pytest.raises(KeyError), aws_errors("read bucket x"):
        raise KeyError("ours")


def test_an_error_without_a_code_has_none() -> None:
    assert error_code(ClientError({}, "GetIt")) == ""
    assert error_code(client_error("404")) == "404"
