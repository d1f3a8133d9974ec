from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.templates.node.machine_config import main, reservations, reserved_cpu_milli, reserved_memory_mi

GI = 1024


@pytest.mark.parametrize(
    ("memory_mi", "reserved"),
    [
        # GKE's shares: 255 MiB below 1 GiB; 25% of the first 4 GiB, 20% of the next 4, 10% of the next 8, 6% of the
        # next 112 and 2% of what is beyond.
        (200, 200),
        (512, 255),
        (1023, 255),
        (1024, 256),
        (3840, 960),
        (4 * GI, 1024),
        (8 * GI, 1024 + 819),
        (16 * GI, 1024 + 819.2 + 819.2),
        (32 * GI, 1024 + 819.2 + 819.2 + 983.04),
        (128 * GI, 1024 + 819.2 + 819.2 + 6881.28),
        (256 * GI, 1024 + 819.2 + 819.2 + 6881.28 + 2621.44),
    ],
)
def test_memory_follows_gkes_table(memory_mi: int, reserved: float) -> None:
    assert reserved_memory_mi(memory_mi) == int(reserved)


@pytest.mark.parametrize(
    ("cpus", "milli"), [(1, 60), (2, 70), (3, 75), (4, 80), (5, 82), (8, 90), (16, 110), (48, 190), (96, 310)]
)
def test_cpu_follows_gkes_table(cpus: int, milli: int) -> None:
    assert reserved_cpu_milli(cpus) == milli


def test_more_machine_never_means_less_left_for_pods() -> None:
    left = [memory - reserved_memory_mi(memory) for memory in range(1024, 300 * GI, 64)]
    assert left == sorted(left)
    cpus = [1000 * count - reserved_cpu_milli(count) for count in range(1, 200)]
    assert cpus == sorted(cpus)


@pytest.mark.parametrize(("cpus", "memory_mi"), [(1, 512), (2, 3900), (2, 7800), (4, 15_900), (96, 190_000)])
def test_the_two_parts_add_up_to_the_sum(cpus: int, memory_mi: int) -> None:
    parts = reservations(cpus, memory_mi)
    kube, system = parts["kubeReserved"], parts["systemReserved"]
    assert int(kube["cpu"][:-1]) + int(system["cpu"][:-1]) == reserved_cpu_milli(cpus)
    assert int(kube["memory"][:-2]) + int(system["memory"][:-2]) == reserved_memory_mi(memory_mi)


def test_reservations_of_an_m7i_large() -> None:
    assert reservations(2, 8 * GI) == {
        "kubeReserved": {"cpu": "53m", "memory": "1383Mi", "ephemeral-storage": "1Gi"},
        "systemReserved": {"cpu": "17m", "memory": "460Mi"},
    }


def machine(root: Path, *, resolved: bool = False, word: str = "meta-data", **instance: Any) -> dict[str, Any]:
    """Run the program on a machine of 8 GiB below `root`, and return the kubelet's drop-in."""
    facts = {
        "cloud_name": "aws",
        "instance_id": "i-0a1b2c3d4e5f60718",
        "availability_zone": "eu-central-1a",
        **instance,
    }
    for path, text in (
        (
            "run/cloud-init/instance-data.json",
            json.dumps({"v1": facts, "ds": {word: {"local-ipv4": "10.20.32.7"}}}),
        ),
        ("proc/meminfo", "MemTotal:        8388608 kB\nMemFree:         100 kB\nHugePages_Total:       0\n"),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    if resolved:
        (root / "run/systemd/resolve").mkdir(parents=True)
        (root / "run/systemd/resolve/resolv.conf").touch()
    main(root, cpus=2)
    config = json.loads((root / "etc/kubernetes/kubelet.conf.d/20-machine.conf").read_text())
    assert isinstance(config, dict)
    return config


def test_the_drop_in_of_an_instance(tmp_path: Path) -> None:
    assert machine(tmp_path, resolved=True) == {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "resolvConf": "/run/systemd/resolve/resolv.conf",
        "providerID": "aws:///eu-central-1a/i-0a1b2c3d4e5f60718",
        **reservations(2, 8 * GI),
    }
    assert (tmp_path / "run/slipway/machine.env").read_text() == "NODE_NAME=i-0a1b2c3d4e5f60718\nNODE_IP=10.20.32.7\n"


def test_the_address_is_found_by_either_spelling_of_cloud_init(tmp_path: Path) -> None:
    machine(tmp_path, word="meta_data")
    assert "NODE_IP=10.20.32.7\n" in (tmp_path / "run/slipway/machine.env").read_text()


def test_a_machine_without_systemd_resolved_uses_the_plain_file(tmp_path: Path) -> None:
    assert machine(tmp_path)["resolvConf"] == "/etc/resolv.conf"


def test_a_machine_elsewhere_than_on_aws_has_no_provider_id(tmp_path: Path) -> None:
    config = machine(tmp_path, cloud_name="none", availability_zone=None, instance_id="i-rehearsed")
    assert "providerID" not in config
    assert (tmp_path / "run/slipway/machine.env").read_text() == "NODE_NAME=i-rehearsed\nNODE_IP=10.20.32.7\n"


def test_directories_that_the_join_step_and_kubelet_path_expect_are_made(tmp_path: Path) -> None:
    machine(tmp_path)
    for directory in ("etc/kubernetes/pki", "etc/kubernetes/manifests", "var/lib/kubelet"):
        assert (tmp_path / directory).is_dir()


def test_it_can_run_again_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    assert machine(tmp_path) == machine(tmp_path)
    written = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(written) == ["20-machine.conf", "instance-data.json", "machine.env", "meminfo"]


@pytest.mark.parametrize("missing", ["run/cloud-init/instance-data.json", "proc/meminfo"])
def test_without_its_facts_it_fails_and_writes_nothing(tmp_path: Path, missing: str) -> None:
    machine(tmp_path)
    (tmp_path / "run/slipway/machine.env").unlink()
    (tmp_path / missing).unlink()
    with pytest.raises(FileNotFoundError):
        main(tmp_path)
    assert not (tmp_path / "run/slipway/machine.env").exists()
