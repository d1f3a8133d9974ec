"""Calls to the AWS endpoint: one client a service, every argument checked by botocore's models, plain messages."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rehearsal.providers.base.values import reveal

# Connections are refused at once when the server is gone; a restart takes about this long.
_ATTEMPTS = 3


class AwsError(Exception):
    """The endpoint refused a call. ``code`` is the service's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnreachableError(Exception):
    """The endpoint does not answer."""

    def __init__(self, message: str, endpoint: str) -> None:
        super().__init__(message)
        self.endpoint = endpoint


@dataclass(frozen=True)
class Settings:
    """The provider's configuration, as far as this stand-in knows it."""

    region: str
    endpoints: Mapping[str, str]
    """URL by service, where configured; else the variable AWS_ENDPOINT_URL holds for all."""
    access_key: str | None = None
    secret_key: str | None = None
    default_tags: Mapping[str, str] | None = None


class Aws:
    """The AWS endpoint as resource types see it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @cached_property
    def account(self) -> str:
        """Account of the credentials."""
        return str(self.call("sts", "get_caller_identity")["Account"])

    @property
    def region(self) -> str:
        """The provider's region."""
        return self.settings.region

    @property
    def partition(self) -> str:
        """Partition of the region (AWS General Reference, "Amazon Resource Names")."""
        prefixes = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
        return next((name for prefix, name in prefixes.items() if self.region.startswith(prefix)), "aws")

    def arn(self, service: str, resource: str, *, regional: bool = True, account: bool = True) -> str:
        """Return the ARN of something in this account and region."""
        where = self.region if regional else ""
        return f"arn:{self.partition}:{service}:{where}:{self.account if account else ''}:{resource}"

    def client(self, service: str) -> Any:
        """Return the one client of a service."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def _make(self, service: str) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            region_name=self.settings.region,
            endpoint_url=self.settings.endpoints.get(service),
            aws_access_key_id=self.settings.access_key,
            aws_secret_access_key=self.settings.secret_key,
            config=Config(
                retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
                max_pool_connections=48,
                connect_timeout=5,
                read_timeout=60,
            ),
        )

    def call(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """Call an operation, named as boto3 names it; arguments that are None are left out.

        Raises:
            AwsError: the service, or botocore's model of it, refuses the call.
            UnreachableError: nothing answers.
        """
        from botocore.exceptions import (
            ClientError,
            ConnectionClosedError,
            ConnectTimeoutError,
            EndpointConnectionError,
            NoCredentialsError,
            ParamValidationError,
            ReadTimeoutError,
        )
        from botocore.parsers import ResponseParserError

        client = self.client(service)
        given = {key: reveal(value) for key, value in arguments.items() if value is not None}
        check_enums(client, operation, given)
        try:
            answer: dict[str, Any] = getattr(client, operation)(**given)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "Unknown")
            raise AwsError(code, f"{service}: {error}") from error
        except (ParamValidationError, NoCredentialsError) as error:
            raise AwsError(type(error).__name__, f"{service} {operation}: {error}") from error
        except ResponseParserError as error:
            raise AwsError(
                "InternalFailure",
                f"{service} {operation}: {client.meta.endpoint_url} gave no AWS answer ({error}). "
                "In a rehearsal: its moto server lacks this operation, see the log of the server",
            ) from error
        except (EndpointConnectionError, ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError) as error:
            raise UnreachableError(
                f"the AWS endpoint {client.meta.endpoint_url} does not answer (calling {service} {operation}). "
                "In a rehearsal, start it again with ./rehearse start <env> and run the command again: "
                "nothing is lost",
                client.meta.endpoint_url,
            ) from error
        return answer

    def find(
        self, service: str, operation: str, /, missing: Collection[str], **arguments: Any
    ) -> dict[str, Any] | None:
        """Call an operation; return None where it fails with one of the codes that mean "there is no such thing"."""
        try:
            return self.call(service, operation, **arguments)
        except AwsError as error:
            if error.code in missing:
                return None
            raise

    def pages(self, service: str, operation: str, result: str, /, **arguments: Any) -> list[Any]:
        """Return all items of a paged operation."""
        client = self.client(service)
        if not client.can_paginate(operation):
            return list(self.call(service, operation, **arguments).get(result, []))
        items: list[Any] = []
        token: dict[str, Any] = {}
        while True:
            answer = self.call(service, operation, **arguments, **token)
            items += answer.get(result, [])
            if not answer.get("NextToken"):
                return items
            token = {"NextToken": answer["NextToken"]}


def check_enums(client: Any, operation: str, given: Mapping[str, Any]) -> None:
    """Refuse a value that is not in the enumeration of botocore's model: botocore itself lets it through.

    Raises:
        AwsError: naming the argument, the value and the choices.
    """
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
    if model.input_shape is not None:
        _walk_enums(model.input_shape, given, operation)


def _walk_enums(shape: Any, value: Any, at: str) -> None:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for key, item in value.items():
            if key in shape.members:
                _walk_enums(shape.members[key], item, f"{at}.{key}")
    elif shape.type_name == "list" and isinstance(value, list):
        for item in value:
            _walk_enums(shape.member, item, at)
    elif shape.type_name == "string":
        choices = getattr(shape, "enum", None)
        # Instance types and regions outrun any released model.
        if choices and isinstance(value, str) and value not in choices and shape.name != "InstanceType":
            raise AwsError("ParamValidationError", f"{at}: {value!r} is not one of {', '.join(sorted(choices))}")
