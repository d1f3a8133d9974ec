"""The resource types of the tls plugin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rehearsal.providers.base.local import LocalError, LocalKind, Problems, Props
from rehearsal.providers.tls import certificates, keys
from rehearsal.providers.tls.certificates import EXTENDED_USAGES, KEY_USAGES, Wanted

_USES = sorted([*KEY_USAGES, *EXTENDED_USAGES])
_MINIMUM_RSA_BITS = 1024  # Go makes none below (crypto/rsa, since 1.24).


class PrivateKey(LocalKind):
    """A key pair."""

    token = "tls:index/privateKey:PrivateKey"  # noqa: S105 (a type)
    defaults: ClassVar[Mapping[str, Any]] = {"ecdsaCurve": "P224", "rsaBits": 2048}
    secrets = frozenset({"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"})

    def problems(self, inputs: Props) -> Problems:
        """Refuse algorithms, curves and sizes that the vendor's plugin has not."""
        if inputs.get("algorithm", "RSA") not in keys.ALGORITHMS:
            yield "algorithm", f"must be one of {', '.join(keys.ALGORITHMS)}, and is {inputs['algorithm']!r}"
        if inputs.get("ecdsaCurve", "P224") not in keys.CURVES:
            yield "ecdsaCurve", f"must be one of {', '.join(keys.CURVES)}, and is {inputs['ecdsaCurve']!r}"
        if inputs.get("rsaBits", _MINIMUM_RSA_BITS) < _MINIMUM_RSA_BITS:
            yield "rsaBits", f"must be at least {_MINIMUM_RSA_BITS}, and is {inputs['rsaBits']}"

    def make(self, inputs: Props, now: datetime) -> tuple[str, Props]:
        """Make a key pair; its id is a hash of the public key."""
        del now
        key = keys.generate(inputs["algorithm"], rsa_bits=inputs["rsaBits"], curve=inputs["ecdsaCurve"])
        public = keys.public_forms(key.public_key())
        return keys.state_id(public["publicKeyPem"]), {**keys.private_forms(key), **public}


class CertRequest(LocalKind):
    """A certificate request."""

    token = "tls:index/certRequest:CertRequest"  # noqa: S105 (a type)
    refused = frozenset({"privateKeyPemWo", "privateKeyPemWoVersion"})
    secrets = frozenset({"privateKeyPem"})

    def make(self, inputs: Props, now: datetime) -> tuple[str, Props]:
        """Make a request; its id is a hash of it."""
        del now
        key = _key(inputs, "privateKeyPem")
        subject = certificates.distinguished_name(inputs.get("subject", {}))
        pem = certificates.make_request(key, subject, certificates.alternative_names(inputs))
        return keys.state_id(pem), {"certRequestPem": pem, "keyAlgorithm": keys.algorithm_of(key)}


class Certificate(LocalKind):
    """What both kinds of certificate share."""

    in_place = frozenset({"earlyRenewalHours"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "earlyRenewalHours": 0,
        "isCaCertificate": False,
        "setSubjectKeyId": False,
    }

    def problems(self, inputs: Props) -> Problems:
        """Refuse usages that the vendor's plugin has not, and negative durations."""
        return _certificate_problems(inputs)

    def stale(self, state: Props, inputs: Props, now: datetime) -> str | None:
        """Ask for another certificate once this one has expired, or is within its early renewal."""
        return "readyForRenewal" if _renewable(state, inputs.get("earlyRenewalHours", 0), now) else None

    def refreshed(self, state: Props, now: datetime) -> Props:
        """Say that the certificate has expired or is within its early renewal."""
        return {"readyForRenewal": True} if _renewable(state, state.get("earlyRenewalHours", 0), now) else {}


class SelfSignedCert(Certificate):
    """A certificate that its own key signs."""

    token = "tls:index/selfSignedCert:SelfSignedCert"  # noqa: S105 (a type)
    refused = frozenset({"privateKeyPemWo", "privateKeyPemWoVersion"})
    defaults: ClassVar[Mapping[str, Any]] = {**Certificate.defaults, "setAuthorityKeyId": False}
    secrets = frozenset({"privateKeyPem"})

    def make(self, inputs: Props, now: datetime) -> tuple[str, Props]:
        """Make a certificate; its id is its serial number."""
        key = _key(inputs, "privateKeyPem")
        subject = certificates.distinguished_name(inputs.get("subject", {}))
        wanted = _wanted(inputs, now, subject, certificates.alternative_names(inputs), key.public_key())
        made = certificates.make_certificate(wanted, key, None, authority_key_id=inputs["setAuthorityKeyId"])
        return str(made.serial_number), {**_told(made), "keyAlgorithm": keys.algorithm_of(key)}


class LocallySignedCert(Certificate):
    """A certificate that a CA signs; name, alternative names and public key are the request's."""

    token = "tls:index/locallySignedCert:LocallySignedCert"  # noqa: S105 (a type)
    refused = frozenset({"caPrivateKeyPemWo", "caPrivateKeyPemWoVersion"})
    secrets = frozenset({"caPrivateKeyPem"})

    def make(self, inputs: Props, now: datetime) -> tuple[str, Props]:
        """Make a certificate; its id is its serial number."""
        key = _key(inputs, "caPrivateKeyPem")
        try:
            issuer = x509.load_pem_x509_certificate(inputs["caCertPem"].encode())
            request = x509.load_pem_x509_csr(inputs["certRequestPem"].encode())
        except ValueError as error:
            raise LocalError(f"caCertPem or certRequestPem: cannot be read: {error}") from error
        if issuer.public_key() != key.public_key():
            raise LocalError("caPrivateKeyPem: is not the key of the certificate in caCertPem")
        if not request.is_signature_valid:
            raise LocalError("certRequestPem: its signature does not match its own key")
        try:
            names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            names = None
        wanted = _wanted(inputs, now, request.subject, names, request.public_key())
        made = certificates.make_certificate(wanted, key, issuer)
        return str(made.serial_number), {**_told(made), "caKeyAlgorithm": keys.algorithm_of(key)}


def _key(inputs: Props, named: str) -> keys.PrivateKey:
    if named not in inputs:
        raise LocalError(f"{named}: is required and missing")
    return keys.read_private_key(inputs[named], named=named)


def _certificate_problems(inputs: Props) -> Iterator[tuple[str, str]]:
    for index, use in enumerate(inputs.get("allowedUses", ())):
        if use not in _USES:
            yield f"allowedUses[{index}]", f"must be one of {', '.join(_USES)}, and is {use!r}"
    for name in ("validityPeriodHours", "earlyRenewalHours", "maxPathLength"):
        if inputs.get(name, 0) < 0:
            yield name, f"must be at least 0, and is {inputs[name]}"


def _wanted(
    inputs: Props, now: datetime, subject: x509.Name, names: x509.SubjectAlternativeName | None, public_key: Any
) -> Wanted:
    return Wanted(
        subject=subject,
        names=names,
        public_key=public_key,
        uses=tuple(inputs["allowedUses"]),
        start=now.astimezone(UTC).replace(microsecond=0),
        hours=inputs["validityPeriodHours"],
        is_ca=inputs["isCaCertificate"],
        max_path_length=inputs.get("maxPathLength"),
        subject_key_id=inputs["setSubjectKeyId"],
    )


def _told(made: x509.Certificate) -> Props:
    return {
        "certPem": made.public_bytes(Encoding.PEM).decode(),
        "validityStartTime": _rfc3339(made.not_valid_before_utc),
        "validityEndTime": _rfc3339(made.not_valid_after_utc),
        "readyForRenewal": False,
    }


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _renewable(state: Props, early_hours: Any, now: datetime) -> bool:
    if not isinstance(early_hours, int) or "validityEndTime" not in state:
        return False
    return now >= datetime.fromisoformat(state["validityEndTime"]) - timedelta(hours=early_hours)


KINDS: Mapping[str, LocalKind] = {
    kind.token: kind for kind in (PrivateKey(), CertRequest(), SelfSignedCert(), LocallySignedCert())
}
