"""Private keys: made, written and read in the forms that the vendor's plugin gives."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from rehearsal.providers.base.local import LocalError

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

CURVES: Final[Mapping[str, ec.EllipticCurve]] = {
    "P224": ec.SECP224R1(),
    "P256": ec.SECP256R1(),
    "P384": ec.SECP384R1(),
    "P521": ec.SECP521R1(),
}
ALGORITHMS: Final = ("RSA", "ECDSA", "ED25519")
_PUBLIC_EXPONENT: Final = 65537


def generate(algorithm: str, *, rsa_bits: int, curve: str) -> PrivateKey:
    """Make a key; `rsa_bits` and `curve` are for RSA and ECDSA alone."""
    if algorithm == "RSA":
        return rsa.generate_private_key(_PUBLIC_EXPONENT, rsa_bits)
    if algorithm == "ECDSA":
        return ec.generate_private_key(CURVES[curve])
    return ed25519.Ed25519PrivateKey.generate()


def algorithm_of(key: PrivateKey) -> str:
    """Return the vendor's name of a key's algorithm."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "ED25519"


def read_private_key(text: str, *, named: str, openssh: bool = False) -> PrivateKey:
    """Return the key that PEM or OpenSSH text holds.

    Raises:
        LocalError: it holds none; the message names the property `named`, never the text.
    """
    load = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        key = load(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise LocalError(f"{named}: holds no unencrypted private key that can be read ({error})") from error
    if not isinstance(key, PrivateKey):
        raise LocalError(f"{named}: holds a {type(key).__name__}; known are keys of {', '.join(ALGORITHMS)}")
    return key


def private_forms(key: PrivateKey) -> dict[str, str]:
    """Return the private key as the vendor's plugin gives it, by the names of its outputs.

    ``privateKeyPem`` is PKCS#1 for RSA, SEC 1 for ECDSA and PKCS#8 for ED25519, as Go writes them.
    """
    ed = isinstance(key, ed25519.Ed25519PrivateKey)
    traditional = PrivateFormat.PKCS8 if ed else PrivateFormat.TraditionalOpenSSL
    return {
        "privateKeyPem": _private(key, traditional),
        "privateKeyPemPkcs8": _private(key, PrivateFormat.PKCS8),
        "privateKeyOpenssh": _private(key, PrivateFormat.OpenSSH) if _has_openssh(key.public_key()) else "",
    }


def public_forms(key: PublicKey) -> dict[str, str]:
    """Return the public key as the vendor's plugin gives it; OpenSSH has no form for curve P224, which leaves gaps."""
    forms = {
        "publicKeyPem": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "publicKeyOpenssh": "",
        "publicKeyFingerprintMd5": "",
        "publicKeyFingerprintSha256": "",
    }
    if _has_openssh(key):
        line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        blob = base64.b64decode(line.split()[1])
        digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
        sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        forms |= {
            "publicKeyOpenssh": f"{line}\n",
            "publicKeyFingerprintMd5": ":".join(digest[at : at + 2] for at in range(0, len(digest), 2)),
            "publicKeyFingerprintSha256": f"SHA256:{sha256}",
        }
    return forms


def state_id(text: str) -> str:
    """Return the id that the vendor's plugin derives of a document: its SHA-1, as an identifier alone."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _has_openssh(key: PublicKey) -> bool:
    return not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP224R1))


def _private(key: Any, form: PrivateFormat) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, form, NoEncryption())
    return text.decode()
