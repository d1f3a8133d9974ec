"""Changes of a network load balancer's listener to, of and from TLS, which moto 5.2.5 refuses or forgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.elbv2.models import ELBv2Backend

from rehearsal.moto.replaced import replace_once


def complete_listeners() -> None:
    """Make moto change listeners as AWS does."""
    replace_once(ELBv2Backend, "modify_listener", _knowing_tls)


def _knowing_tls(modify: Callable[..., Any]) -> Callable[..., Any]:
    """Let protocols of network load balancers through, with what TLS has beside them.

    A listener that is no longer of TLS has neither certificate nor policy (ELB API Reference, ModifyListener,
    ``Protocol``).
    """

    def modified(
        self: Any,
        arn: str,
        port: str | None = None,
        protocol: str | None = None,
        ssl_policy: str | None = None,
        certificates: list[dict[str, Any]] | None = None,
        actions: list[dict[str, Any]] | None = None,
    ) -> Any:
        (before,) = self.describe_listeners(load_balancer_arn=None, listener_arns=[arn])
        was = before.protocol
        becomes = protocol or was
        if "TLS" not in (was, becomes):
            return modify(self, arn, port, protocol, ssl_policy, certificates, actions)
        listener = modify(self, arn, port, None, ssl_policy, [], actions)
        listener.protocol = becomes
        if becomes != "TLS":
            listener.ssl_policy, listener.certificate, listener.certificates = None, None, []
        elif certificates:
            listener.certificate = certificates[0]["CertificateArn"]
            listener.certificates = [each["CertificateArn"] for each in certificates]
        return listener

    return modified
