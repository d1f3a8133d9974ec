"""The cluster's keys and certificate authorities, made once and kept encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pulumi
import pulumi_aws as aws
import pulumi_random as random
import pulumi_tls as tls

from infra.plan.control_plane.encryption import encryption_configuration, encryption_file
from infra.plan.control_plane.pki import (
    ADMIN_GROUP,
    ADMIN_NAME,
    ADMIN_RENEWAL_HOURS,
    ADMIN_VALIDITY_HOURS,
    AUTHORITIES,
    CA_VALIDITY_HOURS,
    AuthorityName,
    PkiPlan,
    resource_name,
)
from infra.spec.control_plane import SecretsEncryption


class ClusterPki(pulumi.ComponentResource):
    """Maps a :class:`PkiPlan` to keys, CAs and their objects in the state bucket, which only control planes may read.

    Keys are secret outputs: encrypted in Pulumi's state, and never shown in a preview. CAs, the service-account key and
    the key that encrypts Secrets are protected, since whoever loses one of them loses the cluster.
    """

    def __init__(
        self, name: str, plan: PkiPlan, *, bucket: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:index:ClusterPki", name, None, opts)
        self._plan = plan
        self._bucket = bucket
        self._keep = pulumi.ResourceOptions(parent=self, protect=True)
        self.objects: list[pulumi.Resource] = []
        """The files in the state bucket; a control-plane member must find them all."""
        keys = {g: self._authorities(g) for g in plan.trusted}
        authority = keys[plan.signing]["ca"]
        self._write_authorities(keys)
        self.service_account_keys = self._service_accounts()
        self._encryption()
        self.authority_bundle = _bundle([keys[g]["ca"][1] for g in plan.trusted])
        """The certificates of all trusted cluster CAs, the signing one first."""
        self.admin_key, self.admin_certificate = self._admin(*authority)
        self.register_outputs({"certificateAuthority": self.authority_bundle})

    def _authorities(self, generation: int) -> Mapping[AuthorityName, tuple[tls.PrivateKey, tls.SelfSignedCert]]:
        made: dict[AuthorityName, tuple[tls.PrivateKey, tls.SelfSignedCert]] = {}
        for what, (common_name, _) in AUTHORITIES.items():
            name = resource_name(what, generation)
            key = tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=self._keep)
            certificate = tls.SelfSignedCert(
                name,
                private_key_pem=key.private_key_pem,
                subject=tls.SelfSignedCertSubjectArgs(common_name=common_name),
                validity_period_hours=CA_VALIDITY_HOURS,
                is_ca_certificate=True,
                set_subject_key_id=True,
                allowed_uses=["cert_signing", "key_encipherment", "digital_signature"],
                opts=self._keep,
            )
            made[what] = key, certificate
        return made

    def _write_authorities(
        self, keys: Mapping[int, Mapping[AuthorityName, tuple[tls.PrivateKey, tls.SelfSignedCert]]]
    ) -> None:
        for what, (_, path) in AUTHORITIES.items():
            key, certificate = keys[self._plan.signing][what]
            self._write(f"{path}.crt", _bundle([keys[g][what][1] for g in self._plan.trusted]))
            self._write(f"{path}.key", key.private_key_pem)
            if what == "ca":
                self._write("ca-signing.crt", certificate.cert_pem)

    def _service_accounts(self) -> pulumi.Output[list[str]]:
        keys = {
            g: tls.PrivateKey(resource_name("service-account", g), algorithm="RSA", rsa_bits=2048, opts=self._keep)
            for g in self._plan.trusted
        }
        public = pulumi.Output.all(*(keys[g].public_key_pem for g in self._plan.trusted))
        self._write("sa.key", keys[self._plan.signing].private_key_pem)
        self._write("sa.pub", public.apply("".join))
        return public.apply(list)

    def _encryption(self) -> None:
        keys = {
            g: random.RandomBytes(resource_name("encryption", g), length=32, opts=self._keep)
            for g in self._plan.trusted
        }
        values = pulumi.Output.all(*(keys[g].base64 for g in self._plan.trusted))
        for encryption in self._plan.encryptions:
            content = values.apply(partial(_configuration, self._plan.trusted, encryption))
            self._write(encryption_file(encryption), pulumi.Output.secret(content))

    def _admin(
        self, authority_key: tls.PrivateKey, authority: tls.SelfSignedCert
    ) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        child = pulumi.ResourceOptions(parent=self)
        key = tls.PrivateKey(ADMIN_NAME, algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        request = tls.CertRequest(
            ADMIN_NAME,
            private_key_pem=key.private_key_pem,
            subject=tls.CertRequestSubjectArgs(common_name=ADMIN_NAME, organization=ADMIN_GROUP),
            opts=child,
        )
        certificate = tls.LocallySignedCert(
            ADMIN_NAME,
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=authority_key.private_key_pem,
            ca_cert_pem=authority.cert_pem,
            validity_period_hours=ADMIN_VALIDITY_HOURS,
            early_renewal_hours=ADMIN_RENEWAL_HOURS,
            allowed_uses=["client_auth", "digital_signature", "key_encipherment"],
            opts=child,
        )
        return key.private_key_pem, certificate.cert_pem

    def _write(self, path: str, content: pulumi.Input[str]) -> None:
        self.objects.append(
            aws.s3.BucketObjectv2(
                path,
                bucket=self._bucket,
                key=self._plan.key(path),
                content=content,
                # In a bucket with versions the provider deletes all versions of an object: backups need the keys.
                opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
            )
        )


def _bundle(certificates: list[tls.SelfSignedCert]) -> pulumi.Output[str]:
    return pulumi.Output.all(*(each.cert_pem for each in certificates)).apply("".join)


def _configuration(generations: tuple[int, ...], encryption: SecretsEncryption, keys: list[str]) -> str:
    return encryption_configuration(dict(zip(generations, keys, strict=True)), encryption)
