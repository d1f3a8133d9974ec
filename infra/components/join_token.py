"""The token with which machines ask to join."""

from __future__ import annotations

import pulumi
import pulumi_random as random

from infra.plan.join import TOKEN_ID_LENGTH, TOKEN_SECRET_LENGTH


class JoinToken(pulumi.ComponentResource):
    """A bootstrap token, made anew by the first ``up`` of each ``period``.

    The new one is valid before the old one ends, and machines read the token when they boot: nothing waits for it.

    Args:
        name: logical name.
        period: text that changes when it is time for a new token.
        opts: as for any component.
    """

    def __init__(self, name: str, period: str, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:JoinToken", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        keepers = {"period": period}
        identifier = random.RandomString(
            f"{name}-id", length=TOKEN_ID_LENGTH, upper=False, special=False, keepers=keepers, opts=child
        )
        secret = random.RandomPassword(
            f"{name}-secret", length=TOKEN_SECRET_LENGTH, upper=False, special=False, keepers=keepers, opts=child
        )
        self.identifier: pulumi.Output[str] = identifier.result
        """The public half, by which the token is named."""
        self.secret: pulumi.Output[str] = secret.result
        self.token: pulumi.Output[str] = pulumi.Output.secret(
            pulumi.Output.concat(identifier.result, ".", secret.result)
        )
        self.register_outputs({})
