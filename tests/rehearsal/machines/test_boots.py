"""Steps of a first boot, of lines as a member and a worker wrote them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal.machines.boots import Boot, Step, boot_of, boot_table, boots_of

CLOUD_INIT = """\
2026-11-24 18:50:36,942 - handlers.py[DEBUG]: finish: init-network: SUCCESS: searching for network datasources
2026-11-24 18:50:37,000 - util.py[DEBUG]: finish: modules-config: said by somebody else
2026-11-24 18:50:43,019 - handlers.py[DEBUG]: finish: modules-config: SUCCESS: running modules for config
2026-11-24 18:50:45,323 - handlers.py[DEBUG]: start: modules-final/config-scripts-user: running config-scripts-user
2026-11-24 18:50:55,437 - handlers.py[DEBUG]: finish: modules-final/config-scripts-user: SUCCESS: ran successfully
"""
BEGIN = "1795546234.000000 i-1 systemd[1]: Starting cloud-init.service - Initial cloud-init job"
MACHINE = "1795546255.500000 ip-10-30-32-4 systemd[1]: Starting slipway-machine.service - Write the configuration..."
WORKER = f"""\
{BEGIN}
1795546237.200000 ip-10-30-32-5 systemd[1]: Starting containerd.service - containerd container runtime...
1795546238.700000 ip-10-30-32-5 systemd[1]: Started containerd.service - containerd container runtime.
{MACHINE}
1795546256.000000 ip-10-30-32-5 systemd[1]: Started containerd.service - containerd container runtime.
1795546256.500000 ip-10-30-32-5 systemd[1]: Starting slipway-kubelet-install.service - Install the kubelet...
1795546260.500000 ip-10-30-32-5 systemd[1]: Finished slipway-kubelet-install.service - Install the kubelet.
1795546264.500000 ip-10-30-32-5 systemd[1]: Finished slipway-join.service - Fetch what joins this machine.
1795546264.750000 ip-10-30-32-5 systemd[1]: Started kubelet.service - Kubelet.
1795546265.500000 ip-10-30-32-5 kubelet[458]: I1124 18:51 kubelet_node_status.go:78] "Successfully registered node"
1795546266.250000 ip-10-30-32-5 kubelet[458]: I1124 "Fast updating node status as it just became ready"
"""
MEMBER = f"""\
{BEGIN}
{MACHINE}
1795546255.600000 ip-10-30-32-4 systemd[1]: Starting slipway-member.service - Make this machine a member...
1795546264.000000 ip-10-30-32-4 member.py[440]: member: /usr/local/lib/slipway/install-kubelet.sh kubeadm
1795546268.000000 ip-10-30-32-4 member.py[440]: member: /usr/local/bin/kubeadm init phase certs all --config x
1795546270.000000 ip-10-30-32-4 systemd[1]: Finished slipway-member.service - Make this machine a member.
1795546276.000000 ip-10-30-32-4 systemd[1]: Started kubelet.service - Kubelet.
1795546281.500000 ip-10-30-32-4 kubelet[539]: I1124 18:51 kubelet_node_status.go:78] "Successfully registered node"
"""


def boot(journal: str) -> Boot:
    found = boot_of(journal.splitlines(), CLOUD_INIT.splitlines())
    assert found is not None
    return found


def figures(steps: tuple[Step, ...]) -> dict[str, float]:
    return {step.name: round(step.seconds, 3) for step in steps}


def test_a_worker_waits_for_the_api_server_and_for_nothing_that_ended_before_it_answered() -> None:
    found = boot(WORKER)
    assert figures(found.steps) == {
        "cloud-init reads user-data and writes its files": 2.942,
        "cloud-init: clock, locale, apt's settings": 6.077,
        "cloud-init looks at packages": 2.304,
        "its commands: the group's files are fetched": 10.177,
        "join: the API server answers and knows the token": 9.0,
        "the kubelet is downloaded and checked": 0.0,
        "containerd and images are waited for": 0.25,
        "the kubelet starts and registers the node": 0.75,
        "the node is Ready, its pod network there": 0.75,
    }
    assert figures(found.beside) == {"containerd, at first": 1.5, "the kubelet's download": 4.0}
    assert found.seconds == pytest.approx(32.25)


def test_a_member_s_steps_are_its_volume_kubeadm_and_its_own_api_server() -> None:
    found = boot(MEMBER)
    assert list(figures(found.steps).items())[4:] == [
        ("network interface and volume are attached, mounted", 8.5),
        ("kubeadm is downloaded and checked", 4.0),
        ("kubeadm's phases: certificates, manifests", 2.0),
        ("containerd and images are waited for", 6.0),
        ("etcd and the API server start; the node registers", 5.5),
    ]
    assert (found.beside, found.seconds) == ((), 47.5)


def test_steps_follow_each_other_from_zero_on() -> None:
    for found in (boot(WORKER), boot(MEMBER)):
        assert [0.0, *(step.ended for step in found.steps)][:-1] == [step.began for step in found.steps]


def test_a_later_boot_is_not_taken_for_the_end_of_the_first() -> None:
    ready = '1795550010.000000 ip kubelet[9]: I "Fast updating node status as it just became ready"\n'
    assert boot(f"{MEMBER}1795550000.000000 ip systemd[1]: Starting cloud-init.service - x\n{ready}") == boot(MEMBER)


@pytest.mark.parametrize("journal", ["", MACHINE, WORKER.split("1795546265")[0]])
def test_a_machine_whose_node_has_not_registered_has_no_figures(journal: str) -> None:
    assert boot_of(journal.splitlines(), CLOUD_INIT.splitlines()) is None


def test_the_table_says_which_machine_took_how_long_for_what() -> None:
    console = Console(width=100, file=io.StringIO())
    with console.capture() as printed:
        console.print(boot_table("i-1", boot(WORKER)), boot_table("i-2", None))
    text = printed.get()
    assert "i-1: Ready 32.2 s after cloud-init began to read its user-data" in text
    rows = [[cell.strip() for cell in line.strip("│ ").split("│")] for line in text.splitlines() if "│" in line]
    assert ["cloud-init: clock, locale, apt's settings", "6.1", "9.0"] in rows
    assert ["beside: the kubelet's download", "4.0", "26.5"] in rows
    assert "i-2: its node has not registered yet" in text


def test_machines_without_a_log_are_named_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "i-3").mkdir()
    (tmp_path / "images").mkdir()
    assert boots_of(tmp_path) == {"i-3": None}
