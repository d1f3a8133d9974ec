"""The pod network of rehearsed machines: a bridge on each, and a route to it in the VPC. It stands in for Cilium.

Its configuration is named to come after a real network's (containerd takes the first of `/etc/cni/net.d`), so that one
that is installed takes over.
"""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from typing import Final

NAME: Final = "rehearsal-stand-in"
POD_PREFIX: Final = 24
"""A node's share of the pods' range, as the controller manager's default is."""
PLUGINS: Final = ("bridge", "host-local", "loopback", "portmap")


def configuration(pods: IPv4Network) -> str:
    """Return the network's configuration list on the machine that has these addresses for its pods."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        # Pods' addresses are routed in the VPC, and a Service's answer must come back through the bridge's rules.
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": str(pods)}]], "routes": [{"dst": "0.0.0.0/0"}]},
    }
    plugins = [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]
    return json.dumps({"cniVersion": "0.4.0", "name": NAME, "plugins": plugins}, indent=2) + "\n"


class PodRanges:
    """Which machine has which share of the pods' range; given again only once its machine is gone."""

    def __init__(self, whole: IPv4Network) -> None:
        self._whole = whole
        self._given: dict[str, IPv4Network] = {}

    def of(self, instance: str) -> IPv4Network:
        """Return an instance's share, the same as long as it is not returned. Raises ValueError when none is left."""
        if instance not in self._given:
            taken = set(self._given.values())
            free = (each for each in self._whole.subnets(new_prefix=POD_PREFIX) if each not in taken)
            share = next(free, None)
            if share is None:
                raise ValueError(f"all of {self._whole} is given to machines")
            self._given[instance] = share
        return self._given[instance]

    def remember(self, instance: str, share: IPv4Network) -> None:
        """Take note of a share that was given before."""
        self._given[instance] = share

    def give_back(self, instance: str) -> None:
        """Free an instance's share."""
        self._given.pop(instance, None)
