"""Who owns which log files of a node: every file has one owner, which alone renames, shortens or deletes it."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class LogOwner:
    """One owner of log files."""

    name: str
    patterns: tuple[str, ...]
    """Paths: ``*`` stands for anything within one path element, ``**`` for anything at all."""
    bound: str
    """What keeps them small."""

    def owns(self, path: str) -> bool:
        """Return whether ``path`` is this owner's."""
        return any(_expression(pattern).fullmatch(path) for pattern in self.patterns)


def _expression(pattern: str) -> re.Pattern[str]:
    meanings = {"**": ".*", "*": "[^/]*"}
    parts = re.split(r"(\*\*|\*)", pattern)
    return re.compile("".join(meanings.get(part, re.escape(part)) for part in parts))


LOGROTATE_MAX_SIZE = "10M"
LOGROTATE_ROTATE = 10
LOGROTATE_GLOBS = ("/var/log/*.log",)
"""What Slipway's own logrotate stanza covers. Nothing deeper: ``/var/log/*/*.log`` takes in the kubelet's files."""

LOG_OWNERS = (
    LogOwner("kubelet", ("/var/log/pods/**", "/var/log/containers/**"), "containerLogMaxSize, containerLogMaxFiles"),
    LogOwner("systemd-journald", ("/var/log/journal/**",), "SystemMaxUse"),
    LogOwner(
        "logrotate",
        (
            *LOGROTATE_GLOBS,
            # Of packages' own stanzas, whose files logrotate finds in /etc/logrotate.d.
            "/var/log/syslog",
            "/var/log/messages",
            "/var/log/debug",
            "/var/log/wtmp",
            "/var/log/btmp",
            "/var/log/apt/*.log",
            "/var/log/chrony/*.log",
            "/var/log/unattended-upgrades/*.log",
        ),
        f"hourly, at {LOGROTATE_MAX_SIZE}",
    ),
    # These rotate their files themselves and keep them open: a second hand would make them write into a renamed file.
    LogOwner("auditd", ("/var/log/audit/**",), "max_log_file, num_logs"),
    LogOwner("kube-apiserver", ("/var/log/kubernetes/**",), "--audit-log-maxsize, --audit-log-maxbackup"),
    LogOwner("amazon-ssm-agent", ("/var/log/amazon/**",), "its seelog.xml"),
    LogOwner("aws-vpc-cni", ("/var/log/aws-routed-eni/**",), "its own rotation"),
)


def owners_of(path: str) -> tuple[str, ...]:
    """Return the names of all that own ``path``: exactly one for a path of the table, none for any other."""
    return tuple(owner.name for owner in LOG_OWNERS if owner.owns(path))
