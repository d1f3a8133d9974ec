from __future__ import annotations

import json
import re
from ipaddress import IPv4Network
from pathlib import Path

from rehearsal.machines import injected
from rehearsal.machines.machine import REBOOTS
from rehearsal.toolchain.release import TOOLS_FOLDER
from tests.rehearsal.machines.samples import instance, interface

PODS, ALL_PODS = IPv4Network("100.96.3.0/24"), IPv4Network("100.96.0.0/11")


def files() -> dict[str, str]:
    two = instance(interface(), interface(1, "10.20.32.10"))
    given = (*injected.injected_files(two), *injected.network_files(two, PODS, ALL_PODS))
    return {each.path: each.content for each in given}


def test_cloud_init_takes_the_machine_for_one_of_ec2() -> None:
    given = files()
    assert given["/usr/local/lib/rehearsal/hypervisor-uuid"].startswith("ec2")
    assert "datasource_list: [Ec2]" in given["/etc/cloud/cloud.cfg.d/95-rehearsal.cfg"]


def test_the_first_interface_alone_is_configured_as_by_dhcp() -> None:
    given = files()
    assert [path for path in given if path.startswith("/etc/systemd/network/")] == [
        "/etc/systemd/network/10-ens5.network"
    ]
    lines = given["/etc/systemd/network/10-ens5.network"].splitlines()
    assert "Address=10.20.32.5/19" in lines
    assert "Gateway=10.20.32.1" in lines
    assert "MACAddress=02:00:00:00:00:00" in lines


def test_a_machine_is_told_its_memory_and_its_name_to_the_volumes_driver() -> None:
    given = files()
    assert given["/usr/local/lib/rehearsal/memory-mib"] == "8192\n"
    unit = given["/etc/systemd/system/rehearsal-csi.service"]
    assert "ExecStart=/opt/rehearsal/csi -node=i-0123456789abcdef0\n" in unit


def test_what_keeps_network_policies_runs_where_it_is_given_and_knows_its_node() -> None:
    unit = files()["/etc/systemd/system/rehearsal-netpol.service"]
    assert f"ConditionPathExists={injected.POLICIES}\n" in unit
    assert f"ExecStart={injected.POLICIES} -node=i-0123456789abcdef0\n" in unit
    queue = re.search(r"^const queue = (\d+)$", (TOOLS_FOLDER / "netpol" / "main.go").read_text(), re.MULTILINE)
    assert queue
    assert f'-j NFQUEUE --queue-num {queue[1]}"' in unit


def test_a_reboot_leaves_the_file_that_the_machines_process_looks_for() -> None:
    assert f"touch {REBOOTS}\n" in files()["/usr/lib/systemd/system-shutdown/rehearsal"]


def test_pods_get_addresses_of_the_machines_own_share() -> None:
    network = json.loads(files()["/etc/cni/net.d/90-rehearsal-stand-in.conflist"])
    assert network["plugins"][0]["ipam"]["ranges"] == [[{"subnet": "100.96.3.0/24"}]]


def test_files_are_written_and_units_switched_on_and_off(tmp_path: Path) -> None:
    bundle = tmp_path / "etc/ssl/certs/ca-certificates.crt"
    for path in (bundle, tmp_path / "usr/local/share/ca-certificates/x"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("known\n")
    given = injected.injected_files(instance())
    for _ in range(2):  # a machine that starts again gets them again
        injected.write(tmp_path, given, "authority\n")
    assert bundle.read_text() == "known\n\nauthority\n"
    units = tmp_path / "etc/systemd/system"
    assert str((units / "sysinit.target.wants/rehearsal-early.service").readlink()).endswith("rehearsal-early.service")
    assert {str((units / unit).readlink()) for unit in injected.MASKED} == {"/dev/null"}
    assert (tmp_path / "usr/local/lib/rehearsal/early.sh").stat().st_mode & 0o777 == 0o755
