"""The resource types of the random plugin."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

import bcrypt

from rehearsal.providers.base.local import LocalKind, Problems, Props

_SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"  # the vendor's documentation of `special`
_BCRYPT_ROUNDS: Final = 10  # Go's bcrypt.DefaultCost
_BCRYPT_BYTES: Final = 72  # bcrypt reads no more of a password
_NO_ID: Final = "none"  # the vendor's id of what is secret as a whole
_LEAST: Final = {"upper": "minUpper", "lower": "minLower", "numeric": "minNumeric", "special": "minSpecial"}


class RandomString(LocalKind):
    """A string of characters of chosen classes; it is its own id."""

    token = "random:index/randomString:RandomString"  # noqa: S105 (a type)
    defaults: ClassVar[Mapping[str, Any]] = {**dict.fromkeys(_LEAST, True), **dict.fromkeys(_LEAST.values(), 0)}
    refused = frozenset({"number"})
    """Deprecated by the vendor for ``numeric``."""

    def problems(self, inputs: Props) -> Problems:
        """Refuse lengths that the least numbers do not fit in, and strings of no characters."""
        least = sum(inputs.get(each, 0) for each in _LEAST.values())
        if "length" in inputs and inputs["length"] < max(least, 1):
            yield "length", f"must be at least {max(least, 1)}, and is {inputs['length']}"
        for each in sorted(_LEAST.values()):
            if inputs.get(each, 0) < 0:
                yield each, f"must be at least 0, and is {inputs[each]}"
        if not any(inputs.get(each, True) for each in _LEAST):
            yield "special", f"at least one of {', '.join(_LEAST)} must be true"

    def make(self, inputs: Props, now: datetime) -> tuple[str, Props]:
        """Draw a string."""
        del now
        result = draw(inputs)
        return result, {"result": result}


class RandomPassword(RandomString):
    """A string that is secret, with its bcrypt hash."""

    token = "random:index/randomPassword:RandomPassword"  # noqa: S105 (a type)
    secrets = frozenset({"result", "bcryptHash"})

    def make(self, inputs: Props, now: datetime) -> tuple[str, Props]:
        """Draw a password."""
        del now
        result = draw(inputs)
        hashed = bcrypt.hashpw(result.encode()[:_BCRYPT_BYTES], bcrypt.gensalt(_BCRYPT_ROUNDS, b"2a"))
        return _NO_ID, {"result": result, "bcryptHash": hashed.decode()}


class RandomBytes(LocalKind):
    """Bytes that are secret."""

    token = "random:index/randomBytes:RandomBytes"  # noqa: S105 (a type)
    secrets = frozenset({"base64", "hex"})

    def problems(self, inputs: Props) -> Problems:
        """Refuse no bytes at all."""
        return _at_least_one(inputs, "length")

    def make(self, inputs: Props, now: datetime) -> tuple[str, Props]:
        """Draw bytes."""
        del now
        drawn = secrets.token_bytes(inputs["length"])
        return _NO_ID, {"base64": base64.b64encode(drawn).decode(), "hex": drawn.hex()}


class RandomId(LocalKind):
    """A number in several notations, each after a prefix; the bare URL-safe base64 is its id."""

    token = "random:index/randomId:RandomId"  # noqa: S105 (a type)

    def problems(self, inputs: Props) -> Problems:
        """Refuse no bytes at all."""
        return _at_least_one(inputs, "byteLength")

    def make(self, inputs: Props, now: datetime) -> tuple[str, Props]:
        """Draw a number."""
        del now
        drawn = secrets.token_bytes(inputs["byteLength"])
        prefix = inputs.get("prefix", "")
        url = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
        return url, {
            "b64Std": prefix + base64.b64encode(drawn).decode(),
            "b64Url": prefix + url,
            "dec": f"{prefix}{int.from_bytes(drawn)}",
            "hex": prefix + drawn.hex(),
        }


def draw(inputs: Props) -> str:
    """Return a string with at least so many characters of each class, in an order that is drawn too."""
    alphabets = {
        "upper": string.ascii_uppercase,
        "lower": string.ascii_lowercase,
        "numeric": string.digits,
        "special": inputs.get("overrideSpecial") or _SPECIAL,
    }
    drawn = [secrets.choice(alphabets[name]) for name, least in _LEAST.items() for _ in range(inputs[least])]
    every = "".join(alphabet for name, alphabet in alphabets.items() if inputs[name])
    drawn += [secrets.choice(every) for _ in range(inputs["length"] - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def _at_least_one(inputs: Props, name: str) -> Problems:
    if inputs.get(name, 1) < 1:
        yield name, f"must be at least 1, and is {inputs[name]}"


KINDS: Mapping[str, LocalKind] = {
    kind.token: kind for kind in (RandomString(), RandomPassword(), RandomBytes(), RandomId())
}
