"""Keys, certificates and passwords of OpenSearch: which there are, and who gets which.

Their values are made by the component and stand in no plan. Members and the set-up job know each other by certificates
of an authority of their own; people, Dashboards and the agents have passwords.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.plan.addons.objects import Later
from infra.plan.observability.fluent_bit import STORE_HOST
from infra.spec.observability import STORE_NAMESPACE

CA_HOURS = 10 * 365 * 24
CERTIFICATE_HOURS = 3 * 365 * 24
RENEWAL_HOURS = 365 * 24
"""An ``up`` in a certificate's last year makes a new one, which running members read again."""

PASSWORDS = ("admin", "reader", "shipper", "dashboards", "cookie")
"""What random passwords are for. ``cookie`` encrypts the sessions of Dashboards."""
PASSWORD_LENGTH = 32

AUTHORITY = Later("logStore/ca.crt")
STORE_PASSWORD = Later("logStorePassword")
"""With which the agents write, whatever the store is."""


@dataclass(frozen=True)
class CertificatePlan:
    """A certificate of the store's authority."""

    name: str
    common_name: str
    dns_names: tuple[str, ...]
    uses: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The subject as OpenSearch compares it."""
        return f"CN={self.common_name}"

    @property
    def certificate(self) -> Later:
        """Its PEM text."""
        return Later(f"logStore/{self.name}.crt")

    @property
    def key(self) -> Later:
        """The PEM text of its key in PKCS#8, the one form that OpenSearch reads."""
        return Later(f"logStore/{self.name}.key")


MEMBERS = CertificatePlan(
    "members",
    f"opensearch.{STORE_NAMESPACE}",
    (
        "opensearch",
        f"opensearch.{STORE_NAMESPACE}",
        STORE_HOST,
        f"{STORE_HOST}.cluster.local",
        f"*.opensearch-members.{STORE_NAMESPACE}.svc.cluster.local",
        "localhost",
    ),
    # Members call each other: each is a client too.
    ("digital_signature", "key_encipherment", "server_auth", "client_auth"),
)
ADMIN = CertificatePlan(
    "admin", f"admin.{STORE_NAMESPACE}", (), ("digital_signature", "key_encipherment", "client_auth")
)
CERTIFICATES = (MEMBERS, ADMIN)


def password(name: str) -> Later:
    """Return one of :data:`PASSWORDS`."""
    return Later(f"logStore/password/{name}")
