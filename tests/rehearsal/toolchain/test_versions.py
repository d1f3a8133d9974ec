from __future__ import annotations

import pytest
from semver import Version

from rehearsal.toolchain.versions import (
    MINOR_NOT_OLDER,
    NOT_OLDER_IN_MAJOR,
    SAME_MINOR,
    WITHIN_ONE_MINOR,
    Rule,
    read_version,
)


@pytest.mark.parametrize(
    ("output", "version"),
    [
        ("v3.259.0\n", "3.259.0"),
        ("Kubernetes v1.37.2\n", "1.37.2"),
        ("Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0\n", "1.32.4-dispatcher"),
        ("Kubernetes v1.36.1-eks-113cf36\n", "1.36.1-eks-113cf36"),
        ("Kubernetes v1.37.2+k3s1\n", "1.37.2+k3s1"),
        ("etcd Version: 3.7.3\nGit SHA: Not provided\nGo Version: go1.26.8\n", "3.7.3"),
        ("etcdctl version: 3.7.3\nAPI version: 3.7\n", "3.7.3"),
        ("v3.260.0-alpha.1731000000", "3.260.0-alpha.1731000000"),
    ],
)
def test_reads_what_the_tools_print(output: str, version: str) -> None:
    assert read_version(output) == Version.parse(version)


@pytest.mark.parametrize("output", ["", "unknown", "v1.37", "go1.26.8", "1.02.3"])
def test_reads_no_version_where_there_is_none(output: str) -> None:
    assert read_version(output) is None


@pytest.mark.parametrize(
    ("rule", "wanted", "found", "accepted"),
    [
        (NOT_OLDER_IN_MAJOR, "3.259.0", "3.259.0", True),
        (NOT_OLDER_IN_MAJOR, "3.259.0", "3.259.1", True),
        (NOT_OLDER_IN_MAJOR, "3.259.0", "3.301.0", True),
        (NOT_OLDER_IN_MAJOR, "3.259.0", "3.258.9", False),
        (NOT_OLDER_IN_MAJOR, "3.259.0", "3.259.0-rc.1", False),
        (NOT_OLDER_IN_MAJOR, "3.259.0", "4.0.0", False),
        (SAME_MINOR, "1.37.2", "1.37.0", True),
        (SAME_MINOR, "1.37.2", "1.37.9-eks-113cf36", True),
        (SAME_MINOR, "1.37.2", "1.36.2", False),
        (SAME_MINOR, "1.37.2", "1.38.2", False),
        (SAME_MINOR, "1.37.2", "2.37.2", False),
        (WITHIN_ONE_MINOR, "1.37.2", "1.36.0", True),
        (WITHIN_ONE_MINOR, "1.37.2", "1.38.5", True),
        (WITHIN_ONE_MINOR, "1.37.2", "1.35.9", False),
        (WITHIN_ONE_MINOR, "1.37.2", "1.39.0", False),
        (WITHIN_ONE_MINOR, "1.37.2", "2.37.2", False),
        (MINOR_NOT_OLDER, "3.7.3", "3.7.0", True),
        (MINOR_NOT_OLDER, "3.7.3", "3.8.0", True),
        (MINOR_NOT_OLDER, "3.7.3", "3.6.9", False),
        (MINOR_NOT_OLDER, "3.7.3", "4.7.3", False),
    ],
)
def test_rules(rule: Rule, wanted: str, found: str, accepted: bool) -> None:
    assert rule.accepts(Version.parse(found), Version.parse(wanted)) is accepted


def test_rules_describe_themselves_for_a_pinned_version() -> None:
    wanted = Version(3, 7, 1)
    assert NOT_OLDER_IN_MAJOR.describe(wanted) == "3.7.1 or newer, and of major version 3"
    assert SAME_MINOR.describe(wanted) == "any 3.7.x"
    assert WITHIN_ONE_MINOR.describe(wanted) == "within one minor version of 3.7"
    assert MINOR_NOT_OLDER.describe(wanted) == "3.7.x or a newer 3.x"
