"""The copy of a stack file that a rehearsal works on, so that the committed file is never written.

Encryption differs: an environment's secrets provider is a key in its cloud account, a rehearsal's is a passphrase that
everyone may know. Values encrypted for the one cannot be read by the other and are replaced by a placeholder, which is
encrypted too: the program refuses a secret that stands in the open. It also stands for secrets that nobody has set yet,
since an environment that does not exist has no key to encrypt them by.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.spec.stack_file import StackFileLoader
from rehearsal.environment.errors import RehearsalError
from rehearsal.processes import write_private

PASSPHRASE = "rehearsal"  # noqa: S105  protects nothing: a rehearsal holds no secret of a real environment
PLACEHOLDER = "rehearsal-placeholder"
"""Stands where the stack file has an encrypted value, and for a secret that it lacks."""

_ROUNDS = 1_000_000
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 8, 12, 32

_Replaced = tuple[str, dict[str, str]]
"""Path of an encrypted value, and what stands there in the copy."""

_ENCRYPTION_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")


class _Dumper(yaml.SafeDumper):
    """Quotes every text that begins like a number: the engine takes more of them for numbers than PyYAML does."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if text[:1] in tuple("-+.0123456789") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def note_project(project: Path, note: Path) -> Path | None:
    """Write down whose stack file declares the environment; return whose did until now, where that is another project.

    One that is gone, as a checkout that was moved, is not told of.
    """
    former = Path(note.read_text(encoding="utf-8")) if note.exists() else project
    write_private(note, str(project))
    return former if former != project and former.exists() else None


@dataclass(frozen=True)
class Placeholders:
    """What a placeholder stands for in a copy."""

    encrypted: list[str]
    """Paths of values that are encrypted in the stack file."""
    unset: list[str]
    """Keys of the configuration that nobody has set."""


def copy_stack_config(source: Path, target: Path, needed: Collection[str] = ()) -> Placeholders:
    """Write the rehearsal's copy of a stack file; return what became a placeholder.

    ``needed`` are the keys of the secrets that the environment names, as ``slipway:password``. The salt that the engine
    wrote to an earlier copy is kept: what is encrypted in the stack's state needs it. So are secrets that were set
    there and that the stack file does not have. Raises RehearsalError when the file cannot be read.
    """
    document = _read(source)
    kept = _read(target) if target.exists() else {}
    replaced: list[_Replaced] = []
    copied = {
        key: _without_secrets(value, str(key), replaced)
        for key, value in document.items()
        if key not in _ENCRYPTION_KEYS
    }
    own: dict[str, dict[str, str]] = {key: {"secure": sealed} for key, sealed in _set_by_hand(kept).items()}
    unset = sorted(set(needed) - own.keys() - (copied.get("config") or {}).keys())
    own |= {key: {} for key in unset}
    salt = kept.get("encryptionsalt")
    to_seal = [*(value for _, value in replaced), *(own[key] for key in unset)]
    if to_seal:
        seal, salt = _sealer(salt)
        for value in to_seal:
            value["secure"] = seal(PLACEHOLDER)
    if salt:
        copied["encryptionsalt"] = salt
    if own:
        copied["config"] = {**own, **(copied.get("config") or {})}
    text = yaml.dump(copied, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    write_private(target, text)
    return Placeholders([path for path, _ in replaced], unset)


def _set_by_hand(copy: Mapping[str, Any]) -> dict[str, str]:
    """Return key -> encrypted value of the copy's secrets, without those that a placeholder stands for."""
    config, salt = copy.get("config"), copy.get("encryptionsalt")
    if not isinstance(config, Mapping) or not isinstance(salt, str):
        return {}
    secrets = {
        str(key): str(value["secure"])
        for key, value in config.items()
        if isinstance(value, Mapping) and set(value) == {"secure"}
    }
    if not secrets:
        return {}
    cipher = _cipher(b64decode(salt.split(":")[1]))
    return {key: sealed for key, sealed in secrets.items() if _opened(cipher, sealed) not in (None, PLACEHOLDER)}


def _opened(cipher: AESGCM, sealed: str) -> str | None:
    """Return what is encrypted; None where it was by another key."""
    try:
        _, nonce, text = sealed.split(":")
        return cipher.decrypt(b64decode(nonce), b64decode(text), None).decode()
    except (ValueError, InvalidTag):
        return None


def _cipher(salt: bytes) -> AESGCM:
    return AESGCM(hashlib.pbkdf2_hmac("sha256", PASSPHRASE.encode(), salt, _ROUNDS, _KEY_BYTES))


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


def _without_secrets(value: Any, path: str, replaced: list[_Replaced]) -> Any:
    """Return a copy; its encrypted values are in ``replaced``, too, without a text."""
    if isinstance(value, Mapping):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            hidden: dict[str, str] = {}
            replaced.append((path, hidden))
            return hidden
        return {key: _without_secrets(item, f"{path}.{key}", replaced) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item, f"{path}[{index}]", replaced) for index, item in enumerate(value)]
    return value


def _sealer(known: str | None) -> tuple[Callable[[str], str], str]:
    """Return what encrypts as the engine does with a passphrase, and the ``encryptionsalt`` that belongs to it.

    ``known`` is the one there is; the engine keeps one that it finds. Source: sdk/go/common/resource/config/crypt.go,
    and pkg/secrets/passphrase/manager.go of Pulumi: AES-256-GCM, its key by PBKDF2 of a salt that stands beside a text
    encrypted with it.
    """
    salt = b64decode(known.split(":")[1]) if known else os.urandom(_SALT_BYTES)
    cipher = _cipher(salt)

    def seal(text: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        return f"v1:{b64encode(nonce).decode()}:{b64encode(cipher.encrypt(nonce, text.encode(), None)).decode()}"

    return seal, known or f"v1:{b64encode(salt).decode()}:{seal('pulumi')}"
