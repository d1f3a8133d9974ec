"""The authority that rehearsed machines trust, and the certificate of the stand-ins that answer as AWS's endpoints."""

from __future__ import annotations

import datetime
import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rehearsal.processes import write_private

_LIFE: Final = datetime.timedelta(days=365)
_BACKDATE: Final = datetime.timedelta(minutes=5)
_SIGNS: Final = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True)
class Authority:
    """The authority's files in `folder`: made once, so that machines that run go on trusting it."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """Its certificate, which machines trust."""
        return self.folder / "ca.crt"

    def text(self) -> str:
        """Return the certificate as PEM, made when it is missing."""
        if not self.certificate.exists():
            self._make()
        return self.certificate.read_text()

    def context(self, names: Sequence[str]) -> ssl.SSLContext:
        """Return a server's TLS settings with a new certificate for these names."""
        self.text()
        authority = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        signer = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self.folder / 'ca.key'} is not an elliptic-curve key")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(x509.Name([]), authority.subject, key)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        certificate = builder.sign(signer, hashes.SHA256())
        chain = self.folder / f"{hashlib.sha256(' '.join(names).encode()).hexdigest()[:12]}.pem"
        write_private(chain, _private(key) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context

    def any_name(self, protocols: Sequence[str] = ()) -> ssl.SSLContext:
        """Return a server's TLS settings with a certificate for whichever name a client asks for.

        `protocols` is what it offers clients to speak, the one that it likes best first; without any it offers none.

        It stands in for certificates of AWS Certificate Manager, whose keys nobody has.
        """
        made: dict[str, ssl.SSLContext] = {}

        def made_for(names: Sequence[str]) -> ssl.SSLContext:
            context = self.context(names)
            if protocols:
                context.set_alpn_protocols(list(protocols))
            return context

        def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
            if name:
                if name not in made:
                    made[name] = made_for((name,))
                connection.context = made[name]

        context = made_for(("unnamed.invalid",))
        context.sni_callback = choose
        return context

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Slipway rehearsal")])
        builder = (
            _builder(name, name, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_SIGNS, critical=True)
        )
        write_private(self.folder / "ca.key", _private(key))
        certificate = builder.sign(key, hashes.SHA256())
        write_private(self.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
