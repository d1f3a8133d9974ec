from __future__ import annotations

import configparser
from fnmatch import fnmatch

import pytest

from tests.infra.plan.node.rendered import cloud_config, files_of, user_data
from tests.infra.samples import sample_spec

AMAZON = {"cni": "amazonVpc", "networkPolicies": "notEnforced"}
CONF = "/etc/systemd/networkd.conf.d/slipway.conf"
PODS = "/etc/systemd/network/05-slipway-pods.network"
RESTART = "systemctl restart systemd-networkd"
OF_DEBIAN = "10-netplan-all-en.network"
"""What netplan makes of the image's own file: all that is called en*."""


def unit(text: str) -> configparser.ConfigParser:
    read = configparser.ConfigParser(delimiters=("=",))
    read.read_string(text)
    return read


@pytest.mark.parametrize("group", ["control-plane-a", "nodes"])
def test_networkd_leaves_alone_what_the_vpc_cni_makes(group: str) -> None:
    # It took the daemon's rules away with each pod that came: the packets of pods on further interfaces then left by
    # the first one, where EC2 drops them.
    text = user_data(group, sample_spec(cluster=AMAZON))
    files = files_of(text)
    assert dict(unit(files[CONF])["Network"]) == {"manageforeignroutes": "no", "manageforeignroutingpolicyrules": "no"}
    pods = unit(files[PODS])
    assert fnmatch("eni6b48f76044e", pods["Match"]["Name"])
    assert not fnmatch("ens5", pods["Match"]["Name"])
    assert pods["Link"]["Unmanaged"] == "yes"
    assert PODS.rpartition("/")[2] < OF_DEBIAN
    commands = cloud_config(text)["runcmd"]
    kubelet = next(command for command in commands if "restart --no-block" in command)
    assert commands.index(RESTART) < commands.index(kubelet)


def test_other_networks_do_without() -> None:
    text = user_data("nodes", sample_spec())
    assert {CONF, PODS}.isdisjoint(files_of(text))
    assert RESTART not in cloud_config(text)["runcmd"]
