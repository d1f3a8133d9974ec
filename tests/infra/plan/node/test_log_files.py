from __future__ import annotations

import re

import pytest

from infra.plan.node.log_files import LOG_OWNERS, LogOwner, owners_of
from tests.infra.plan.node.rendered import files_of, user_data


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/var/log/pods/demo_web-0_0f0f/app/0.log", "kubelet"),
        ("/var/log/pods/demo_web-0_0f0f/app/0.log.20261124-101010.gz", "kubelet"),
        ("/var/log/containers/web-0_demo_app-0a1b.log", "kubelet"),
        ("/var/log/journal/0123/system.journal", "systemd-journald"),
        ("/var/log/cloud-init.log", "logrotate"),
        ("/var/log/cloud-init-output.log", "logrotate"),
        ("/var/log/dpkg.log", "logrotate"),
        ("/var/log/kern.log", "logrotate"),
        ("/var/log/syslog", "logrotate"),
        ("/var/log/apt/history.log", "logrotate"),
        ("/var/log/audit/audit.log", "auditd"),
        ("/var/log/kubernetes/audit/audit.log", "kube-apiserver"),
        ("/var/log/amazon/ssm/amazon-ssm-agent.log", "amazon-ssm-agent"),
        ("/var/log/aws-routed-eni/ipamd.log", "aws-vpc-cni"),
    ],
)
def test_each_file_has_one_owner(path: str, owner: str) -> None:
    assert owners_of(path) == (owner,)


def test_a_star_ends_at_a_slash_and_two_do_not() -> None:
    owner = LogOwner("x", ("/a/*.log", "/b/**"), "")
    assert [owner.owns(p) for p in ("/a/x.log", "/a/x/y.log", "/a/xlog", "/b/x/y", "/b", "/c/a/x.log")] == [
        True, False, False, True, False, False,
    ]  # fmt: skip


def test_a_file_of_nobody_has_no_owner() -> None:
    assert owners_of("/var/log/other/x.txt") == ()


def test_patterns_of_different_owners_never_meet() -> None:
    # A path made from each pattern, once with one and once with more elements for a star.
    for owner in LOG_OWNERS:
        for pattern in owner.patterns:
            for filler in ("x", "x.log", "pods"):
                path = pattern.replace("**", f"{filler}/deep/{filler}.log").replace("*", filler)
                assert owners_of(path) == (owner.name,), path


def test_the_bounds_named_in_the_table_are_what_machines_get() -> None:
    files = files_of(user_data())
    assert re.search(r"^SystemMaxUse=512M$", files["/etc/systemd/journald.conf.d/slipway.conf"], re.MULTILINE)
    assert "containerLogMaxSize: 10Mi\n" in files["/etc/kubernetes/kubelet.yaml"]
    assert "containerLogMaxFiles: 5\n" in files["/etc/kubernetes/kubelet.yaml"]
    assert re.search(r"^maxsize 10M$", files["/etc/slipway/logrotate.conf"], re.MULTILINE)
