"""Certificates and certificate requests, built as the vendor's plugin (through Go's ``crypto/x509``) builds them."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rehearsal.providers.base.local import LocalError
from rehearsal.providers.tls.keys import PrivateKey, PublicKey

KEY_USAGES: Final[Mapping[str, str]] = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
"""The vendor's names of the key usages, and the library's."""

EXTENDED_USAGES: Final[Mapping[str, x509.ObjectIdentifier]] = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "ipsec_end_system": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.5"),
    "ipsec_tunnel": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.6"),
    "ipsec_user": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.7"),
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
    "microsoft_server_gated_crypto": x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.3"),
    "netscape_server_gated_crypto": x509.ObjectIdentifier("2.16.840.1.113730.4.1"),
    "microsoft_commercial_code_signing": x509.ObjectIdentifier("1.3.6.1.4.1.311.2.1.22"),
    "microsoft_kernel_code_signing": x509.ObjectIdentifier("1.3.6.1.4.1.311.61.1.1"),
}
"""The vendor's names of the extended key usages; the numbers are Go's (``crypto/x509``)."""

# In the order in which Go writes a distinguished name (`pkix.Name.ToRDNSequence`; further names come first).
_SUBJECT: Final[Mapping[str, x509.ObjectIdentifier]] = {
    "emailAddress": NameOID.EMAIL_ADDRESS,
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "streetAddresses": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
    "commonName": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
}
_SERIAL_BITS: Final = 128


@dataclass(frozen=True)
class Wanted:
    """What a certificate is to say."""

    subject: x509.Name
    names: x509.SubjectAlternativeName | None
    public_key: PublicKey
    uses: tuple[str, ...]
    start: datetime
    hours: int
    is_ca: bool
    max_path_length: int | None
    subject_key_id: bool


def distinguished_name(subject: Mapping[str, Any]) -> x509.Name:
    """Return a subject; a street of several lines is one relative name of several attributes, as Go writes it.

    Raises:
        LocalError: X.509 has no room for a value.
    """
    parts = []
    for key, oid in _SUBJECT.items():
        value = subject.get(key)
        values = value if isinstance(value, list) else [value] if value else []
        try:
            if values:
                parts.append(x509.RelativeDistinguishedName([x509.NameAttribute(oid, each) for each in values]))
        except ValueError as error:
            raise LocalError(f"subject.{key}: {value!r} cannot be part of a distinguished name: {error}") from error
    return x509.Name(parts)


def alternative_names(inputs: Mapping[str, Any]) -> x509.SubjectAlternativeName | None:
    """Return the alternative names of a certificate or request, in Go's order; None when there are none.

    Raises:
        LocalError: one is not of its kind.
    """
    names: list[x509.GeneralName] = []
    try:
        names += [x509.DNSName(name) for name in inputs.get("dnsNames", ())]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in inputs.get("ipAddresses", ())]
        names += [x509.UniformResourceIdentifier(uri) for uri in inputs.get("uris", ())]
    except ValueError as error:
        raise LocalError(f"dnsNames, ipAddresses or uris: {error}") from error
    return x509.SubjectAlternativeName(names) if names else None


def make_request(key: PrivateKey, subject: x509.Name, names: x509.SubjectAlternativeName | None) -> str:
    """Return a certificate request as PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if names is not None:
        builder = builder.add_extension(names, critical=not subject.rdns)
    return builder.sign(key, digest(key)).public_bytes(Encoding.PEM).decode()


def make_certificate(
    wanted: Wanted, key: PrivateKey, issuer: x509.Certificate | None, *, authority_key_id: bool = False
) -> x509.Certificate:
    """Return a certificate signed by `key`, which is the issuer's, or its own when `issuer` is None.

    Raises:
        LocalError: a CA without a name, or an authority key id where no subject key id can be had.
    """
    if wanted.is_ca and not wanted.subject.rdns:
        raise LocalError("subject: must have at least one name when isCaCertificate is true (RFC 5280, 4.1.2.6)")
    serial = secrets.randbits(_SERIAL_BITS) or 1
    builder = (
        x509.CertificateBuilder()
        .subject_name(wanted.subject)
        .issuer_name(issuer.subject if issuer is not None else wanted.subject)
        .public_key(wanted.public_key)
        .serial_number(serial)
        .not_valid_before(wanted.start)
        .not_valid_after(wanted.start + timedelta(hours=wanted.hours))
    )
    for extension, critical in _extensions(wanted, issuer, authority_key_id=authority_key_id):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, digest(key))


def _extensions(
    wanted: Wanted, issuer: x509.Certificate | None, *, authority_key_id: bool
) -> Iterable[tuple[x509.ExtensionType, bool]]:
    """Return the extensions in Go's order, each with whether it is critical."""
    usages = {name for use, name in KEY_USAGES.items() if use in wanted.uses}
    if usages:
        yield x509.KeyUsage(**{name: name in usages for name in KEY_USAGES.values()}), True
    extended = [EXTENDED_USAGES[use] for use in wanted.uses if use in EXTENDED_USAGES]
    if extended:
        yield x509.ExtendedKeyUsage(extended), False
    yield x509.BasicConstraints(wanted.is_ca, wanted.max_path_length if wanted.is_ca else None), True
    own = x509.SubjectKeyIdentifier(_key_id(wanted.public_key))
    has_own = wanted.is_ca or wanted.subject_key_id
    if has_own:
        yield own, False
    authority = _subject_key_id(issuer) if issuer is not None else own.digest if has_own else None
    if authority_key_id and authority is None:
        raise LocalError("setAuthorityKeyId: needs setSubjectKeyId or isCaCertificate: it is the same value")
    if authority is not None and (authority_key_id or issuer is not None):
        yield x509.AuthorityKeyIdentifier(authority, None, None), False
    if wanted.names is not None:
        yield wanted.names, not wanted.subject.rdns


def _key_id(key: PublicKey) -> bytes:
    """Return the subject key id as the vendor's plugin makes it: RFC 5280's first method, save for ED25519.

    For ED25519 it hashes the key as an ASN.1 octet string (``generateSubjectKeyID``, terraform-provider-tls).
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha1(b"\x04\x20" + raw, usedforsecurity=False).digest()
    return x509.SubjectKeyIdentifier.from_public_key(key).digest


def _subject_key_id(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def digest(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """Return the hash that Go signs with: as strong as an ECDSA key's curve, SHA-256 for RSA, ED25519's own."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1):
        return hashes.SHA384()
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP521R1):
        return hashes.SHA512()
    return hashes.SHA256()
