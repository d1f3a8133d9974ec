"""Units and drop-ins judged by systemd, beside the distribution's units that they change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.infra.plan.node.rendered import (
    VOLUMES,
    fetched_files,
    files_of,
    kubelet_config,
    unpack,
    unpack_fetched,
    user_data,
)
from tests.infra.samples import sample_spec, with_group
from tests.infra.templates.node.tools import needs

# What Debian 12's packages ship, as far as our drop-ins touch it.
DISTRIBUTION = {
    "logrotate.service": "[Service]\nType=oneshot\nExecStart=/usr/sbin/logrotate /etc/logrotate.conf\n",
    "logrotate.timer": "[Timer]\nOnCalendar=daily\nAccuracySec=1h\nPersistent=true\n",
    "containerd.service": "[Service]\nType=notify\nExecStart=/usr/bin/containerd\n",
}
PROGRAMS = ("usr/sbin/logrotate", "usr/bin/containerd", "usr/bin/systemctl", "usr/local/bin/kubelet")
TARGETS = ("basic", "sysinit", "shutdown", "timers", "multi-user", "network-online", "cloud-config")
UNITS = (
    "kubelet.service",
    "kubelet.path",
    "slipway-machine.service",
    "slipway-join.service",
    "slipway-member.service",
    "slipway-etcd-backup.service",
    "slipway-etcd-backup.timer",
    "slipway-certificates.service",
    "slipway-certificates.timer",
    "slipway-kms-provider.service",
    "slipway-kubelet-install.service",
    "slipway-volumes.service",
    "slipway-serving.service",
    "slipway-serving.timer",
    *DISTRIBUTION,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's file system, as far as systemd looks at it: stand-ins for programs, the real units."""
    spec = with_group(volumes=VOLUMES)
    unpack(user_data("nodes", spec), tmp_path)
    unpack_fetched(tmp_path, "nodes", spec)
    by_kms = sample_spec(cluster={"controlPlane": {"secretsEncryption": "kms"}})
    unpack_fetched(tmp_path, "control-plane-a", by_kms)
    unpack_fetched(tmp_path, "nodes", with_group(subnets="public"))
    for program in PROGRAMS:
        path = tmp_path / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o755)
    folder = tmp_path / "usr/lib/systemd/system"
    folder.mkdir(parents=True)
    for name, text in DISTRIBUTION.items():
        (folder / name).write_text(text)
    for target in TARGETS:
        (folder / f"{target}.target").write_text(f"[Unit]\nDescription={target}\n")
    return tmp_path


def verify(root: Path, *units: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "verify", "--man=no", f"--root={root}", *units]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@needs("systemd-analyze", "systemd")
def test_systemd_accepts_every_unit_and_drop_in(root: Path) -> None:
    result = verify(root, *UNITS)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


@needs("systemd-analyze", "systemd")
def test_a_mistyped_setting_would_be_found(root: Path) -> None:
    unit = root / "etc/systemd/system/kubelet.service"
    unit.write_text(unit.read_text().replace("RestartSec=10", "RestartSecs=10"))
    assert "'RestartSecs' in section" in verify(root, "kubelet.service").stderr


@needs("systemd-analyze", "systemd")
def test_our_drop_in_replaces_the_distributions_schedule(root: Path) -> None:
    timer = root / "etc/systemd/system/logrotate.timer.d/slipway.conf"
    timer.write_text(timer.read_text().replace("OnCalendar=hourly", "OnCalendar=sometimes"))
    assert "Failed to parse calendar specification" in verify(root, "logrotate.timer").stderr


def test_logrotate_runs_hourly_on_our_file() -> None:
    files = files_of(user_data())
    timer = files["/etc/systemd/system/logrotate.timer.d/slipway.conf"].splitlines()
    # The empty assignment drops the distribution's daily schedule; without it both would hold.
    assert timer[:3] == ["[Timer]", "OnCalendar=", "OnCalendar=hourly"]
    service = files["/etc/systemd/system/logrotate.service.d/slipway.conf"].splitlines()
    assert service == ["[Service]", "ExecStart=", "ExecStart=/usr/sbin/logrotate /etc/slipway/logrotate.conf"]


def test_a_new_cluster_has_a_snapshot_before_the_hour(tmp_path: Path) -> None:
    """README's `validate --wait 15m` waits for one."""
    unpack_fetched(tmp_path, "control-plane-a")
    timer = settings((tmp_path / "etc/systemd/system/slipway-etcd-backup.timer").read_text())
    assert [value for key, value in timer if key in ("OnActiveSec", "OnCalendar", "RandomizedDelaySec")] == [
        "hourly", "2min", "10min",
    ]  # fmt: skip


def settings(text: str) -> list[tuple[str, str]]:
    pairs = (line.partition("=") for line in text.replace("\\\n", "").splitlines() if "=" in line)
    return [(key, value) for key, _, value in pairs]


def test_a_kubelet_that_has_not_joined_is_skipped_and_started_when_it_has() -> None:
    files = files_of(user_data())
    conditions = [v for k, v in settings(files["/etc/systemd/system/kubelet.service"]) if k == "ConditionPathExists"]
    assert conditions == [
        "/usr/local/bin/kubelet",
        "/run/slipway/machine.env",
        "/etc/kubernetes/pki/ca.crt",
        "|/var/lib/kubelet/bootstrap-kubeconfig",
        "|/var/lib/kubelet/kubeconfig",
    ]
    watched = [v for k, v in settings(files["/etc/systemd/system/kubelet.path"]) if k == "PathChanged"]
    assert watched == [condition.removeprefix("|") for condition in conditions]


def test_the_kubelet_is_started_with_the_files_that_are_written() -> None:
    files = files_of(user_data())
    unit = dict(settings(files["/etc/systemd/system/kubelet.service"]))
    assert unit["ExecStart"].split() == [
        "/usr/local/bin/kubelet",
        "--config=/etc/kubernetes/kubelet.yaml",
        "--config-dir=/etc/kubernetes/kubelet.conf.d",
        "--bootstrap-kubeconfig=/var/lib/kubelet/bootstrap-kubeconfig",
        "--kubeconfig=/var/lib/kubelet/kubeconfig",
        "--cloud-provider=external",
        "--hostname-override=${NODE_NAME}",
        "--node-ip=${NODE_IP}",
        "--image-credential-provider-config=/etc/kubernetes/credential-providers.yaml",
        "--image-credential-provider-bin-dir=/usr/local/lib/slipway/credential-providers",
        "--node-labels=${NODE_LABELS}",
    ]
    assert "/etc/kubernetes/kubelet.yaml" in files
    assert unit["Restart"] == "always"


def test_every_enabled_unit_is_either_ours_or_the_distributions() -> None:
    text = user_data("nodes", with_group(volumes=VOLUMES))
    files = files_of(text)
    enable = next(line for line in text.splitlines() if line.startswith("- systemctl enable"))
    for unit in enable.split()[3:]:
        own = files.get(f"/etc/systemd/system/{unit}")
        assert unit == "containerd.service" or (own is not None and "WantedBy=multi-user.target" in own), unit


@pytest.mark.parametrize("group", ["nodes", "control-plane-a"])
def test_every_program_a_unit_starts_is_written_or_of_the_distribution(group: str) -> None:
    spec = with_group(volumes=VOLUMES)
    files = {**files_of(user_data(group, spec)), **fetched_files(group, spec)}
    started = set()
    for path, text in files.items():
        for key, value in settings(text) if path.endswith(".service") else []:
            if key.startswith("Exec"):
                program = value.split()[0]
                started.add(program)
                assert program in files or program in ("/usr/local/bin/kubelet", "/usr/bin/systemctl"), value
    assert "/usr/local/lib/slipway/install-kubelet.sh" in started
    assert ("/usr/local/lib/slipway/member.py" in started) == (group == "control-plane-a")


def test_a_machine_with_a_public_address_has_its_certificate_asked_for() -> None:
    spec = with_group(subnets="public")
    text = user_data("nodes", spec)
    enable = next(line for line in text.splitlines() if line.startswith("- systemctl enable"))
    assert enable.endswith(" slipway-serving.service slipway-serving.timer")
    files = fetched_files("nodes", spec)
    unit = files["/etc/systemd/system/slipway-serving.service"]
    assert "\nEnvironment=INTERNAL_DOMAIN=eu-central-1.compute.internal\n" in unit
    assert dict(settings(unit))["ExecStart"] in files
    assert kubelet_config(text)["serverTLSBootstrap"] is False

    private = user_data()
    assert kubelet_config(private)["serverTLSBootstrap"] is True
    assert "slipway-serving" not in private + "".join(fetched_files())


def test_containerd_and_the_kubelet_need_the_volumes() -> None:
    files = files_of(user_data("nodes", with_group(volumes=VOLUMES)))
    for unit in ("containerd", "kubelet"):
        assert files[f"/etc/systemd/system/{unit}.service.d/slipway.conf"] == (
            "[Unit]\nRequires=slipway-volumes.service\nAfter=slipway-volumes.service\n"
        )
