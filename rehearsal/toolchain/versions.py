"""Versions that tools report, and the rules that say which of them will do in place of the pinned one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from semver import Version

_VERSION = re.compile(
    r"\bv?(?P<version>(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)"
)


def read_version(output: str) -> Version | None:
    """Return the first semantic version in what a tool printed, without its leading `v`; None if none."""
    for match in _VERSION.finditer(output):
        if Version.is_valid(match["version"]):
            return Version.parse(match["version"])
    return None


@dataclass(frozen=True)
class Rule:
    """Which found versions will do where `wanted` is pinned.

    `text` completes the sentence "it must be ..."; `{wanted}` in it stands for the pinned version.
    """

    text: str
    accepts: Callable[[Version, Version], bool]

    def describe(self, wanted: Version) -> str:
        """Return the rule as the end of a sentence, for a pinned version."""
        return self.text.format(wanted=wanted, major=wanted.major, minor=wanted.minor)


def _not_older_in_major(found: Version, wanted: Version) -> bool:
    return found.major == wanted.major and found >= wanted


def _same_minor(found: Version, wanted: Version) -> bool:
    return (found.major, found.minor) == (wanted.major, wanted.minor)


def _within_one_minor(found: Version, wanted: Version) -> bool:
    return found.major == wanted.major and abs(found.minor - wanted.minor) <= 1


def _minor_not_older(found: Version, wanted: Version) -> bool:
    return found.major == wanted.major and found.minor >= wanted.minor


# Pulumi refuses an SDK that is newer than the engine's protocol; a newer engine of the same major serves
# older SDKs.
NOT_OLDER_IN_MAJOR = Rule("{wanted} or newer, and of major version {major}", _not_older_in_major)

# Patch releases of Kubernetes change no API and no flag (Kubernetes release policy), so any patch of the
# minor will do.
SAME_MINOR = Rule("any {major}.{minor}.x", _same_minor)

# "kubectl is supported within one minor version (older or newer) of kube-apiserver": Kubernetes version skew
# policy.
WITHIN_ONE_MINOR = Rule("within one minor version of {major}.{minor}", _within_one_minor)

# etcd keeps its v3 API over the minors of 3.x and reads the data of the minor before.
MINOR_NOT_OLDER = Rule("{major}.{minor}.x or a newer {major}.x", _minor_not_older)
