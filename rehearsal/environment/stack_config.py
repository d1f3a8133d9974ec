"""The copy of a stack file that a rehearsal works on, so that the committed file is never written.

Encryption differs: an environment's secrets provider is a key in its cloud account, a rehearsal's is a passphrase that
everyone may know. Values encrypted for the one cannot be read by the other and are replaced by a placeholder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.spec.stack_file import StackFileLoader
from rehearsal.environment.errors import RehearsalError
from rehearsal.processes import write_private

PASSPHRASE = "rehearsal"  # noqa: S105  protects nothing: a rehearsal holds no secret of a real environment
PLACEHOLDER = "rehearsal-placeholder"
"""Stands where the stack file has an encrypted value."""

_ENCRYPTION_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")


class _Dumper(yaml.SafeDumper):
    """Quotes every text that begins like a number: the engine takes more of them for numbers than PyYAML does."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if text[:1] in tuple("-+.0123456789") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def copy_stack_config(source: Path, target: Path) -> list[str]:
    """Write the rehearsal's copy of a stack file; return the paths of values that became placeholders.

    The salt that the engine wrote to an earlier copy is kept: what is encrypted in the stack's state needs it.
    Raises RehearsalError when the file cannot be read.
    """
    document = _read(source)
    kept = _read(target) if target.exists() else {}
    replaced: list[str] = []
    copied = {
        key: _without_secrets(value, str(key), replaced)
        for key, value in document.items()
        if key not in _ENCRYPTION_KEYS
    }
    if salt := kept.get("encryptionsalt"):
        copied["encryptionsalt"] = salt
    text = yaml.dump(copied, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    write_private(target, text)
    return replaced


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=StackFileLoader)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError:
        raise RehearsalError(f"{path} does not exist. Create it, or name another environment.", 2) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RehearsalError(f"{path} cannot be read as YAML: {error}", 2) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise RehearsalError(f"{path} holds {type(document).__name__}, not keys such as `config:`", 2)
    return document


def _without_secrets(value: Any, path: str, replaced: list[str]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            replaced.append(path)
            return PLACEHOLDER
        return {key: _without_secrets(item, f"{path}.{key}", replaced) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item, f"{path}[{index}]", replaced) for index, item in enumerate(value)]
    return value
