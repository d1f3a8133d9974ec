"""No secret reaches a report.

Three nets, from sure to careful. What the engine marks as secret it has already encrypted away. What a Kubernetes
``Secret`` holds, and what is called a password or a key, is hidden although a program forgot to mark it. And text that
looks like a private key, a token or a credential is cut out wherever it stands, in a decoded file or a message too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SECRET = "[secret]"  # noqa: S105 (what is shown in place of one)
UNKNOWN = "(known after the update)"

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key that marks special objects (Pulumi SDK, ``resource.SigKey``)."""
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (the SDK's resource.SecretSig)
_UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a value not yet known (Pulumi engine, ``computedValuePlaceholder`` in ``resource/stack``)."""

USER_DATA_PROPERTIES = frozenset({"userData", "userDataBase64"})
"""Properties that are encoded: what they hold is scrubbed when it is decoded, and shown in no other form."""

_SECRET_NAMES = re.compile(
    r"(?i)^(.*(password|passphrase|passwd|privatekey|private_key|privatekeypem|secretkey|secret_key|secretaccesskey|"
    r"secretstring|clientsecret|client_secret|authtoken|auth_token|apitoken|api_token|bearertoken|accesstoken|"
    r"joinkey|certificatekey|encryptionkeydata|kubeconfig))$"
)

_SECRET_TEXTS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",  # JSON web token
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|pul-[0-9a-f]{40})\b",
        r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    )
)
_BOOTSTRAP_TOKEN = re.compile(r"(?<![\w.])([a-z0-9]{6})\.([a-z0-9]{16})(?![\w.])")
"""A kubeadm bootstrap token; its first half is public and kept."""
_ASSIGNMENT = re.compile(
    r"(?im)(?P<name>(?:password|passphrase|passwd|secret[_-]?access[_-]?key|secret[_-]?key|auth[_-]?token|"
    r"api[_-]?key|api[_-]?token|client[_-]?secret|bearer)[\w-]{0,40}[\"']?[ \t]*[:=][ \t]*)"
    r"(?P<value>[\"']?[^\s\"',]+[\"']?)"
)
_URL_PASSWORD = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,100}:)[^\s/@]{1,400}(?=@)")
_HARMLESS = re.compile(r"(?i)^[\"']?(true|false|null|none|no|yes|\[secret\]|\d{1,3})[\"']?$")


def scrubbed(text: str) -> str:
    """Return ``text`` without what looks like a credential."""
    for pattern in _SECRET_TEXTS:
        text = pattern.sub(SECRET, text)
    text = _URL_PASSWORD.sub(rf"\g<head>{SECRET}", text)
    text = _BOOTSTRAP_TOKEN.sub(rf"\1.{SECRET}", text)
    return _ASSIGNMENT.sub(_assigned, text)


def _assigned(match: re.Match[str]) -> str:
    return match[0] if _HARMLESS.match(match["value"]) else f"{match['name']}{SECRET}"


def blinded(value: Any, kind: str = "", name: str = "") -> Any:
    """Return a value of the engine's JSON without secrets; ``kind`` is the resource's type, ``name`` the property's."""
    if isinstance(value, Mapping):
        if _SIGNATURE in value:
            return _special(value)
        if kind == "kubernetes:core/v1:Secret" and name in ("data", "stringData"):
            return dict.fromkeys(value, SECRET)
        if _is_named_secret(value):
            return {**value, "value": SECRET}
        return {key: blinded(entry, kind, str(key)) for key, entry in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [blinded(entry, kind, name) for entry in value]
    if isinstance(value, str):
        if value == _UNKNOWN_VALUE:
            return UNKNOWN
        if name in USER_DATA_PROPERTIES:
            return value
        return SECRET if value and _SECRET_NAMES.match(name) else scrubbed(value)
    return value


def _is_named_secret(value: Mapping[str, Any]) -> bool:
    """Tell whether it is a pair whose name, as that of a container's variable, says that its value is a secret."""
    name, text = value.get("name") or value.get("key"), value.get("value")
    return isinstance(name, str) and isinstance(text, str) and bool(text and _SECRET_NAMES.match(name))


def _special(value: Mapping[str, Any]) -> str:
    if value[_SIGNATURE] == _SECRET_SIGNATURE:
        return SECRET
    digest = value.get("hash") or value.get("urn") or value.get("id")
    return f"({digest})" if digest else "(a file or a reference)"


def holds_secret(value: Any) -> bool:
    """Return whether a blinded value is, or holds, something hidden."""
    if isinstance(value, Mapping):
        return any(holds_secret(entry) for entry in value.values())
    if isinstance(value, list | tuple):
        return any(holds_secret(entry) for entry in value)
    return isinstance(value, str) and SECRET in value
