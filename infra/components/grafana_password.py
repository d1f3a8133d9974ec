"""The password of Grafana's administrator."""

from __future__ import annotations

import pulumi
import pulumi_random as random


class GrafanaPassword(pulumi.ComponentResource):
    """A random password, made once; a secret output."""

    def __init__(self, name: str, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("slipway:index:GrafanaPassword", name, None, opts)
        made = random.RandomPassword(name, length=32, special=False, opts=pulumi.ResourceOptions(parent=self))
        self.value: pulumi.Output[str] = made.result
        """The password."""
        self.register_outputs({})
