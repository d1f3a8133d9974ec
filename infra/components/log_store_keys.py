"""Keys, certificates and passwords of the log store in the cluster."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_random as random
import pulumi_tls as tls

from infra.plan.observability.credentials import (
    AUTHORITY,
    CA_HOURS,
    CERTIFICATE_HOURS,
    CERTIFICATES,
    PASSWORD_LENGTH,
    PASSWORDS,
    RENEWAL_HOURS,
    STORE_PASSWORD,
    CertificatePlan,
    password,
)


class LogStoreKeys(pulumi.ComponentResource):
    """Makes what the plan of the store leaves open. Everything is a secret output and made once.

    Args:
        name: logical name.
        opts: as for any component.
    """

    def __init__(self, name: str, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:LogStoreKeys", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        # Whoever loses the authority makes members that the others do not trust.
        keep = pulumi.ResourceOptions(parent=self, protect=True)
        key = self._key(f"{name}-ca", keep)
        authority = tls.SelfSignedCert(
            f"{name}-ca",
            private_key_pem=key.private_key_pem,
            subject=tls.SelfSignedCertSubjectArgs(common_name="log-store"),
            validity_period_hours=CA_HOURS,
            is_ca_certificate=True,
            set_subject_key_id=True,
            allowed_uses=["cert_signing", "digital_signature"],
            opts=keep,
        )
        values: dict[str, pulumi.Input[str]] = {AUTHORITY.name: authority.cert_pem}
        for certificate in CERTIFICATES:
            values |= self._certificate(name, certificate, key, authority)
        for user in PASSWORDS:
            made = random.RandomPassword(f"{name}-{user}", length=PASSWORD_LENGTH, special=False, opts=self._child)
            values[password(user).name] = made.result
        values[STORE_PASSWORD.name] = values[password("shipper").name]
        self.values: Mapping[str, pulumi.Input[str]] = values
        """By the name of the plan's :class:`infra.plan.addons.objects.Later`."""
        self.register_outputs({})

    def _key(self, name: str, opts: pulumi.ResourceOptions) -> tls.PrivateKey:
        return tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=opts)

    def _certificate(
        self, name: str, plan: CertificatePlan, authority_key: tls.PrivateKey, authority: tls.SelfSignedCert
    ) -> dict[str, pulumi.Input[str]]:
        key = self._key(f"{name}-{plan.name}", self._child)
        request = tls.CertRequest(
            f"{name}-{plan.name}",
            private_key_pem=key.private_key_pem,
            subject=tls.CertRequestSubjectArgs(common_name=plan.common_name),
            dns_names=list(plan.dns_names) or None,
            opts=self._child,
        )
        certificate = tls.LocallySignedCert(
            f"{name}-{plan.name}",
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=authority_key.private_key_pem,
            ca_cert_pem=authority.cert_pem,
            validity_period_hours=CERTIFICATE_HOURS,
            early_renewal_hours=RENEWAL_HOURS,
            allowed_uses=list(plan.uses),
            opts=self._child,
        )
        return {plan.certificate.name: certificate.cert_pem, plan.key.name: key.private_key_pem_pkcs8}
