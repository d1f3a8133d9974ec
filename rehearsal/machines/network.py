"""The VPC's network on this computer: one bridge for all subnets, routers' addresses on it, a cable to each machine.

All of it is in the environment's own network namespace. Subnets share the bridge, and packets between them pass the
router as they do in a VPC; zones are no more than their subnets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from rehearsal.machines import metadata, namespaces, resolver, timeserver
from rehearsal.machines.commands import run
from rehearsal.machines.facts import Interface

BRIDGE: Final = "vpc"
ROUTER_MAC: Final = "02:01:00:00:00:01"
"""Of no interface that the AWS stand-in makes: theirs begin with 02:00:00."""
FRONT_ADDRESS: Final = IPv4Address("198.18.0.1")
"""Where stand-ins of AWS's endpoints and of downloads answer; of the range for benchmarks (RFC 2544), so no one's."""
BALANCERS: Final = IPv4Network("198.18.1.0/24")
"""Where load balancers answer."""
MTU: Final = "9001"
"""Of a VPC's network (EC2 User Guide, "Network maximum transmission unit")."""
_PAIR_LENGTH: Final = 11


class Network:
    """The network of the environment `name`."""

    def __init__(self, name: str) -> None:
        self.namespace = f"slipway-{name}"
        self._routers: set[IPv4Network] = set()
        self._led: dict[str, frozenset[IPv4Address]] = {}

    def prepare(self) -> None:
        """Make the namespace and the bridge, with the addresses that are the same in each VPC."""
        namespaces.ensure(self.namespace)
        if not self._has(BRIDGE):
            # A bridge without an address of its own takes the lowest of its cables': the router's would change as
            # machines come and go, and others would send to the old one until they ask again, 40 s and more.
            self._ip("link", "add", BRIDGE, "address", ROUTER_MAC, "mtu", MTU, "type", "bridge")
            self._ip("link", "set", BRIDGE, "up")
        for address in (metadata.ADDRESS, resolver.ADDRESS, timeserver.ADDRESS, str(FRONT_ADDRESS)):
            self._ip("address", "replace", f"{address}/32", "dev", "lo")
        for key, value in (
            ("net.ipv4.ip_forward", 1),
            # All subnets are on one bridge: without this the router would tell machines to leave it out.
            ("net.ipv4.conf.all.send_redirects", 0),
            (f"net.ipv4.conf.{BRIDGE}.send_redirects", 0),
        ):
            run(["nsenter", f"--net={namespaces.FOLDER / self.namespace}", "sysctl", "-q", "-w", f"{key}={value}"])

    def add_balancer(self, address: IPv4Address) -> None:
        """Give the router the address of a load balancer."""
        self._ip("address", "replace", f"{address}/32", "dev", "lo")

    def add_router(self, interface: Interface) -> None:
        """Give the bridge the router's address of an interface's subnet."""
        if interface.network not in self._routers:
            self._ip(
                "address",
                "replace",
                f"{interface.router}/{interface.network.prefixlen}",
                "dev",
                BRIDGE,
                "noprefixroute",
            )
            self._ip("route", "replace", str(interface.network), "dev", BRIDGE, "src", str(interface.router))
            self._routers.add(interface.network)

    def route_pods(self, pods: IPv4Network, machine: IPv4Address) -> None:
        """Lead a machine's pods' packets to it, as a VPC's route table does in clusters without an overlay."""
        self._ip("route", "replace", str(pods), "via", str(machine))

    def unroute_pods(self, pods: IPv4Network) -> None:
        """Take a machine's route away; nothing happens when it has none."""
        if self._ip("route", "show", str(pods)).strip():
            self._ip("route", "delete", str(pods))

    def machine_namespace(self, instance: str) -> str:
        """Return the name of an instance's own namespace."""
        return f"{self.namespace}-{instance}"

    def attach(self, instance: str, interface: Interface, name: str) -> None:
        """Lay a cable from the bridge to the interface `name` of a machine, unless it lies."""
        own = self.machine_namespace(instance)
        namespaces.ensure(own)
        if self._links(own, interface.mac):
            return
        self.add_router(interface)
        pair = _pair(interface.identity)
        if self._has(pair):
            # Of a namespace that was removed a moment ago, and goes by itself some time.
            self._ip("link", "delete", pair)
        own_end = ("peer", "name", name, "mtu", MTU, "address", interface.mac, "netns", own)
        self._ip("link", "add", pair, "mtu", MTU, "type", "veth", *own_end)
        self._ip("link", "set", pair, "master", BRIDGE, "up")
        # The bridge answers who has an address that it was told of, as a VPC does; machines answer for the others.
        self._ip("link", "set", pair, "type", "bridge_slave", "proxy_arp_wifi", "on")
        run(["bridge", "-n", self.namespace, "fdb", "replace", interface.mac, "dev", pair, "master", "static"])

    def lead_to_pods(self, interface: Interface) -> None:
        """Lead packets for an interface's further addresses to it: a VPC knows of each, and no one is asked."""
        wanted, led = frozenset(interface.for_pods), self._led.get(interface.identity, frozenset())
        self._tell_bridge(
            [f"replace {each} lladdr {interface.mac} dev {BRIDGE} nud permanent" for each in sorted(wanted - led)]
            + [f"delete {each} dev {BRIDGE}" for each in sorted(led - wanted)]
        )
        self._led[interface.identity] = wanted

    def detach(self, instance: str, interface: Interface) -> None:
        """Take an interface from a machine."""
        own = self.machine_namespace(instance)
        for name in self._links(own, interface.mac):
            run(["ip", "-n", own, "link", "delete", name])
        self._tell_bridge([f"delete {each} dev {BRIDGE}" for each in self._led.pop(interface.identity, ())])

    def _tell_bridge(self, lines: Sequence[str]) -> None:
        if lines:
            text = "".join(f"neighbour {line}\n" for line in lines)
            run(["ip", "-n", self.namespace, "-batch", "-"], stdin=text)

    def remove_machine(self, instance: str) -> None:
        """Remove a machine's namespace and with it its cables."""
        namespaces.remove(self.machine_namespace(instance))

    def remove(self) -> None:
        """Remove everything of this network."""
        for name in namespaces.named(f"{self.namespace}-i-"):
            namespaces.remove(name)
        namespaces.remove(self.namespace)

    def _links(self, namespace: str, mac: str) -> list[str]:
        lines = run(["ip", "-n", namespace, "-o", "link"]).splitlines()
        return [line.split(": ")[1].split("@")[0] for line in lines if f"link/ether {mac} " in line]

    def _has(self, link: str) -> bool:
        return any(line.split(": ")[1].split("@")[0] == link for line in self._ip("-o", "link").splitlines())

    def _ip(self, *words: str) -> str:
        return run(["ip", "-n", self.namespace, *words])


def _pair(identity: str) -> str:
    # An interface's name has fifteen characters at most.
    return f"eni{hashlib.sha256(identity.encode()).hexdigest()[:_PAIR_LENGTH]}"
