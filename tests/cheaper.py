"""Makes clients of AWS and moto cheaper for tests: what they work out anew for each client or call is worked out once.

Nothing a test can see changes: each of these is a function of its arguments, or a key that no test looks into.
"""

from __future__ import annotations

import functools
from typing import Any

import botocore.client
import botocore.endpoint_provider
import botocore.hooks
import botocore.loaders
import botocore.session
import botocore.useragent
import moto.kms.models
import moto.s3.models
import moto.s3.urls
import typer.main


def share_models() -> None:
    """Read the models of services once: each session reads them anew, EC2's from a file of two megabytes."""
    loader = botocore.loaders.create_loader()
    botocore.session.create_loader = lambda *_: loader


def share_names_of_events() -> None:
    """Translate each old name of an event once: each session does it for some hundred handlers."""
    names: dict[str, str] = {}
    made = botocore.hooks.EventAliaser.__init__

    @functools.wraps(made)
    def share(self: Any, *arguments: Any, **keywords: Any) -> None:
        made(self, *arguments, **keywords)
        # Each client's hooks are a copy, of this mapping too.
        if self._event_aliases == botocore.hooks.EVENT_ALIASES:
            self._alias_name_cache = names

    botocore.hooks.EventAliaser.__init__ = share


def share_what_clients_are_made_of() -> None:
    """Make the methods of a service's clients and read its rules of endpoints once: half of making a client."""
    creator: Any = botocore.client.ClientCreator
    methods = creator._create_methods
    made: dict[tuple[str, str], dict[str, Any]] = {}

    @functools.wraps(methods)
    def share_methods(self: Any, service: Any) -> dict[str, Any]:
        key = (service.service_name, service.api_version)
        if key not in made:
            made[key] = methods(self, service)
        return dict(made[key])

    creator._create_methods = share_methods
    rules: Any = botocore.endpoint_provider.RuleSet
    read: dict[int, Any] = {}

    @functools.wraps(rules)
    def share_rules(**data: Any) -> Any:
        # The loader above keeps what it reads, so that an identity stays that of one service.
        key = id(data["rules"])
        if key not in read:
            read[key] = rules(**data)
        return read[key]

    botocore.endpoint_provider.RuleSet = share_rules


def share_commands() -> None:
    """Read the command line's commands and options out of their functions once, where a test calls many."""
    typer.main.get_command = functools.cache(typer.main.get_command)


def share_what_calls_work_out() -> None:
    """Clean each part of the user agent once, and keep moto's addresses of S3 and its keys."""
    clean = botocore.useragent.sanitize_user_agent_string_component
    botocore.useragent.sanitize_user_agent_string_component = functools.cache(clean)
    # It loads the module again at each call, for variables that no test sets.
    moto.s3.models.S3Backend._url_module = moto.s3.urls  # type: ignore[assignment]
    keys: Any = moto.kms.models
    keys.generate_private_key = functools.cache(keys.generate_private_key)


def make_cheaper() -> None:
    """Do all of it."""
    share_models()
    share_names_of_events()
    share_what_clients_are_made_of()
    share_commands()
    share_what_calls_work_out()
