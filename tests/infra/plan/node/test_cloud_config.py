from __future__ import annotations

from tests.infra.plan.node.rendered import VOLUMES, cloud_config, user_data
from tests.infra.samples import with_group


def test_nobody_can_log_in() -> None:
    config = cloud_config(user_data())
    assert config["disable_root"] is True
    assert config["ssh_pwauth"] is False
    assert config["allow_public_ssh_keys"] is False
    assert config["bootcmd"] == [
        "systemctl mask ssh.service ssh.socket chrony-wait.service",
        "systemctl --no-block stop ssh.service ssh.socket chrony-wait.service || true",
    ]
    assert not {"users", "user", "password", "chpasswd", "ssh_authorized_keys", "ssh_keys"} & config.keys()


def test_packages_are_the_distributions() -> None:
    config = cloud_config(user_data())
    assert config["package_update"] is True
    assert config["packages"] == ["containerd", "curl", "iptables", "logrotate", "python3-boto3"]
    assert config["apt"] == {"conf": 'APT::Install-Recommends "false";'}


def test_time_comes_from_the_instances_own_link() -> None:
    assert cloud_config(user_data())["ntp"] == {
        "enabled": True,
        "ntp_client": "chrony",
        "servers": ["169.254.169.123"],
    }


SETTLE = [
    "until /usr/local/lib/slipway/fetch_config.py files; do sleep 5; done",
    "swapoff --all",
    "systemctl mask swap.target",
    "systemctl daemon-reload",
    "systemctl restart systemd-modules-load systemd-sysctl systemd-journald logrotate.timer",
]
BEFORE = "containerd.service slipway-machine.service"
AFTER = "slipway-kubelet-install.service kubelet.path kubelet.service"


def test_commands_at_a_workers_first_boot() -> None:
    units = f"{BEFORE} slipway-join.service {AFTER}"
    assert cloud_config(user_data())["runcmd"] == [
        *SETTLE,
        f"systemctl enable {units}",
        f"systemctl restart --no-block {units}",
    ]
    assert cloud_config(user_data("nodes", with_group(volumes=VOLUMES)))["runcmd"] == [
        *SETTLE,
        f"systemctl enable slipway-volumes.service {units}",
        f"systemctl restart --no-block slipway-volumes.service {units}",
    ]


def test_a_member_takes_its_place_and_needs_no_token() -> None:
    config = cloud_config(user_data("control-plane-a"))
    units = f"{BEFORE} slipway-member.service slipway-etcd-backup.timer slipway-certificates.timer {AFTER}"
    assert config["runcmd"][-2:] == [f"systemctl enable {units}", f"systemctl restart --no-block {units}"]
    assert "nvme-cli" in config["packages"]
