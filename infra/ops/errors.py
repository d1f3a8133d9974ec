"""What can go wrong against a live environment, said in one sentence with its fix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSLError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
    WaiterError,
)
from botocore.parsers import ResponseParserError


class OpsError(Exception):
    """An operation on a live environment stopped. Its text names what, which value, and the fix."""

    def __init__(self, what: str, value: str, fix: str) -> None:
        self.what = what
        """What is wrong, as a phrase that the value follows."""
        self.value = value
        """The value at fault: a name, an ARN, an AWS error."""
        self.fix = fix
        """What to do."""
        super().__init__(f"{what}: {value}. Fix: {fix}.")


class CredentialsError(OpsError):
    """There are no usable credentials, or they are of another account."""


class OwnershipError(OpsError):
    """Something of the name exists and is not this environment's."""


class LocationError(OpsError):
    """Something exists in another region than the spec names."""


class StateKeyError(OpsError):
    """The key of the state exists in a state in which it encrypts nothing."""


class UnreachableError(OpsError):
    """AWS did not answer."""


class RefusedError(OpsError):
    """AWS answered with an error."""

    def __init__(self, what: str, value: str, fix: str, code: str) -> None:
        super().__init__(what, value, fix)
        self.code = code
        """AWS's error code."""


_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_INVALID = ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch")
_DENIED = ("AccessDenied", "AccessDeniedException", "403", "UnauthorizedOperation")

_FIXES = {
    "BucketAlreadyExists": "choose another state.bucket: bucket names are unique in all of AWS",
    "OperationAborted": "run the command again in a few minutes: S3 is still busy with this bucket's name",
    "NotFoundException": "run the command again: what KMS has just made takes a few seconds to be seen everywhere",
    "NoSuchBucket": "run the command again: what S3 has just made takes a few seconds to be seen everywhere",
    "LimitExceededException": "remove what is not needed, or ask AWS to raise the quota named",
    "TooManyBuckets": "remove a bucket that is not needed, or ask AWS to raise the quota of buckets",
    "IllegalLocationConstraintException": "set AWS_REGION and the endpoint to the region that the spec names",
}


@contextmanager
def aws_errors(action: str) -> Iterator[None]:
    """Translate what botocore raises inside the block; ``action`` says what was being done, as "read bucket x".

    Raises:
        CredentialsError: there are none, they expired, or AWS does not know them.
        UnreachableError: no connection, or no answer in time.
        RefusedError: AWS answered with any other error, or the request could not be made.
    """
    try:
        yield
    except ClientError as error:
        raise _of_answer(action, error) from error
    except (
        NoCredentialsError,
        PartialCredentialsError,
        CredentialRetrievalError,
        TokenRetrievalError,
        UnauthorizedSSOTokenError,
        ProfileNotFound,
    ) as error:
        raise CredentialsError(
            f"no credentials to {action}", _sentence(error), "log in, as with aws sso login, and check AWS_PROFILE"
        ) from error
    # An answer that is none, as of a proxy in between, is an error of no family of botocore's.
    except (EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError, SSLError, ResponseParserError) as error:
        raise UnreachableError(
            f"cannot reach AWS to {action}",
            _sentence(error),
            "check the network, the region and AWS_ENDPOINT_URL, then run the command again",
        ) from error
    except WaiterError as error:
        raise RefusedError(
            f"cannot {action}", _sentence(error), "run the command again: it goes on where it stopped", "WaiterError"
        ) from error
    except BotoCoreError as error:
        raise RefusedError(
            f"cannot {action}", _sentence(error), "correct what the message names", type(error).__name__
        ) from error


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, as ``NoSuchBucket``; for an answer without a body its HTTP status, as ``404``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_answer(action: str, error: ClientError) -> OpsError:
    code = error_code(error)
    value = f"{code} ({error.response.get('Error', {}).get('Message', '')}) from {error.operation_name}"
    if code in _EXPIRED:
        return CredentialsError(
            f"credentials expired on the way to {action}", value, "log in and run the command again"
        )
    if code in _INVALID:
        return CredentialsError(f"AWS does not accept the credentials to {action}", value, "log in to an account again")
    if code in _DENIED:
        fix = f"allow the action behind {error.operation_name} to these credentials, or use others"
        return RefusedError(f"not allowed to {action}", value, fix, code)
    fix = _FIXES.get(code, "correct what AWS names, then run the command again: it goes on where it stopped")
    return RefusedError(f"cannot {action}", value, fix, code)


def _sentence(error: Exception) -> str:
    return str(error).rstrip(".")
