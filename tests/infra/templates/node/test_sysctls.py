"""A group's kernel parameters, read by systemd in its own order and with its own judgement."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from infra.plan.node.sysctls import SYSCTLS
from tests.infra.plan.node.rendered import unpack, user_data
from tests.infra.samples import with_group
from tests.infra.templates.node.tools import needs

SYSTEMD_SYSCTL = "/lib/systemd/systemd-sysctl"


def machine(folder: Path, **sysctls: str) -> Path:
    """Lay out what a machine with these parameters has below a folder."""
    unpack(user_data("nodes", with_group(sysctls=sysctls)), folder)
    return folder


@needs("systemd-analyze", "systemd")
def test_a_group_s_parameters_are_read_after_the_image_s_and_before_cilium_s(tmp_path: Path) -> None:
    root = machine(tmp_path, **{"vm.swappiness": "1"})
    others = ("etc/sysctl.d/99-sysctl.conf", "etc/sysctl.d/99-zzz-override_cilium.conf", "usr/lib/sysctl.d/99-x.conf")
    for path in others:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("vm.swappiness = 60\n")
    command = ["systemd-analyze", f"--root={root}", "cat-config", "sysctl.d"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    read = [line.rpartition("/")[2] for line in result.stdout.splitlines() if line.startswith("# /")]
    assert read == [
        "90-slipway.conf",
        "99-sysctl.conf",
        "99-x.conf",
        SYSCTLS.rpartition("/")[2],
        "99-zzz-override_cilium.conf",
    ]


def applied(path: Path) -> subprocess.CompletedProcess[str]:
    """Have systemd set a file's parameters on this computer: only such as it cannot set."""
    return subprocess.run([SYSTEMD_SYSCTL, str(path)], capture_output=True, text=True, check=False)


@needs(SYSTEMD_SYSCTL, "systemd")
def test_an_unknown_parameter_is_named_and_fails_nothing(tmp_path: Path) -> None:
    root = machine(tmp_path, **{"vm.no_such_parameter": "1", "net.ipv4.conf.no/such.mtu": "1"})
    result = applied(root / SYSCTLS.lstrip("/"))
    assert result.returncode == 0
    assert "Couldn't write '1' to 'vm/no_such_parameter', ignoring: No such file or directory" in result.stderr
    assert "to 'net/ipv4/conf/no.such/mtu', ignoring" in result.stderr


@needs(SYSTEMD_SYSCTL, "systemd")
@pytest.mark.skipif(not os.access("/proc/sys/vm/swappiness", os.W_OK), reason="the kernel's parameters are read-only")
def test_a_value_that_the_kernel_refuses_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    root = machine(tmp_path, **{"vm.swappiness": "many", "vm.no_such_parameter": "1"})
    result = applied(root / SYSCTLS.lstrip("/"))
    assert result.returncode == 1
    assert "Couldn't write 'many' to 'vm/swappiness': Invalid argument" in result.stderr
    assert "vm/no_such_parameter" in result.stderr
