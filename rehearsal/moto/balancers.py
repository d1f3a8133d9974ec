"""Load balancers that are protected from deletion, which moto 5.2.5 deletes all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend

from rehearsal.moto.replaced import replace_once


def keep_protected_balancers() -> None:
    """Make moto refuse to delete a load balancer with ``deletion_protection.enabled``, as AWS does."""
    replace_once(ELBv2Backend, "delete_load_balancer", _refusing)


def _refusing(delete: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse by the error that the ELB API Reference has for DeleteLoadBalancer."""

    def deleted(self: Any, arn: str) -> Any:
        found = self.load_balancers.get(arn)
        if found is not None and found.attrs.get("deletion_protection.enabled") == "true":
            raise ELBClientError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        return delete(self, arn)

    return deleted
