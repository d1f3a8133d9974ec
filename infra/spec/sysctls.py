"""Kernel parameters of a group's machines: their form, and those that Slipway or the pod network sets."""

from __future__ import annotations

import re
from typing import Annotated

from infra.spec.base import checked, refuse_entries
from infra.spec.labels import Trouble

_NAME = re.compile(r"^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+(/[a-z0-9_-]+)*)+$")
_VALUE = re.compile(r"^[!-~]+( [!-~]+)*$")
VALUE_LIMIT = 256
"""Characters of a value: no parameter that takes text takes more (``kernel.core_pattern`` takes 127)."""

_KUBELET = "is set by Slipway: the kubelet starts with no other value of it (protectKernelDefaults)"
_FORWARDED = "is set by Slipway: without it no packet passes between pods"
_REMOVE = "remove it"

KEPT = {
    "net.ipv4.ip_forward": _FORWARDED,
    "net.bridge.bridge-nf-call-iptables": _FORWARDED,
    "net.bridge.bridge-nf-call-ip6tables": _FORWARDED,
    "vm.overcommit_memory": _KUBELET,
    "vm.panic_on_oom": _KUBELET,
    "kernel.panic": _KUBELET,
    "kernel.panic_on_oops": _KUBELET,
    "kernel.keys.root_maxkeys": _KUBELET,
    "kernel.keys.root_maxbytes": _KUBELET,
}
"""Parameters that the machines' own file sets (``infra/templates/node/sysctl.conf``) and no group may."""

LEAST = {"fs.inotify.max_user_instances": 8_192, "fs.inotify.max_user_watches": 524_288}
"""Parameters of the same file that a group may raise: the values are what containers of a full machine need."""

_OTHERS = (
    (r"net\.ipv4\.conf\..+\.forwarding", "is another name of net.ipv4.ip_forward, or a part of it, which Slipway sets"),
    (r"net\.ipv4\.conf\..+\.rp_filter", "is the pod network's to set: with a filter on, Cilium's packets are dropped"),
    (r"kernel\.modules_disabled", "would keep the kernel from loading what the pod network needs"),
)
"""What no file of ours sets, and what would still part a machine from its cluster. rp_filter is Cilium's by its
``cilium-sysctlfix``, and the VPC CNI's by its init container."""

_SWITCHES = {"true": 1, "yes": 1, "false": 0, "no": 0}
"""What a switch is called elsewhere. ``on`` and ``off`` are not here: ``kernel.printk_devkmsg`` takes them."""

_PORT_RANGE = "net.ipv4.ip_local_port_range"
LAST_NODE_PORT = 32_767
"""Last of the ports of Services (kube-apiserver, ``--service-node-port-range``)."""


def _trouble(key: str, value: str) -> Trouble | None:
    if not _NAME.fullmatch(key):
        return "has a key that is not the name of a kernel parameter", (
            "write lower-case letters, digits, hyphens and underscores joined by dots, as vm.max_map_count; a slash "
            "is a dot within a name, as in net.ipv4.conf.ens5/100.mtu"
        )
    if key in KEPT:
        return KEPT[key], _REMOVE
    other = next((why for pattern, why in _OTHERS if re.fullmatch(pattern, key)), None)
    if other is not None:
        return other, _REMOVE
    if not _VALUE.fullmatch(value) or len(value) > VALUE_LIMIT:
        return "is not a value of a kernel parameter", (
            f"write 1 to {VALUE_LIMIT} printable ASCII characters, words parted by one space each"
        )
    if value in _SWITCHES:
        return "is a word of YAML and no value that the kernel takes", f'write "{_SWITCHES[value]}"'
    return _below_least(key, value) or _port_range_trouble(key, value)


def _below_least(key: str, value: str) -> Trouble | None:
    least = LEAST.get(key)
    if least is None or (re.fullmatch(r"[0-9]{1,10}", value) and int(value) >= least):
        return None
    return f"is not a number from {least} on, which Slipway sets", f'write more, as "{2 * least}", or remove it'


def _port_range_trouble(key: str, value: str) -> Trouble | None:
    match = re.match(r"[0-9]{1,5}(?= )", value)
    if key != _PORT_RANGE or (match and int(match[0]) > LAST_NODE_PORT):
        return None
    return "would give ports of Services, the kubelet or etcd to connections of the machine's own", (
        f'begin it after {LAST_NODE_PORT}, as "{LAST_NODE_PORT + 1} 65535"'
    )


def _sysctls(parameters: dict[str, str]) -> dict[str, str]:
    refuse_entries([(key, *trouble) for key, value in parameters.items() if (trouble := _trouble(key, value))])
    return parameters


Sysctls = Annotated[dict[str, str], checked(_sysctls)]
"""Kernel parameters by name. Names are unique: only dots part them, so that none can be written in two ways."""
