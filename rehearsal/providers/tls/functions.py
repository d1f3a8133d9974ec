"""The functions of the tls plugin, as far as a program without a network uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rehearsal.providers.base.local import LocalError, Props
from rehearsal.providers.base.shapes import Shape, findings
from rehearsal.providers.base.values import Secret, reveal
from rehearsal.providers.tls import keys

_GET_PUBLIC_KEY = Shape("object", fields={"privateKeyPem": Shape("string"), "privateKeyOpenssh": Shape("string")})


def _get_public_key(arguments: Props) -> Props:
    """Return the public key of a private one, given in exactly one of two forms."""
    given = {key: value for key, value in reveal(arguments).items() if value is not None}
    found = [f"{'.'.join(map(str, each.location))}: {each.reason}" for each in findings(_GET_PUBLIC_KEY, given)]
    if found:
        raise LocalError("\n".join(found))
    if len(given) != 1:
        raise LocalError("exactly one of privateKeyPem and privateKeyOpenssh must be given")
    [(named, text)] = given.items()
    key = keys.read_private_key(text, named=named, openssh=named == "privateKeyOpenssh")
    public = keys.public_forms(key.public_key())
    return {
        "id": keys.state_id(public["publicKeyPem"]),
        "algorithm": keys.algorithm_of(key),
        named: Secret(text),
        **public,
    }


FUNCTIONS: Mapping[str, Callable[[Props], Props]] = {"tls:index/getPublicKey:getPublicKey": _get_public_key}
