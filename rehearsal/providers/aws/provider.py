"""The provider behind the gRPC front: its configuration, its resource types and its functions."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.providers.aws.functions import FUNCTIONS
from rehearsal.providers.aws.kind import Kind, Props
from rehearsal.providers.aws.lifecycle import Lifecycle
from rehearsal.providers.aws.session import Aws, Settings
from rehearsal.providers.aws.types import KINDS
from rehearsal.providers.base.values import UNKNOWN, has_unknown, reveal

_IGNORED_SETTINGS = frozenset(
    {
        "maxRetries",
        "retryMode",
        "s3UsePathStyle",
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
        "version",
        "pluginDownloadURL",
    }
)
"""Settings of the vendor's plugin that mean nothing to a stand-in: how it retries, what it asks before it starts."""

_READ_SETTINGS = frozenset(
    {"region", "accessKey", "secretKey", "endpoints", "allowedAccountIds", "forbiddenAccountIds", "defaultTags"}
)


class ConfigurationError(Exception):
    """The provider's configuration cannot be used."""


class UnsupportedError(Exception):
    """A resource type or function that this stand-in does not know."""


@dataclass(frozen=True)
class Configuration:
    """The parsed configuration."""

    settings: Settings
    allowed: frozenset[str]
    forbidden: frozenset[str]


def parse(given: Mapping[str, Any], environ: Mapping[str, str]) -> Configuration:
    """Read the provider's configuration; values that are objects arrive as JSON text.

    Raises:
        ConfigurationError: naming every setting that is unknown, missing or not supported here.
    """
    values = {key: _decoded(value) for key, value in reveal(dict(given)).items()}
    problems = []
    for key in sorted(values.keys() - _READ_SETTINGS - _IGNORED_SETTINGS):
        near = difflib.get_close_matches(key, _READ_SETTINGS | _IGNORED_SETTINGS, n=1)
        problems.append(f"{key}: not known to the stand-in for the aws plugin" + (f"; near: {near[0]}" if near else ""))
    region = values.get("region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if not region:
        problems.append("region: is missing; set aws:region or AWS_REGION")
    if problems:
        raise ConfigurationError("\n".join(problems))
    endpoints = {service: url for entry in values.get("endpoints") or [] for service, url in entry.items()}
    tags = (values.get("defaultTags") or {}).get("tags")
    return Configuration(
        Settings(str(region), endpoints, values.get("accessKey"), values.get("secretKey"), tags),
        frozenset(values.get("allowedAccountIds") or ()),
        frozenset(values.get("forbiddenAccountIds") or ()),
    )


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    return value


class Provider:
    """A configured provider."""

    def __init__(self) -> None:
        self._aws: Aws | None = None

    @property
    def aws(self) -> Aws:
        """The endpoint; available once configured."""
        if self._aws is None:
            raise ConfigurationError("the stand-in for the aws plugin was used before it was configured")
        return self._aws

    def configure(self, given: Mapping[str, Any]) -> None:
        """Take the configuration and make sure that the credentials are of an account that it allows.

        Raises:
            ConfigurationError: the configuration is bad, or the account is not allowed.
            UnreachableError: nothing answers at the endpoint.
        """
        configuration = parse(given, os.environ)
        if configuration.settings.default_tags:
            raise ConfigurationError("defaultTags: not supported by the stand-in; write tags on each resource")
        aws = Aws(configuration.settings)
        if configuration.allowed and aws.account not in configuration.allowed:
            raise ConfigurationError(
                f"AWS account {aws.account} of the credentials in use is not one of the allowed accounts "
                f"{', '.join(sorted(configuration.allowed))}; use credentials of an allowed account"
            )
        if aws.account in configuration.forbidden:
            raise ConfigurationError(f"AWS account {aws.account} of the credentials in use is a forbidden account")
        self._aws = aws

    def lifecycle(self, token: str) -> Lifecycle:
        """Return the life of a resource type.

        Raises:
            UnsupportedError: the stand-in does not know the type.
        """
        return Lifecycle(_kind(token), self.aws)

    def invoke(self, token: str, arguments: Props) -> Props:
        """Return a function's result; unknown as a whole where an argument is.

        Raises:
            UnsupportedError: the stand-in does not know the function.
        """
        if token not in FUNCTIONS:
            raise UnsupportedError(_not_known("function", token, FUNCTIONS))
        if has_unknown(arguments):
            return {"id": UNKNOWN}
        return FUNCTIONS[token](self.aws, reveal(arguments))


def _kind(token: str) -> Kind:
    try:
        return KINDS[token]
    except KeyError:
        raise UnsupportedError(_not_known("resource type", token, KINDS)) from None


def _not_known(what: str, token: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(token, known, n=1)
    hint = f" (near it: {near[0]})" if near else ""
    return (
        f"the stand-in for the aws plugin does not know the {what} {token}{hint}. Add it to "
        "rehearsal/providers/aws, or install the vendor's plugin"
    )
