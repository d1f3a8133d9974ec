"""Certificates: days left of what the API server shows, and of the authorities in the state bucket."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.client import HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from infra.ops.errors import OpsError, aws_errors
from infra.ops.kube import Proxy
from infra.ops.validate.findings import Finding

CHECK = "certificates"
SOON = timedelta(days=30)
"""Left life from which a certificate is warned of. Members renew theirs at 90 days, by slipway-certificates.timer: one
that has less has failed to for 60 days."""
LATE = timedelta(days=7)
"""Left life from which it makes the cluster invalid."""
_SECONDS = 10.0
_RENEWAL = "journalctl -u slipway-certificates on the members says why it was not renewed; a roll signs it anew"


def served_certificate(server: str, proxy: Proxy | None = None) -> x509.Certificate:
    """Return the certificate that the server at this URL shows, whoever signed it, through a proxy where there is one.

    Raises:
        OpsError: the server cannot be reached or speaks no TLS.
    """
    where = urlsplit(server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # It is only looked at: an expired one is what this check exists for, and a verified handshake would not show it.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, port = where.hostname or "", where.port or 443
    first = (proxy.host, proxy.port) if proxy else (host, port)
    connection = HTTPSConnection(*first, timeout=_SECONDS, context=context)
    if proxy:
        connection.set_tunnel(host, port, dict(proxy.headers))
    try:
        connection.connect()
        shown = connection.sock.getpeercert(binary_form=True)
    # A name that the resolver's encoding does not take is an error of neither family.
    except (OSError, HTTPException, UnicodeError) as error:
        raise OpsError(f"cannot see the certificate of {server}", str(error), "check the way to it") from error
    finally:
        connection.close()
    return x509.load_der_x509_certificate(shown or b"")


def check_served(server: str, now: datetime, proxy: Proxy | None = None) -> Iterator[Finding]:
    """Yield whether the API server's own certificate ends soon."""
    yield from judge(f"the certificate of {server}", served_certificate(server, proxy), now, _RENEWAL)


def check_authorities(s3: Any, bucket: str, prefix: str, now: datetime) -> Iterator[Finding]:
    """Yield which certificates below ``prefix`` end soon. Keys are never read: only objects named ``.crt`` are."""
    with aws_errors(f"read the certificates in s3://{bucket}/{prefix}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [each["Key"] for page in pages for each in page.get("Contents", ()) if each["Key"].endswith(".crt")]
        texts = {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
    for key, text in texts.items():
        try:
            found = x509.load_pem_x509_certificates(text)
        except ValueError as error:
            yield Finding(CHECK, "invalid", f"s3://{bucket}/{key}", f"is no certificate: {error}", "see its history")
            continue
        for certificate in found:
            yield from judge(f"s3://{bucket}/{key}", certificate, now, "rotate the authority")


def judge(subject: str, certificate: x509.Certificate, now: datetime, fix: str) -> Iterator[Finding]:
    """Yield whether a certificate has ended, ends soon, or is not valid yet."""
    left = certificate.not_valid_after_utc - now
    if certificate.not_valid_before_utc > now:
        yield Finding(CHECK, "invalid", subject, f"is valid only from {certificate.not_valid_before_utc:%Y-%m-%d}", fix)
    elif left < timedelta(0):
        yield Finding(CHECK, "invalid", subject, f"ended on {certificate.not_valid_after_utc:%Y-%m-%d}", fix)
    elif left < SOON:
        days = "1 day" if left.days == 1 else f"{left.days} days"
        yield Finding(CHECK, "invalid" if left < LATE else "warning", subject, f"has {days} left", fix)
