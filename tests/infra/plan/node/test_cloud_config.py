from __future__ import annotations

from tests.infra.plan.node.rendered import VOLUMES, cloud_config, user_data
from tests.infra.samples import with_group


def test_nobody_can_log_in() -> None:
    config = cloud_config(user_data())
    assert config["disable_root"] is True
    assert config["ssh_pwauth"] is False
    assert config["allow_public_ssh_keys"] is False
    assert config["bootcmd"] == [
        "systemctl mask ssh.service ssh.socket",
        "systemctl --no-block stop ssh.service ssh.socket || true",
    ]
    assert not {"users", "user", "password", "chpasswd", "ssh_authorized_keys", "ssh_keys"} & config.keys()


def test_packages_are_the_distributions() -> None:
    config = cloud_config(user_data())
    assert config["package_update"] is True
    assert config["packages"] == ["containerd", "curl", "iptables", "logrotate"]
    assert config["apt"] == {"conf": 'APT::Install-Recommends "false";'}


def test_time_comes_from_the_instances_own_link() -> None:
    assert cloud_config(user_data())["ntp"] == {
        "enabled": True,
        "ntp_client": "chrony",
        "servers": ["169.254.169.123"],
    }


def test_commands_at_first_boot() -> None:
    units = "containerd.service slipway-machine.service slipway-kubelet-install.service kubelet.path kubelet.service"
    settle = [
        "swapoff --all",
        "systemctl mask swap.target",
        "systemctl daemon-reload",
        "systemctl restart systemd-modules-load systemd-sysctl systemd-journald logrotate.timer",
    ]
    assert cloud_config(user_data())["runcmd"] == [
        *settle,
        f"systemctl enable {units}",
        f"systemctl restart --no-block {units}",
    ]
    assert cloud_config(user_data("nodes", with_group(volumes=VOLUMES)))["runcmd"] == [
        *settle,
        f"systemctl enable slipway-volumes.service {units}",
        f"systemctl restart --no-block slipway-volumes.service {units}",
    ]
