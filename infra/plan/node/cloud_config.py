"""The cloud-config document: what cloud-init does with a machine at its first boot."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from infra.plan.control_plane.encryption import PROVIDER_UNIT
from infra.plan.node.assets import LIBRARY, NodeFile
from infra.plan.node.yaml_text import yaml_text

HEADER = "#cloud-config\n"
"""First line by which cloud-init knows the document (cloud-init documentation, "User-data formats")."""

TIME_SERVER = "169.254.169.123"
"""Amazon Time Sync Service (EC2 User Guide): on every instance, without leaving it."""

PACKAGES = ("containerd", "curl", "iptables", "logrotate", "python3-boto3")
"""Packages of the distribution. iptables is what the kubelet and kube-proxy call; the images may lack curl; boto3
fetches the machine's configuration as the role that the machine has."""

PROVIDER_PACKAGES = ("python3-grpcio",)
"""What the API server and its provider of KMS speak; it brings protobuf."""

VOLUME_PACKAGES = ("nvme-cli",)
"""What finds the volumes of a group that has some."""

_UNWANTED = "ssh.service ssh.socket chrony-wait.service"
_UNITS = ("containerd.service", "slipway-machine.service")
_MEMBER_UNITS = ("slipway-member.service", "slipway-etcd-backup.timer", "slipway-certificates.timer")
SERVING_UNITS = ("slipway-serving.service", "slipway-serving.timer")
"""What gets a certificate for the kubelet of a machine with public addresses."""

_KUBELET_UNITS = ("slipway-kubelet-install.service", "kubelet.path", "kubelet.service")

FETCH_FILES = f"until {LIBRARY}/fetch_config.py files; do sleep 5; done"
"""Everything else waits for it: without its files a machine is of no use, and they may be written a moment later."""


def cloud_config_text(
    files: tuple[NodeFile, ...],
    *,
    with_volumes: bool,
    is_member: bool = False,
    is_public: bool = False,
    is_for_vpc_pods: bool = False,
    wraps_by_kms: bool = False,
) -> str:
    """Return the document, byte for byte the same for the same arguments.

    ``with_volumes`` is whether the group declares volumes, ``is_member`` whether its machine joins the control plane,
    whose members have a volume of etcd's; ``is_public`` whether it has a public address; ``is_for_vpc_pods`` whether
    its pods have addresses of the VPC, and it therefore files of networkd's; ``wraps_by_kms`` whether it is a member
    that has the keys of Secrets wrapped by KMS.
    """
    written = "".join(_written(file) for file in files)
    commands = _commands(with_volumes, is_member, is_public, is_for_vpc_pods, wraps_by_kms)
    return f"{HEADER}{_settings(with_volumes or is_member, wraps_by_kms)}write_files:\n{written}{commands}"


@lru_cache
def _settings(with_volumes: bool, wraps_by_kms: bool) -> str:
    settings: dict[str, Any] = {
        # Nobody logs in: no account has a password or a key, the instance's key pair included, and sshd does not run.
        "disable_root": True,
        "ssh_pwauth": False,
        "allow_public_ssh_keys": False,
        # The quickest kind of host key to make, since cloud-init's schema wants one: the four take it 3 s to 5 s.
        "ssh_genkeytypes": ["ed25519"],
        # cloud-init's last stage, which starts the kubelet, would wait 4 s to 6 s for chrony's first answer where an
        # image has chrony-wait on. EC2's clocks are right to the second from the start, and every step that looks at a
        # certificate is tried again until it succeeds.
        "bootcmd": [f"systemctl mask {_UNWANTED}", f"systemctl --no-block stop {_UNWANTED} || true"],
        "apt": {"conf": 'APT::Install-Recommends "false";'},
        "package_update": True,
        "packages": [
            *PACKAGES,
            *(VOLUME_PACKAGES if with_volumes else ()),
            *(PROVIDER_PACKAGES if wraps_by_kms else ()),
        ],
        "ntp": {"enabled": True, "ntp_client": "chrony", "servers": [TIME_SERVER]},
    }
    return yaml_text(settings)


@lru_cache(maxsize=512)
def _written(file: NodeFile) -> str:
    entry: dict[str, Any] = {"path": file.path}
    if file.executable:
        entry["permissions"] = "0755"
    return yaml_text([{**entry, "content": file.content}])


@lru_cache
def _commands(with_volumes: bool, is_member: bool, is_public: bool, is_for_vpc_pods: bool, wraps_by_kms: bool) -> str:
    own = _MEMBER_UNITS if is_member else ("slipway-join.service",)
    units = [*(("slipway-volumes.service",) if with_volumes else ()), *_UNITS, *own, *_KUBELET_UNITS]
    units += SERVING_UNITS if is_public else ()
    units += (PROVIDER_UNIT,) if wraps_by_kms else ()
    commands = [
        FETCH_FILES,
        "swapoff --all",
        "systemctl mask swap.target",
        "systemctl daemon-reload",
        "systemctl restart systemd-modules-load systemd-sysctl systemd-journald logrotate.timer",
        *(("systemctl restart systemd-networkd",) if is_for_vpc_pods else ()),
        f"systemctl enable {' '.join(units)}",
        # Not waited for: units order themselves, and cloud-init must be able to end.
        f"systemctl restart --no-block {' '.join(units)}",
    ]
    return yaml_text({"runcmd": commands})
