"""Kernel parameters of a group: each bad entry is told by itself; what a machine needs to join cannot be set."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.node.assets import asset
from infra.spec.sysctls import KEPT, LEAST
from tests.infra.samples import ENVIRONMENT, group_mapping, sample_mapping
from tests.infra.spec.reports import GROUP, report, with_fourth

NOT_A_NAME = (
    "has a key that is not the name of a kernel parameter. Fix: write lower-case letters, digits, hyphens and "
    "underscores joined by dots, as vm.max_map_count; a slash is a dot within a name, as in net.ipv4.conf.ens5/100.mtu."
)
NOT_A_VALUE = (
    "is not a value of a kernel parameter. Fix: write 1 to 256 printable ASCII characters, words parted by one space "
    "each."
)


@pytest.mark.parametrize(("word", "number"), [("true", 1), ("yes", 1), ("false", 0), ("no", 0)])
def test_a_switch_is_a_number(word: str, number: int) -> None:
    (line,) = sysctl_report(**{"net.ipv4.tcp_syncookies": word})
    assert line.endswith(f"'{word}' is a word of YAML and no value that the kernel takes. Fix: write \"{number}\".")
    assert sysctl_report(**{"kernel.printk_devkmsg": "on"}) == []


def sysctl_report(**parameters: Any) -> list[str]:
    return report(with_fourth(sysctls=parameters))


def one(key: str, value: Any = "1") -> str:
    """Return what is said of one parameter, without its path."""
    (line,) = sysctl_report(**{key: value})
    path = f"{GROUP}.sysctls.{key}: " if key.isalnum() else f"{GROUP}.sysctls[{key!r}]: "
    assert line.startswith(path)
    return line.removeprefix(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("vm.max_map_count", "262144"),
        ("net.core.somaxconn", "65535"),
        ("net.ipv4.tcp_rmem", "4096 131072 16777216"),
        ("net.ipv4.conf.ens5/100.arp_ignore", "1"),
        ("net.ipv4.ip_local_port_range", "32768 65535"),
        ("debug.exception-trace", "0"),
        ("kernel.core_pattern", "|/usr/lib/core %P %u"),
        ("kernel.softlockup_panic", "1"),
        ("vm.nr_hugepages", "0"),
        ("fs.inotify.max_user_watches", "524288"),
        ("fs.inotify.max_user_instances", "16384"),
        ("net.netfilter.nf_conntrack_max", "1048576"),
        ("kernel.domainname", "x" * 256),
    ],
)
def test_what_is_accepted(key: str, value: str) -> None:
    assert sysctl_report(**{key: value}) == []


@pytest.mark.parametrize(
    "key",
    [
        "", "vm", "vm.", ".vm", "vm..swappiness", "vm/swappiness", "/proc/sys/vm.swappiness", "-vm.swappiness",
        "VM.swappiness", "vm.Swappiness", "net.ipv4.conf.*.rp_filter", "net.ipv4.ip_forward ", "vm.swappiness\n",
        "vm.swappiness=1", "net.ipv4.//.x", "net.ipv4./x.y", "net.ipv4.x/.y", "vm.ä", "5m.x", "net/ipv4.ip_forward",
    ],
)  # fmt: skip
def test_what_is_no_name(key: str) -> None:
    assert one(key) == f"'1' {NOT_A_NAME}"


@pytest.mark.parametrize(
    "value", ["", " ", " 1", "1 ", "1  2", "1\t2", "1\n2", "1\n", "1\nkernel.panic = 0", "ä", "\x7f", "x" * 257]
)
def test_what_is_no_value(value: str) -> None:
    assert one("kernel.domainname", value).endswith(NOT_A_VALUE)


@pytest.mark.parametrize("value", [262144, True, 1.5, None, ["1"], {"a": "1"}])
def test_a_value_that_is_not_text_is_told_how_to_write_it(value: Any) -> None:
    (line,) = sysctl_report(**{"vm.max_map_count": value})
    assert line.startswith(f"{GROUP}.sysctls['vm.max_map_count']: ")
    assert " is not text. Fix: write " in line


def test_a_number_wants_quotes() -> None:
    assert one("vm.max_map_count", 262144) == (
        "262144 is not text. Fix: write it in quotes, so that YAML takes it for text."
    )


def test_a_list_of_kops_is_led_to_a_mapping() -> None:
    assert report(with_fourth(sysctls=["vm.max_map_count=262144"])) == [
        f"{GROUP}.sysctls: ['vm.max_map_count=262144'] is not a mapping. Fix: write a mapping of keys to values."
    ]


def test_every_parameter_that_machines_are_given_is_kept_or_may_only_be_raised() -> None:
    ours = dict(line.split(" = ") for line in asset("sysctl.conf").splitlines())
    assert ours.keys() == KEPT.keys() | LEAST.keys()
    assert {key: int(ours[key]) for key in LEAST} == LEAST


@pytest.mark.parametrize("key", KEPT)
def test_what_machines_need_cannot_be_set_whatever_the_value(key: str) -> None:
    ours = dict(line.split(" = ") for line in asset("sysctl.conf").splitlines())[key]
    for value in ("0", ours, "no value\n"):
        assert one(key, value).endswith(f" {KEPT[key]}. Fix: remove it.")


def test_why_the_kubelet_needs_one_is_told() -> None:
    assert one("vm.overcommit_memory", "2") == (
        "'2' is set by Slipway: the kubelet starts with no other value of it (protectKernelDefaults). Fix: remove it."
    )


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("net.ipv4.conf.all.forwarding", "is another name of net.ipv4.ip_forward, or a part of it, which Slipway sets"),
        ("net.ipv4.conf.ens5/1.forwarding", "is another name of net.ipv4.ip_forward, or a part of it, which Slipway "
         "sets"),
        ("net.ipv4.conf.all.rp_filter", "is the pod network's to set: with a filter on, Cilium's packets are dropped"),
        ("net.ipv4.conf.lxc-1.rp_filter", "is the pod network's to set: with a filter on, Cilium's packets are "
         "dropped"),
        ("kernel.modules_disabled", "would keep the kernel from loading what the pod network needs"),
    ],
)  # fmt: skip
def test_what_would_part_a_machine_from_its_cluster(key: str, why: str) -> None:
    assert one(key) == f"'1' {why}. Fix: remove it."


@pytest.mark.parametrize("value", ["524287", "0", "-1", "0x100000", "many", "99999999999"])
def test_watches_may_only_be_raised(value: str) -> None:
    assert one("fs.inotify.max_user_watches", value) == (
        f"'{value}' is not a number from 524288 on, which Slipway sets. Fix: write more, as \"1048576\", or remove it."
    )


@pytest.mark.parametrize("value", ["1024 65535", "32767 60999", "32768", "1"])
def test_ports_of_services_are_not_given_away(value: str) -> None:
    assert one("net.ipv4.ip_local_port_range", value) == (
        f"'{value}' would give ports of Services, the kubelet or etcd to connections of the machine's own. "
        'Fix: begin it after 32767, as "32768 65535".'
    )


def test_all_bad_parameters_are_told_with_what_else_is_wrong() -> None:
    lines = report(
        with_fourth(sysctls={"kernel.panic": "0", "vm.swappiness": "1", "Swap": "1", "vm.x": ""}, maxSize=-1)
    )
    assert [line.partition(": ")[0] for line in lines] == [
        f"{GROUP}.maxSize",
        f"{GROUP}.sysctls['kernel.panic']",
        f"{GROUP}.sysctls.Swap",
        f"{GROUP}.sysctls['vm.x']",
    ]


@pytest.mark.parametrize("role", ["ControlPlane", "Node", "Edge"])
def test_groups_of_every_role_are_held_to_it(role: str) -> None:
    groups = [group | {"sysctls": {"kernel.panic": "0"}} if group["role"] == role else group
              for group in ENVIRONMENT["instanceGroups"]]  # fmt: skip
    (line,) = report(sample_mapping(instanceGroups=groups))
    assert "sysctls['kernel.panic']: '0' is set by Slipway" in line


@pytest.mark.parametrize(
    "key",
    [
        "net.nf_conntrack_max",
        "net.netfilter.nf_conntrack_max",
        "net.netfilter.nf_conntrack_tcp_timeout_established",
        "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
    ],
)
def test_what_kube_proxy_writes_is_refused_where_it_runs(key: str) -> None:
    group = group_mapping("fourth", sysctls={key: "1048576", "vm.swappiness": "1"})
    groups = [*ENVIRONMENT["instanceGroups"], group]
    assert report(sample_mapping(instanceGroups=groups)) == []
    amazon = {"cni": "amazonVpc", "networkPolicies": "notEnforced"}
    assert report(sample_mapping(instanceGroups=groups, cluster=amazon)) == [
        f"{GROUP}.sysctls[{key!r}]: '1048576' is written by kube-proxy, which runs with amazonVpc, as soon as it "
        "starts. Fix: remove it."
    ]
